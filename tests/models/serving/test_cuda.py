"""What only a CUDA GPU shows: every form of the torch engine says what float32 says on the CPU."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from models.labels import HEADS
from models.serving.batching import plan
from models.serving.directory import open_directory
from models.serving.near_ties import NEAR
from models.serving.opening import open_engine
from models.serving.tokenising import Tokeniser
from tests.models.conftest import TEXTS, UNLABELLED

if TYPE_CHECKING:
    from models.serving.engine import Engine, Logits

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU"),
    pytest.mark.filterwarnings("default"),  # torch's compiler warns of what it could do better
]

SIGNS = "".join([*(text for texts in TEXTS.values() for text in texts), *UNLABELLED])


def _labels(found: Logits) -> np.ndarray:
    return np.stack([found[head].argmax(1) for head in HEADS], axis=1)


def _in_batches(engine: Engine, rows: list[list[int]], size: int) -> np.ndarray:
    return np.concatenate(
        [_labels(engine.forward(rows[start : start + size])) for start in range(0, len(rows), size)]
    )


@pytest.mark.parametrize(
    "name", ["torch", "torch-float32", "torch-bfloat16", "torch-compile", "torch-graphs"]
)
def test_a_gpu_says_what_the_cpu_says_in_batches_of_every_size(directory: Path, name: str) -> None:
    opened = open_directory(directory)
    tokeniser = Tokeniser(opened, 128)
    chance = random.Random(1)
    texts = ["".join(chance.choices(SIGNS, k=chance.randint(1, 60))) for _ in range(400)]
    rows = tokeniser.encode(texts)
    exact_engine = open_engine(opened, "torch-float32", "cpu", tokeniser.pad_id)
    exact = exact_engine.forward(rows)
    exact_engine.close()
    # A model of random weights has many near ties, which any rounding may turn; measured with rounded weights and
    # activations, bfloat16 turned none of those left here.
    clear = np.ones(len(rows), dtype=bool)
    for head in HEADS:
        two = np.partition(exact[head], -2, axis=1)[:, -2:]
        clear &= two[:, 1] - two[:, 0] >= NEAR
    assert clear.sum() > 200
    kept = [row for row, one in zip(rows, clear, strict=True) if one]
    truth = _labels(exact)[clear]

    engine = open_engine(opened, name, "cuda", tokeniser.pad_id)
    try:
        assert engine.device.startswith("cuda")
        whole = _labels(engine.forward(kept))
        emotion = list(HEADS).index("emotion")
        assert (whole[:, emotion] == truth[:, emotion]).mean() >= 0.995
        for size in (1, 3, 32, 200):
            few = kept[: 4 * size]
            np.testing.assert_array_equal(_in_batches(engine, few, size), whole[: len(few)])
        for batch in plan([len(row) for row in kept], 512):  # as the classifier does it
            np.testing.assert_array_equal(
                _labels(engine.forward([kept[index] for index in batch])), whole[batch]
            )
    finally:
        engine.close()


def test_a_gpu_s_format_is_bfloat16_or_float32_where_it_has_bfloat16(directory: Path) -> None:
    engine = open_engine(open_directory(directory), "torch", "cuda", 0)
    engine.close()
    narrow = "bfloat16" if torch.cuda.get_device_capability() >= (8, 0) else "float16"
    assert engine.name in ("torch-float32", f"torch-{narrow}")
