"""Model directories of every form that is served, with random weights, and an engine that can be told to fail."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.labels import HEADS
from models.serving import Classifier

if TYPE_CHECKING:
    from models.serving.engine import Logits

EMOTIONS = ["sadness", "happiness", "disgust", "anger", "like"]
SPREAD = 0.2
"""Of the random weights: ten times the usual, so that different texts get clearly different logits."""


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or leaves anything in the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FENGSHENG_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def directory(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained three-headed model on disk, stored in float16."""
    import torch
    from transformers import BertConfig

    from models.multihead import MentionClassifier

    out = tmp_path_factory.mktemp("own")
    torch.manual_seed(2)
    config = BertConfig.from_pretrained(tiny_base)
    config.initializer_range = SPREAD
    config.fengsheng_heads = {head: list(names) for head, names in HEADS.items()}
    config.architectures = ["MentionClassifier"]
    saved: object = MentionClassifier(config).to(torch.float16)
    saved.save_pretrained(out)  # type: ignore[attr-defined]
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_base / name, out / name)
    return out


Strange = Callable[[Path, Sequence[str]], Path]


@pytest.fixture(scope="session")
def stranger(tiny_base: Path) -> Strange:
    """Make an ordinary sequence classifier of BERT's form."""

    def make(out: Path, labels: Sequence[str]) -> Path:
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        torch.manual_seed(3)
        config = BertConfig.from_pretrained(tiny_base)
        config.initializer_range = SPREAD
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
        BertForSequenceClassification(config).save_pretrained(out)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(tiny_base / name, out / name)
        return out

    return make


@pytest.fixture(scope="session")
def roberta(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordinary sequence classifier of RoBERTa's form: other positions, one segment, a head of two layers."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    out = tmp_path_factory.mktemp("roberta")
    torch.manual_seed(4)
    pieces = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    config = RobertaConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
        layer_norm_eps=1e-5,
        initializer_range=SPREAD,
        id2label=dict(enumerate(EMOTIONS)),
    )
    RobertaForSequenceClassification(config).save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_base / name, out / name)
    return out


@pytest.fixture
def classifier(directory: Path) -> Iterator[Classifier]:
    opened = Classifier(directory, device="cpu", engine="onnx-float32", cache_size=0)
    yield opened
    opened.close()


class Scripted:
    """An engine whose logits say how long a row is and who its first token is, and that fails as told.

    Attributes
    ----------
    seen : the batches, as lists of rows.
    room : rows × longest beyond which there is no memory.
    gate : set to let forwards through.
    """

    name = "scripted"
    device = "nowhere"
    batch_tokens = 64

    def __init__(self, room: int = 1_000_000) -> None:
        self.seen: list[list[list[int]]] = []
        self.room = room
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.closed = False

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        self.entered.release()
        assert self.gate.wait(60)
        self.seen.append([list(row) for row in rows])
        if self.error is not None:
            raise self.error
        if len(rows) * max(map(len, rows)) > self.room:
            raise MemoryError("no room")
        made: Logits = {}
        for head, names in HEADS.items():
            made[head] = np.zeros((len(rows), len(names)), np.float32)
            made[head][:, 0] = [row[1] for row in rows]
        return made

    def close(self) -> None:
        self.closed = True
