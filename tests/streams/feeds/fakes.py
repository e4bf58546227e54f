"""A sink that keeps what it takes, and a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from config.records import Author, Mention
from streams.feeds.cursor import Tracker
from streams.feeds.formats import Rejected


class KeepingSink:
    """Takes all; confirms at once when given a tracker."""

    def __init__(self, confirm: Tracker | None = None) -> None:
        self.mentions: list[Mention] = []
        self.authors: list[Author] = []
        self.rejected: list[Rejected] = []
        self.confirm = confirm
        self.changed = asyncio.Event()

    @property
    def ids(self) -> list[str]:
        return [mention.id for mention in self.mentions]

    async def send(self, mention: Mention) -> None:
        self.mentions.append(mention)
        self.changed.set()
        if self.confirm is not None:
            self.confirm.confirm([mention.mention_id])

    async def send_author(self, author: Author) -> None:
        self.authors.append(author)
        self.changed.set()

    async def reject(self, rejected: Rejected) -> None:
        self.rejected.append(rejected)
        self.changed.set()

    async def flush(self) -> None:
        """Everything has arrived when it was taken."""

    async def until(self, condition: Callable[[KeepingSink], bool]) -> None:
        """Wait until `condition` holds of what has been taken."""
        async with asyncio.timeout(20):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()


class Clock:
    """Seconds that pass only in `sleep` and `advance`."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
