"""Where a feed puts what it has read."""

from __future__ import annotations

from typing import Protocol

from config.records import Author, Mention
from streams.feeds.formats import Rejected


class SinkUnavailable(RuntimeError):  # noqa: N818 - says what is the case
    """The sink took nothing, for good: nothing is lost, since the cursor has not moved."""


class Sink(Protocol):
    """Takes records; a call may wait while the sink is busy, and retries by itself.

    All methods raise `SinkUnavailable` when the sink is closed or broken for good.
    """

    async def send(self, mention: Mention) -> None:
        """Take a mention; it is safe only once its id is confirmed to the tracker."""

    async def send_author(self, author: Author) -> None:
        """Take an author's profile; it is safe when this returns."""

    async def reject(self, rejected: Rejected) -> None:
        """Take a line that could not be read; it is safe when this returns."""

    async def flush(self) -> None:
        """Return when all that was taken has arrived; where it is refused nobody would tell otherwise."""
