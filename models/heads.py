"""Open a classifier: our own three-headed form, or an ordinary Hugging Face sequence classifier.

Light to import; torch and transformers are loaded by :func:`load_model`.

A foreign sequence classifier is taken when every one of its labels is known as a name of an emotion
(``FOREIGN_LABELS``). Its probabilities are summed by emotion, an emotion it has no label for gets none, and
the two other heads are derived: polarity from the emotions (``EMOTION_TO_POLARITY``), intent always
``other``, since an emotion says nothing of what the author wants.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.labels import EMOTIONS, HEADS

if TYPE_CHECKING:
    import torch

CONFIG_FIELD: Final = "fengsheng_heads"
"""Field of ``config.json`` that marks our own form and lists the labels by head."""

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
    """A model can't be opened; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """An opened classifier.

    Attributes
    ----------
    name
        What it was opened by.
    tokenizer
        A Hugging Face tokeniser.
    module
        Takes ``input_ids`` and ``attention_mask``, gives the logits of every head; float32, on the CPU, in
        evaluation mode.
    max_length
        Longest input the encoder takes, in tokens.
    """

    name: str
    tokenizer: Any
    module: torch.nn.Module
    max_length: int


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
            f"fine-tune it into our form: {HOW_TO_FINETUNE}"
        )
    if not {"angry", "sad", "fear"} & set(known):
        raise ModelLoadError(
            f"its labels ({', '.join(labels)}) hold no negative emotion, so it can't see a crisis; "
            f"fine-tune it into our form: {HOW_TO_FINETUNE}"
        )
    return [EMOTIONS.index(emotion) for emotion in known if emotion is not None]


def _check_heads(saved: Any) -> None:
    expected = {head: list(names) for head, names in HEADS.items()}
    if saved != expected:
        raise ModelLoadError(
            f"config.json: {CONFIG_FIELD} is {json.dumps(saved, ensure_ascii=False)}, this version expects "
            f"{json.dumps(expected, ensure_ascii=False)}; fine-tune again: {HOW_TO_FINETUNE}"
        )


def _own(name: str, config: Any) -> torch.nn.Module:
    import torch

    from models.multihead import MentionClassifier

    _check_heads(getattr(config, CONFIG_FIELD))
    # Typed as a plain module for the checker, a PreTrainedModel at run time.
    opened: Any = MentionClassifier
    module, found = opened.from_pretrained(name, config=config, dtype=torch.float32, output_loading_info=True)
    if found["missing_keys"]:
        raise ModelLoadError(f"its weights lack {', '.join(sorted(found['missing_keys']))}")
    checked: torch.nn.Module = module
    return checked


def _foreign(name: str, config: Any) -> torch.nn.Module:
    import torch
    from transformers import AutoModelForSequenceClassification

    from models.foreign import EmotionsOnly

    architectures = getattr(config, "architectures", None) or []
    if not any(str(item).endswith("ForSequenceClassification") for item in architectures):
        raise ModelLoadError(
            f"it is {', '.join(architectures) or 'of no stated kind'}: no {CONFIG_FIELD} in its config.json and no "
            f"sequence classifier, so it has no labels to give; fine-tune it first: {HOW_TO_FINETUNE}"
        )
    labels = [config.id2label[index] for index in range(len(config.id2label))]
    emotions = map_foreign_labels(labels)
    inner = AutoModelForSequenceClassification.from_pretrained(name, dtype=torch.float32)
    return EmotionsOnly(inner, emotions)


def load_model(name_or_dir: str | Path) -> LoadedModel:
    """Open a local directory or a hub name.

    Raises
    ------
    ModelLoadError
        If nothing is found there, a file is missing or damaged, or its labels can't be read as emotions.
    """
    name = str(name_or_dir)
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise ModelLoadError(f"model {name}: a file, expected a Hugging Face directory with config.json")
    if path.is_dir():
        needed = ("config.json", "tokenizer_config.json")
        missing = [file for file in needed if not (path / file).is_file()]
        if not any(path.glob("*.safetensors")) and not any(path.glob("pytorch_model*.bin")):
            missing.append("model.safetensors")
        if missing:
            raise ModelLoadError(
                f"model {name}: no {', '.join(missing)} in this directory; make one with: {HOW_TO_FINETUNE}"
            )
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging as chatter

    bars = chatter.is_progress_bar_enabled()
    chatter.disable_progress_bar()  # opening takes a second; a bar on every command's stderr is noise
    try:
        config = AutoConfig.from_pretrained(name)
        tokenizer = AutoTokenizer.from_pretrained(name)
        module = _own(name, config) if hasattr(config, CONFIG_FIELD) else _foreign(name, config)
    except ModelLoadError as error:
        raise ModelLoadError(f"model {name}: {error}") from None
    except Exception as error:
        # transformers, huggingface_hub and safetensors raise a dozen unrelated types for a damaged or
        # absent model; to the user they are one thing.
        reason = str(error).strip().splitlines()
        hint = "" if path.is_dir() else "; no such directory here, so it was looked up as a hub name"
        raise ModelLoadError(
            f"model {name}: can't be opened ({type(error).__name__}: {reason[0] if reason else ''}){hint}. "
            f"Give a directory or hub name of a classifier, or make one with: {HOW_TO_FINETUNE}"
        ) from error
    finally:
        if bars:
            chatter.enable_progress_bar()
    module.eval()
    limit = int(getattr(config, "max_position_embeddings", 512))
    return LoadedModel(name, tokenizer, module, min(limit, int(tokenizer.model_max_length)))
