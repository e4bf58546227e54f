"""The three label sets that every classifier of this package speaks, and their Chinese names.

The order is part of the saved model's form: position ``i`` of a head's output is label ``i`` of its tuple.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

HeadName: TypeAlias = Literal["emotion", "intent", "polarity"]

EMOTIONS: Final[tuple[str, ...]] = ("neutral", "happy", "angry", "sad", "fear", "surprise")
INTENTS: Final[tuple[str, ...]] = (
    "complaint",
    "exposure",
    "boycott",
    "redress",
    "inquiry",
    "suggestion",
    "praise",
    "purchase",
    "promotion",
    "other",
)
POLARITIES: Final[tuple[str, ...]] = ("negative", "neutral", "positive")

HEADS: Final[dict[HeadName, tuple[str, ...]]] = {
    "emotion": EMOTIONS,
    "intent": INTENTS,
    "polarity": POLARITIES,
}

AUXILIARY: Final[dict[str, tuple[str, ...]]] = {
    "extra": ("sadness", "happiness", "disgust", "anger", "like", "surprise", "fear"),
    "offensive": ("acceptable", "offensive"),
}
"""Heads of data sets with labels of their own, trained beside ours to teach the encoder and left out at export."""

TRAINED: Final[dict[str, tuple[str, ...]]] = {str(head): labels for head, labels in HEADS.items()} | AUXILIARY
"""Every head that training knows."""

LABEL_ZH: Final[dict[HeadName, dict[str, str]]] = {
    "emotion": {
        "neutral": "平静",
        "happy": "喜悦",
        "angry": "愤怒",
        "sad": "悲伤",
        "fear": "恐惧",
        "surprise": "惊讶",
    },
    "intent": {
        "complaint": "吐槽投诉",
        "exposure": "曝光爆料",
        "boycott": "抵制",
        "redress": "维权索赔",
        "inquiry": "询问",
        "suggestion": "建议",
        "praise": "好评",
        "purchase": "购买",
        "promotion": "营销推广",
        "other": "其他",
    },
    "polarity": {"negative": "负面", "neutral": "中性", "positive": "正面"},
}
"""Chinese display name of each label, by head."""
