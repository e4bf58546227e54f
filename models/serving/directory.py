"""A model directory before any engine opens it: its configuration, labels, weights' files. No torch.

Both forms are served: our own (``fengsheng_heads`` in ``config.json``) and an ordinary Hugging Face
``…ForSequenceClassification`` whose labels are emotions (``models.heads``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from models.calibrator import Calibrator
from models.heads import CONFIG_FIELD, HOW_TO_FINETUNE, ModelLoadError, check_heads, map_foreign_labels
from models.labels import HEADS, HeadName

CALIBRATION_FIELD: Final = "fengsheng_calibration"
"""Field of ``config.json`` with the calibrator of each head; where it says nothing the softmax stands as it is."""

WEIGHTS: Final = "model.safetensors"
_SHARDS: Final = "model.safetensors.index.json"
FETCHED: Final = ("*.json", "*.safetensors", "*.txt", "pytorch_model*.bin")
"""What is fetched of a model of the hub."""


@dataclass(frozen=True)
class ModelDirectory:
    """A directory that holds a classifier.

    Attributes
    ----------
    name
        What it was asked for by: a path or a hub name.
    path
        Where it lies.
    config
        Its ``config.json``.
    emotions
        For every label of a foreign classifier its position in ``EMOTIONS``; None for our own form.
    calibrators
        What turns each head's logits into probabilities.
    """

    name: str
    path: Path
    config: dict[str, Any]
    emotions: tuple[int, ...] | None
    calibrators: Mapping[HeadName, Calibrator]

    @property
    def max_length(self) -> int:
        """Longest input in tokens: of RoBERTa's positions the first ``pad_token_id + 1`` are not for text."""
        positions = int(self.config.get("max_position_embeddings", 512))
        if self.config.get("model_type") in ("roberta", "xlm-roberta"):
            positions -= int(self.config.get("pad_token_id", 1)) + 1
        return positions

    @property
    def weights(self) -> list[Path]:
        """The safetensors files, in the order of their names; none where the weights are a pickle."""
        whole = self.path / WEIGHTS
        return [whole] if whole.is_file() else sorted(self.path.glob("*.safetensors"))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over configuration, tokeniser and weights: equal content, equal name."""
        total = hashlib.sha256()
        plain = (self.path / name for name in ("config.json", "tokenizer.json", "vocab.txt"))
        for file in [*plain, *self.weights]:
            if file.is_file():
                with file.open("rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
        return total.hexdigest()


def open_directory(name_or_dir: str | Path) -> ModelDirectory:
    """Find a model and read what it says of itself; a hub name is fetched or taken from the hub's cache.

    Raises
    ------
    ModelLoadError
        Nothing is found there, a file is missing or damaged, or its labels can't be read as emotions.
    """
    name = str(name_or_dir)
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise ModelLoadError(
            f"model {name}: a file, expected a Hugging Face directory with config.json",
            f"模型 {name}：是文件，应为含 config.json 的 Hugging Face 目录",
        )
    if not path.is_dir():
        path = _fetch(name)
    missing = [] if (path / "config.json").is_file() else ["config.json"]
    if not any(path.glob("*.safetensors")) and not any(path.glob("pytorch_model*.bin")):
        missing.append(WEIGHTS)
    if not any((path / file).is_file() for file in ("tokenizer.json", "vocab.txt", "vocab.json")):
        missing.append("tokenizer.json")
    if missing:
        raise ModelLoadError(
            f"model {name}: no {', '.join(missing)} in this directory; make one with: {HOW_TO_FINETUNE}",
            f"模型 {name}：这个目录里没有 {'、'.join(missing)}；可这样训练一个：{HOW_TO_FINETUNE}",
        )
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ModelLoadError(
                f"config.json holds a {type(config).__name__}, expected an object",
                "config.json 里不是 JSON 对象",
            )
        emotions = _emotions(config)
        return ModelDirectory(name, path, config, emotions, _calibrators(config))
    except ModelLoadError as error:
        raise ModelLoadError(f"model {name}: {error}", f"模型 {name}：{error.zh}") from None
    except (OSError, ValueError) as error:
        raise ModelLoadError(
            f"model {name}: config.json can't be opened ({error})",
            f"模型 {name}：config.json 打不开（{error}）",
        ) from None


def _fetch(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FETCHED)))
    except Exception as error:
        # huggingface_hub raises a dozen unrelated types; to the user they are one thing.
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelLoadError(
            f"model {name}: can't be opened ({type(error).__name__}: {reason}); no such directory here, so it "
            "was looked up as a hub name. Give a directory or hub name of a classifier, or make one with: "
            f"{HOW_TO_FINETUNE}",
            f"模型 {name}：打不开（{type(error).__name__}: {reason}）；这里没有这个目录，所以当作 hub 上的名字找过。"
            f"请给出分类模型的目录或 hub 名，或训练一个：{HOW_TO_FINETUNE}",
        ) from error


def _emotions(config: Mapping[str, Any]) -> tuple[int, ...] | None:
    if CONFIG_FIELD in config:
        check_heads(config[CONFIG_FIELD])
        return None
    architectures = [str(item) for item in config.get("architectures") or []]
    if not any(item.endswith("ForSequenceClassification") for item in architectures):
        raise ModelLoadError(
            f"it is {', '.join(architectures) or 'of no stated kind'}: no {CONFIG_FIELD} in its config.json and "
            f"no sequence classifier, so it has no labels to give; fine-tune it first: {HOW_TO_FINETUNE}",
            f"它是 {'、'.join(architectures) or '没有写明种类的模型'}：config.json 里没有 {CONFIG_FIELD}，也不是"
            f"序列分类模型，给不出标签；请先微调：{HOW_TO_FINETUNE}",
        )
    labels = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    return tuple(map_foreign_labels([str(labels[str(index)]) for index in range(len(labels))]))


def _calibrators(config: Mapping[str, Any]) -> dict[HeadName, Calibrator]:
    saved = config.get(CALIBRATION_FIELD, {})
    if not isinstance(saved, dict) or not all(isinstance(saved.get(head, {}), dict) for head in HEADS):
        raise ModelLoadError(
            f"config.json: {CALIBRATION_FIELD} is {saved!r}, expected {{head: {{temperature: …, curve: [a, b, c]}}}}",
            f"config.json：{CALIBRATION_FIELD} 是 {saved!r}，应为 {{head: {{temperature: …, curve: [a, b, c]}}}}",
        )
    found: dict[HeadName, Calibrator] = {}
    for head in HEADS:
        try:
            found[head] = Calibrator.read(saved.get(head, {}))
        except ValueError as error:
            raise ModelLoadError(
                f"config.json: {CALIBRATION_FIELD}.{head}: {error}",
                f"config.json：{CALIBRATION_FIELD}.{head}：{error}",
            ) from None
    return found
