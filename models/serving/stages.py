"""Pre, core and post: three threads with bounded queues between them.

*Pre* normalises and tokenises, and answers what needs no model: the unreadable, and texts seen before. *Core*
gathers the rows of all callers, sorts them by length and runs them batch by batch. *Post* turns logits into
classifications and hands them to the callers. While core computes, the next rows are made ready and the last
ones read.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from models.classification import UNREADABLE, Classification
from models.labels import HeadName
from models.normalise import normalise
from models.serving.batching import Forward, plan
from models.serving.readable import can_read
from models.serving.reading import read
from models.serving.recent import Recent

if TYPE_CHECKING:
    from models.calibrator import Calibrator
    from models.serving.engine import Engine, Logits
    from models.serving.tokenising import Tokeniser

_JOBS: Final = 64
_CHUNKS: Final = 32
_CHUNK: Final = 64
_BATCHES: Final = 4
_WINDOW: Final = 16
"""Core sorts at most so many batches' worth of rows together."""

WITHIN: Final = 0.01
"""Seconds that a row waits at most for others on their way to core."""


class _Job:
    """One caller's texts and the answers so far."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self.future: Future[list[Classification]] = Future()
        self._found: list[Classification | None] = [None] * len(self.texts)
        self._left = len(self.texts)
        self._lock = threading.Lock()

    def settle(self, index: int, value: Classification) -> None:
        with self._lock:
            self._found[index] = value
            self._left -= 1
            if self._left:
                return
        with suppress(InvalidStateError):  # the caller no longer waits
            self.future.set_result([one for one in self._found if one is not None])

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


@dataclass(eq=False)
class _Row:
    """A text on its way through the model, and who waits for it."""

    text: str
    ids: list[int] = field(default_factory=list)
    waiting: list[tuple[_Job, int]] = field(default_factory=list)


class Stages:
    """The three threads around one engine.

    Parameters
    ----------
    tokeniser, engine, calibrators
        Of one model.
    batch_tokens
        Most tokens in one forward, padding included.
    cache_size
        Classifications kept for texts that come again, least recently used dropped first.
    within
        Seconds that a row waits at most for others that are on their way.
    """

    def __init__(
        self,
        tokeniser: Tokeniser,
        engine: Engine,
        calibrators: Mapping[HeadName, Calibrator],
        *,
        batch_tokens: int,
        cache_size: int,
        within: float = WITHIN,
    ) -> None:
        self._tokeniser = tokeniser
        self._engine = engine
        self._calibrators = calibrators
        self._within = within
        self.forward = Forward(engine, batch_tokens)
        self.recent: Recent[Classification] = Recent(cache_size)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_JOBS)
        self._ready: queue.Queue[list[_Row] | None] = queue.Queue(_CHUNKS)
        self._done: queue.Queue[tuple[list[_Row], Logits | BaseException] | None] = queue.Queue(_BATCHES)
        self._pending: dict[str, _Row] = {}
        self._lock = threading.Lock()
        self._entrance = threading.Lock()
        self._closed = False
        self._coming = 0  # texts submitted that pre has not dealt with
        self._threads = [
            threading.Thread(target=stage, name=f"classify-{name}", daemon=True)
            for name, stage in (("pre", self._pre), ("core", self._core), ("post", self._post))
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, texts: Sequence[str], *, wait: bool = True) -> Future[list[Classification]] | None:
        """Hand texts in; the future has their classifications, in their order.

        Parameters
        ----------
        wait
            Whether to wait for a place where the queue is full; else None is returned then.

        Raises
        ------
        RuntimeError
            After :meth:`close`.
        TypeError
            If one of the texts is no ``str``; nothing is classified then.
        """
        job = _Job(texts)
        for place, text in enumerate(job.texts):
            if not isinstance(text, str):
                raise TypeError(f"texts[{place}] is {type(text).__name__}, expected str")
        if not job.texts:
            job.future.set_result([])
            return job.future
        if not self._entrance.acquire(blocking=wait):
            return None
        try:
            if self._closed:
                raise RuntimeError("the classifier is closed")
            with self._lock:
                self._coming += len(job.texts)
            try:
                self._jobs.put(job, block=wait)
            except queue.Full:
                with self._lock:
                    self._coming -= len(job.texts)
                return None
        finally:
            self._entrance.release()
        return job.future

    def close(self) -> None:
        """Finish what was handed in, end the threads, let go of the engine."""
        with self._entrance:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():  # the collector may call from one of them
                thread.join()

    def _pre(self) -> None:
        while (job := self._jobs.get()) is not None:
            for start in range(0, len(job.texts), _CHUNK):
                part = job.texts[start : start + _CHUNK]
                try:
                    rows = self._prepare(job, start, part)
                except Exception as error:  # a caller waits: whatever it is, it must hear of it
                    job.fail(error)
                    rows = []
                # Handed on before it is counted as dealt with, so that core sees the rows or waits for them.
                if rows:
                    self._ready.put(rows)
                with self._lock:
                    self._coming -= len(part)
                    last = not self._coming
                if last:
                    self._ready.put([])  # core may be waiting for what has been dealt with without it
        self._ready.put(None)

    def _prepare(self, job: _Job, start: int, texts: Sequence[str]) -> list[_Row]:
        """Answer what can be answered; give the rows of the others. Where it raises, none of them is pending."""
        new: list[_Row] = []
        try:
            for index, raw in enumerate(texts, start):
                text = normalise(raw)
                if not can_read(text, self._tokeniser.knows):
                    job.settle(index, UNREADABLE)
                    continue
                with self._lock:
                    # Before the cache: post puts a text there before it takes it off this list.
                    if (row := self._pending.get(text)) is not None:
                        row.waiting.append((job, index))
                        self.recent.count_hit()
                        continue
                    cached = self.recent.get(text)
                    if cached is None:
                        row = self._pending[text] = _Row(text, waiting=[(job, index)])
                        new.append(row)
                if cached is not None:
                    job.settle(index, cached)
            for row, ids in zip(new, self._tokeniser.encode([row.text for row in new]), strict=True):
                row.ids = ids
        except BaseException:
            # Only this job waits for the new rows, and it is told; left pending, they would never be answered.
            with self._lock:
                for row in new:
                    del self._pending[row.text]
            raise
        return new

    def _core(self) -> None:
        more = True
        while more:
            rows, more = self._gather()
            for batch in plan([len(row.ids) for row in rows], self.forward.batch_tokens):
                chosen = [rows[index] for index in batch]
                try:
                    found: Logits | BaseException = self.forward([row.ids for row in chosen])
                except Exception as error:  # told to whoever waits for these rows; the next may go well
                    found = error
                self._done.put((chosen, found))
        self._done.put(None)

    def _gather(self) -> tuple[list[_Row], bool]:
        """Take what is ready, waiting a moment for more where more is coming; False at the end of all."""
        rows: list[_Row] = []
        tokens, deadline = 0, 0.0
        while tokens < _WINDOW * self.forward.batch_tokens:
            try:
                if not rows:
                    chunk = self._ready.get()
                    deadline = time.monotonic() + self._within
                elif (left := deadline - time.monotonic()) > 0 and self._coming > 0:
                    chunk = self._ready.get(timeout=left)
                else:
                    chunk = self._ready.get_nowait()
            except queue.Empty:
                break
            if chunk is None:
                return rows, False
            rows += chunk
            tokens += sum(len(row.ids) for row in chunk)
        return rows, True

    def _post(self) -> None:
        while (done := self._done.get()) is not None:
            rows, found = done
            if isinstance(found, BaseException):
                self._fail(rows, found)
                continue
            try:
                read_out = read(found, self._calibrators)
            except Exception as error:
                self._fail(rows, error)
                continue
            for row, value in zip(rows, read_out, strict=True):
                self.recent.put(row.text, value)
                with self._lock:
                    del self._pending[row.text]
                for job, index in row.waiting:
                    job.settle(index, value)
        self._engine.close()

    def _fail(self, rows: Sequence[_Row], error: BaseException) -> None:
        for row in rows:
            with self._lock:
                del self._pending[row.text]
            for job, _ in row.waiting:
                job.fail(error)
