"""Open a model directory with torch and transformers, for the torch engine and for whoever trains further."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.heads import HOW_TO_FINETUNE, HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving.directory import ModelDirectory, open_directory

if TYPE_CHECKING:
    import torch


def load_model(source: str | Path | ModelDirectory) -> torch.nn.Module:
    """Open a directory or hub name in float32 on the CPU, in evaluation mode.

    The module takes ``input_ids`` and ``attention_mask``. Our own form gives a dict of logits by head, a
    foreign sequence classifier what transformers gives (``.logits``).

    Raises
    ------
    ModelLoadError
        If nothing is found there, a file is missing or damaged, its labels can't be read, or torch or
        transformers is not installed.
    """
    directory = source if isinstance(source, ModelDirectory) else open_directory(source)
    try:
        import torch
        from transformers import AutoConfig, AutoModelForSequenceClassification
        from transformers.utils import logging as chatter

        from models.multihead import MentionClassifier
    except ImportError as error:
        raise ModelLoadError(
            f"model {directory.name}: PyTorch and transformers are needed ({error}): {HOW_TO_GET_TORCH}",
            f"模型 {directory.name}：需要 PyTorch 和 transformers（{error}）：{HOW_TO_GET_TORCH_ZH}",
        ) from None
    opened: Any = MentionClassifier if directory.emotions is None else AutoModelForSequenceClassification
    bars = chatter.is_progress_bar_enabled()
    chatter.disable_progress_bar()  # opening takes a second; a bar on every command's stderr is noise
    try:
        config = AutoConfig.from_pretrained(directory.path)
        module, found = opened.from_pretrained(
            directory.path, config=config, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:
        # transformers and safetensors raise a dozen unrelated types for a damaged model.
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelLoadError(
            f"model {directory.name}: can't be opened ({type(error).__name__}: {reason}). "
            f"Give a directory or hub name of a classifier, or make one with: {HOW_TO_FINETUNE}",
            f"模型 {directory.name}：打不开（{type(error).__name__}: {reason}）。"
            f"请给出分类模型的目录或 hub 名，或训练一个：{HOW_TO_FINETUNE}",
        ) from error
    finally:
        if bars:
            chatter.enable_progress_bar()
    if found["missing_keys"]:
        lacking = sorted(found["missing_keys"])
        raise ModelLoadError(
            f"model {directory.name}: its weights lack {', '.join(lacking)}",
            f"模型 {directory.name}：权重里缺少 {'、'.join(lacking)}",
        )
    module.eval()
    checked: torch.nn.Module = module
    return checked
