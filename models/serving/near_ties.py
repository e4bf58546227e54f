"""int8 where it is sure, float32 where two labels are nearly alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from models.labels import HEADS

if TYPE_CHECKING:
    from models.serving.engine import Engine, Logits

NEAR: Final = 0.1
"""Difference of a head's two largest logits below which rounding may have changed their order: three times the
root mean square of what int8 moves a logit of the shipped model by."""


class NearTies:
    """Asks a fast, rounding engine, and an exact one again about the rows whose labels are nearly tied.

    A row's margin is its own, so what stands beside a text does not decide which engine reads it.
    """

    def __init__(self, fast: Engine, exact: Engine) -> None:
        self._fast = fast
        self._exact = exact
        self.name = fast.name
        self.device = fast.device
        self.batch_tokens = fast.batch_tokens

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of rows of token ids; see :class:`models.serving.engine.Engine`."""
        import numpy as np

        found = self._fast.forward(rows)
        near = np.zeros(len(rows), dtype=bool)
        for head in HEADS:
            two = np.partition(found[head], -2, axis=1)[:, -2:]
            near |= two[:, 1] - two[:, 0] < NEAR
        again: list[int] = np.flatnonzero(near).tolist()
        if again:
            exact = self._exact.forward([rows[index] for index in again])
            for head in HEADS:
                found[head][again] = exact[head]
        return found

    def close(self) -> None:
        """Let go of both."""
        self._fast.close()
        self._exact.close()
