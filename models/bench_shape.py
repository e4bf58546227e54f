"""bert-base's shape with random weights, as a directory that everything here opens: what ours is measured beside."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models.labels import EMOTIONS
from models.serving.directory import open_directory

BERT_BASE: Final[Mapping[str, int]] = {
    "vocab_size": 21128,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
"""bert-base-chinese's shape: 102 M parameters. Its weights are random here; that changes no timing."""

SHAPE: Final = "bert-base's shape"


@contextmanager
def shaped(model: str, shape: Mapping[str, int] = BERT_BASE) -> Iterator[Path]:
    """Give a temporary directory with a sequence classifier of that shape under ``model``'s tokeniser.

    Raises
    ------
    ModelLoadError
        If ``model`` can't be opened.
    """
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer = AutoTokenizer.from_pretrained(open_directory(model).path)
    # A vocabulary larger than the shape's gets its rows: they cost memory, not time.
    settings = {**shape, "vocab_size": max(shape["vocab_size"], len(tokenizer))}
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        config = BertConfig(**settings, id2label=dict(enumerate(EMOTIONS)))
        BertForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        yield Path(folder)
