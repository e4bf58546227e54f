"""A stage that notes its batches, and does what a test asks in the middle of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from streams.stages.base import Incoming


class RecordingStage:
    """Tells a waiting test when it has seen enough."""

    def __init__(self, during: Callable[[Sequence[Incoming]], Awaitable[None]] | None = None) -> None:
        self.seen: list[Incoming] = []
        self.batches: list[int] = []
        self._during = during
        self._more = asyncio.Condition()

    async def run(self, batch: Sequence[Incoming]) -> None:
        if self._during is not None:
            await self._during(batch)
        self.seen += batch
        self.batches.append(len(batch))
        async with self._more:
            self._more.notify_all()

    async def until(self, enough: Callable[[], bool], within: float = 40.0) -> None:
        """Return when `enough` holds after some batch."""
        async with self._more:
            await asyncio.wait_for(self._more.wait_for(enough), within)

    def values(self) -> list[bytes]:
        return [message.value or b"" for message in self.seen]
