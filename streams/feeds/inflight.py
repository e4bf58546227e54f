"""The bound on what is on its way: sent, not confirmed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from streams.feeds.cursor import Tracker
from streams.feeds.sink import Sink


@dataclass(frozen=True, slots=True)
class InFlight:
    """How much may be on its way.

    Attributes
    ----------
    count : mentions.
    size : bytes of their lines. The embedded broker keeps about 5 MB a partition and forgets
        what is older, so an embedded feed stays well below that.
    """

    count: int = 2_000
    size: int = 2_000_000


class Gate:
    """Waits until less than a limit is on its way; ``with Gate(...) as gate`` inside a loop."""

    def __init__(self, tracker: Tracker, limit: InFlight, stop: asyncio.Event) -> None:
        self._tracker = tracker
        self._limit = limit
        self._stop = stop
        self._moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._remove = tracker.listen(self._tell)

    def close(self) -> None:
        """Stop listening to the tracker."""
        self._remove()

    def _tell(self) -> None:
        # Confirmations come from the thread that indexes, which is not always this one.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._moved.set)

    def _open(self, count: int, size: int) -> bool:
        return self._tracker.in_flight < count and self._tracker.in_flight_bytes < size

    async def room(self) -> bool:
        """Wait until one more may be sent; False when stopped instead."""
        return await self._until(self._limit.count, self._limit.size)

    async def empty(self) -> bool:
        """Wait until everything is confirmed; False when stopped instead."""
        return await self._until(1, 1)

    async def settled(self, sink: Sink) -> bool:
        """Wait until everything is confirmed, as `empty` does; raise where `sink` is refused what it has on its way."""
        emptied, flushed = asyncio.ensure_future(self.empty()), asyncio.ensure_future(sink.flush())
        try:
            await asyncio.wait({emptied, flushed}, return_when=asyncio.FIRST_COMPLETED)
            if flushed.done():
                flushed.result()
            return await emptied
        finally:
            for task in (emptied, flushed):
                task.cancel()
            await asyncio.gather(emptied, flushed, return_exceptions=True)

    async def _until(self, count: int, size: int) -> bool:
        if self._open(count, size):
            return not self._stop.is_set()
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            while not self._stop.is_set():
                self._moved.clear()
                if self._open(count, size):
                    return True
                moved = asyncio.ensure_future(self._moved.wait())
                try:
                    await asyncio.wait({moved, stopped}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    moved.cancel()
            return False
        finally:
            stopped.cancel()
