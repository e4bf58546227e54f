"""Time that passes only while something sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class SimulatedTime:
    """A clock and a sleep that belong together; `sleeps` keeps what was asked for."""

    def __init__(self, now: float = 1_760_000_500.0) -> None:
        self.now = now
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[int], Awaitable[None]] | None = None

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        target = self.now + seconds
        self.sleeps.append(seconds)
        if self.on_sleep:
            await self.on_sleep(len(self.sleeps))
        await asyncio.sleep(0)
        self.now = max(self.now, target)
