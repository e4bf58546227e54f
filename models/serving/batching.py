"""Rows into batches of like length under a token budget, and what to do when a batch is too much."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from models.labels import HEADS

if TYPE_CHECKING:
    from models.serving.engine import Engine, Logits

_log = logging.getLogger(__name__)


def plan(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Put row indices into batches, shortest first, each rows × longest ≤ ``batch_tokens`` (or one row)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class Forward:
    """Runs batches through an engine; one that finds no memory is halved, and so is the budget from then on.

    Attributes
    ----------
    batch_tokens
        Most tokens of a batch, padding included; never below one row's.
    """

    def __init__(self, engine: Engine, batch_tokens: int) -> None:
        self._engine = engine
        self.batch_tokens = batch_tokens

    def __call__(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of one batch, in the order of its rows.

        Raises
        ------
        MemoryError
            If there is no memory for a single row.
        """
        try:
            return self._engine.forward(rows)
        except MemoryError:
            if len(rows) == 1:
                raise
            half = len(rows) // 2
            width = max(map(len, rows))
            self.batch_tokens = min(self.batch_tokens, max(half * width, width))
            _log.warning(
                "no memory for %d rows of %d tokens on %s: the batch is halved, and later ones hold at most %d tokens",
                len(rows), width, self._engine.device, self.batch_tokens,
            )  # fmt: skip
        import numpy as np

        first, second = self(rows[:half]), self(rows[half:])
        return {head: np.concatenate([first[head], second[head]]) for head in HEADS}
