"""The heads of a classifier: our own three, or those an ordinary Hugging Face sequence classifier is read as.

A foreign sequence classifier is taken when every one of its labels is known as a name of an emotion
(``FOREIGN_LABELS``). Its probabilities are summed by emotion, an emotion it has no label for gets none, and
the two other heads are derived: polarity from the emotions (``EMOTION_TO_POLARITY``), intent always
``other``, since an emotion says nothing of what the author wants.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from models.labels import EMOTIONS, HEADS

CONFIG_FIELD: Final = "fengsheng_heads"
"""Field of ``config.json`` that marks our own form and lists the labels by head."""

HOW_TO_GET_TORCH: Final = "make setup-dev in a checkout, else pip install 'fengsheng[gpu]'"
HOW_TO_GET_TORCH_ZH: Final = "在源码目录运行 make setup-dev，否则 pip install 'fengsheng[gpu]'"
HOW_TO_FINETUNE: Final = "fengsheng model finetune --data DATA --base BASE --out DIR"

FOREIGN_LABELS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("neutral", "neutrality", "none", "no emotion", "calm", "中性", "平静", "无情绪"), "neutral"
    ),
    **dict.fromkeys(
        (
            "happy",
            "happiness",
            "joy",
            "like",
            "love",
            "optimism",
            "高兴",
            "开心",
            "喜悦",
            "喜好",
            "喜欢",
            "快乐",
        ),
        "happy",
    ),
    **dict.fromkeys(("angry", "anger", "disgust", "annoyance", "愤怒", "生气", "厌恶"), "angry"),
    **dict.fromkeys(("sad", "sadness", "grief", "悲伤", "伤心", "难过"), "sad"),
    **dict.fromkeys(("fear", "fearful", "scared", "恐惧", "害怕", "担忧"), "fear"),
    **dict.fromkeys(("surprise", "surprised", "惊讶", "惊奇", "吃惊"), "surprise"),
}
"""Labels of other models, in lower case, and the emotion each is read as."""

EMOTION_TO_POLARITY: Final[dict[str, str]] = {
    "neutral": "neutral",
    "happy": "positive",
    "angry": "negative",
    "sad": "negative",
    "fear": "negative",
    "surprise": "neutral",
}
"""How polarity is derived for a model that has only emotions."""


class ModelLoadError(Exception):
    """A model can't be opened; the message says what is missing and what to do.

    Parameters
    ----------
    message
        In English, as logs and exceptions are.
    zh
        The same in Chinese, for whoever shows it to a person.
    """

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


def map_foreign_labels(labels: Sequence[str]) -> list[int]:
    """Give the position in ``EMOTIONS`` of every label of a foreign model.

    Raises
    ------
    ModelLoadError
        If a label is unknown, or none of the negative emotions is among them.
    """
    known = [FOREIGN_LABELS.get(label.strip().lower()) for label in labels]
    unknown = [label for label, emotion in zip(labels, known, strict=True) if emotion is None]
    if unknown:
        raise ModelLoadError(
            f"labels {', '.join(map(repr, unknown))} are no emotions we know "
            f"(known: {', '.join(EMOTIONS)} and their usual synonyms); "
            f"fine-tune it into our form: {HOW_TO_FINETUNE}",
            f"标签 {'、'.join(map(repr, unknown))} 不是认得的情绪（认得 {'、'.join(EMOTIONS)} 及其常用同义词）；"
            f"请微调成我们的格式：{HOW_TO_FINETUNE}",
        )
    if not {"angry", "sad", "fear"} & set(known):
        raise ModelLoadError(
            f"its labels ({', '.join(labels)}) hold no negative emotion, so it can't see a crisis; "
            f"fine-tune it into our form: {HOW_TO_FINETUNE}",
            f"它的标签（{'、'.join(labels)}）里没有负面情绪，看不出危机；请微调成我们的格式：{HOW_TO_FINETUNE}",
        )
    return [EMOTIONS.index(emotion) for emotion in known if emotion is not None]


def check_heads(saved: object) -> None:
    """Compare the label lists that a model was saved with to ours; heads beside ours are left alone.

    Raises
    ------
    ModelLoadError
        If a head of ours is missing or has other labels.
    """
    expected = {head: list(names) for head, names in HEADS.items()}
    found = saved if isinstance(saved, dict) else {}
    if any(found.get(head) != names for head, names in expected.items()):
        there, wanted = (json.dumps(one, ensure_ascii=False) for one in (saved, expected))
        raise ModelLoadError(
            f"config.json: {CONFIG_FIELD} is {there}, this version expects {wanted}; fine-tune again: {HOW_TO_FINETUNE}",
            f"config.json：{CONFIG_FIELD} 是 {there}，此版本要 {wanted}；请重新微调：{HOW_TO_FINETUNE}",
        )
