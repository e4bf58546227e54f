"""The exact engine is asked about near ties, and about nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.labels import EMOTIONS, HEADS, INTENTS, POLARITIES
from models.serving.near_ties import NEAR, NearTies

if TYPE_CHECKING:
    from models.serving.engine import Logits

WIDTHS = dict(zip(HEADS, (len(EMOTIONS), len(INTENTS), len(POLARITIES)), strict=True))


class Fixed:
    """Gives each row the logits that were made for its first token."""

    device = "cpu"
    batch_tokens = 64

    def __init__(self, name: str, logits: Logits) -> None:
        self.name = name
        self.asked: list[int] = []
        self.closed = False
        self._logits = logits

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        places = [row[0] for row in rows]
        self.asked += places
        return {head: self._logits[head][places] for head in HEADS}

    def close(self) -> None:
        self.closed = True


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_a_row_is_read_again_if_and_only_if_two_labels_of_a_head_are_nearly_tied(
    seed: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    exact = {head: random.normal(0, 0.3, (count, width)).astype(np.float32) for head, width in WIDTHS.items()}
    rounded = {
        head: (one + random.normal(0, 0.02, one.shape)).astype(np.float32) for head, one in exact.items()
    }
    fast, slow = Fixed("onnx-int8", rounded), Fixed("onnx-float32", exact)
    engine = NearTies(fast, slow)
    found = engine.forward([[place, 7] for place in range(count)])
    assert fast.asked == list(range(count))
    for place in range(count):
        margins = [float(np.diff(np.sort(rounded[head][place])[-2:])[0]) for head in HEADS]
        read_again = min(margins) < NEAR
        assert (place in slow.asked) == read_again
        for head in HEADS:
            assert (found[head][place] == (exact if read_again else rounded)[head][place]).all()
    engine.close()
    assert fast.closed
    assert slow.closed
