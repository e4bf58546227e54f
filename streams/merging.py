"""Event-time order over partitions that are read at different speeds.

The watermark rule in one sentence: a mention that would carry its watch's clock along
waits while an older post that could still be counted is on its way, but never longer
than `longest` seconds.

While old posts are caught up with, one partition may be hours of event time ahead of
another (a dead worker's stands still). A detector that took its clock from the first
would find the second's posts too late to count. Nothing here reads a clock or does I/O.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_Entry = tuple[float, str]


@dataclass
class _Watch(Generic[T]):
    """What is held of one watch."""

    heap: list[_Entry] = field(default_factory=list)
    items: dict[str, T] = field(default_factory=dict)
    arrivals: deque[tuple[float, float]] = field(default_factory=deque)
    """(when it came, its event time), in order of coming; what is gone may still be named."""

    def pop(self) -> T:
        _, identity = heapq.heappop(self.heap)
        return self.items.pop(identity)


class Merge(Generic[T]):
    """Holds items by watch and gives them back in order of event time, then identity.

    Parameters
    ----------
    longest : seconds that an item is held at most; 0 holds nothing beyond the next `due`.
    most : items held at most, over all watches; beyond it the oldest are given back early.
    lateness : seconds of disorder that the receiver bears; a post younger than that harms nobody.
    """

    def __init__(self, longest: float, most: int, lateness: float) -> None:
        self._longest = longest
        self._most = most
        self._lateness = lateness
        self._watches: dict[str, _Watch[T]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def oldest(self, watch: str) -> float | None:
        """Return the event time of the oldest held item of a watch, None if none is held."""
        held = self._watches.get(watch)
        return held.heap[0][0] if held else None

    def passes(
        self, watch: str, at: float, watermark: float | None, waiting: float | None, now: float
    ) -> bool:
        """Return whether an item of event time `at` need not be held.

        Holding it is of no use where it doesn't move the watch's clock, and of no need where it is
        live and nothing much older is known to be on its way.

        Parameters
        ----------
        watermark : event time that the receiver has come to, None before its first item.
        waiting : event time of the oldest post on its way when last asked, None if none was.
        now : wall clock, epoch seconds.
        """
        if watermark is not None and at <= watermark:
            return True
        if watch in self._watches or at < now - self._lateness:
            return False
        waiting = self.awaited(waiting, watermark)
        return waiting is None or waiting >= at - self._lateness

    def awaited(self, waiting: float | None, watermark: float | None) -> float | None:
        """Return `waiting`, or None where a watch at `watermark` could count no post of that time anyway.

        So old posts that are read beside live ones hold up nobody.
        """
        if waiting is None or (watermark is not None and waiting < watermark - self._lateness):
            return None
        return waiting

    def hold(self, watch: str, at: float, identity: str, item: T, arrived: float) -> None:
        """Hold an item, once by its identity.

        Parameters
        ----------
        arrived : seconds of any steady clock, the same that `due` is given.
        """
        held = self._watches.setdefault(watch, _Watch())
        if identity in held.items:
            return
        heapq.heappush(held.heap, (at, identity))
        held.items[identity] = item
        held.arrivals.append((arrived, at))
        self._count += 1

    def due(self, waiting: float | None, watermark_of: Callable[[str], float | None], now: float) -> list[T]:
        """Take out what is to be held no longer, in order within each watch.

        Parameters
        ----------
        waiting : event time of the oldest post that is still on its way, None if there is none.
        watermark_of : event time that the receiver has come to in a watch, None before its first item.
        now : seconds of the clock of `hold`.
        """
        out: list[T] = []
        while self._count > self._most:
            self._take(min(self._watches, key=lambda name: self._watches[name].heap[0]), out)
        for watch, held in list(self._watches.items()):
            awaited = self.awaited(waiting, watermark_of(watch))
            upto = float("inf") if awaited is None else awaited
            expired = float("-inf")
            while held.arrivals and held.arrivals[0][0] <= now - self._longest:
                expired = max(expired, held.arrivals.popleft()[1])
            while held.heap and ((at := held.heap[0][0]) < upto or at <= expired):
                self._take(watch, out)
        return out

    def clear(self) -> None:
        """Forget all that is held."""
        self._watches.clear()
        self._count = 0

    def _take(self, watch: str, out: list[T]) -> None:
        held = self._watches[watch]
        out.append(held.pop())
        self._count -= 1
        if not held.heap:
            del self._watches[watch]
