"""Rows into batches of like length under a token budget, and what to do when a batch is too much."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from models.labels import HEADS

if TYPE_CHECKING:
    from models.serving.engine import Engine, Logits

_log = logging.getLogger(__name__)

WITHOUT_MEMORY: Final = "free memory there, run fewer workers on it, or use another device"
"""What to do about a device that has no memory for a model."""
WITHOUT_MEMORY_ZH: Final = "请腾出内存（显存）、少开 worker，或换一个设备"

_RUN: Final = 50
"""Batches in a row that must find memory before a budget that was halved is doubled again."""

_LONGEST_RUN: Final = 64 * _RUN


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
    """Runs batches through an engine; one that finds no memory is halved, and so is the budget for a while.

    After a run of batches that found memory the budget doubles, up to what it was: others may have let go of
    theirs. Where the doubled one is too much again the next run is twice as long, so that a lasting shortage is
    met ever more rarely.

    Attributes
    ----------
    batch_tokens
        Most tokens of a batch, padding included; never below one row's.
    """

    def __init__(self, engine: Engine, batch_tokens: int) -> None:
        self._engine = engine
        self.batch_tokens = self._most = batch_tokens
        self._run = _RUN
        self._well = 0
        self._doubled = False

    def __call__(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of one batch, in the order of its rows.

        Raises
        ------
        MemoryError
            If there is no memory for a single row.
        """
        try:
            found = self._engine.forward(rows)
        except MemoryError:
            if len(rows) == 1:
                raise
            half = len(rows) // 2
            self._shrink(len(rows), half, max(map(len, rows)))
        else:
            self._grow()
            return found
        import numpy as np

        first, second = self(rows[:half]), self(rows[half:])
        return {head: np.concatenate([first[head], second[head]]) for head in HEADS}

    def _shrink(self, rows: int, half: int, width: int) -> None:
        self.batch_tokens = min(self.batch_tokens, max(half * width, width))
        self._well = 0
        if self._doubled:  # once a shortage: a batch may be halved several times
            self._run = min(2 * self._run, _LONGEST_RUN)
            self._doubled = False
        _log.warning(
            "no memory for %d rows of %d tokens on %s: the batch is halved, and the next %d hold at most %d tokens",
            rows, width, self._engine.device, self._run, self.batch_tokens,
        )  # fmt: skip

    def _grow(self) -> None:
        if self.batch_tokens == self._most:
            return
        self._well += 1
        if self._well >= self._run:
            self.batch_tokens = min(2 * self.batch_tokens, self._most)
            self._well = 0
            self._doubled = True
            _log.info("batches on %s hold %d tokens again", self._engine.device, self.batch_tokens)
