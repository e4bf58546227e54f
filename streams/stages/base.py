"""What the stages share: the messages they take and give, the dead letters, the counters."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from config.records import DeadLetter
from streams.masking import mask, mask_payload
from streams.retrying import Outage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_log = logging.getLogger(__name__)

RAW: Final = "mentions.raw"
ENRICHED: Final = "mentions.enriched"
SCORED: Final = "mentions.scored"
DEAD: Final = "mentions.dead"
AUTHORS: Final = "authors"
SIGNALS: Final = "signals"
INCIDENTS: Final = "incidents"

Clock = Callable[[], float]
PAYLOAD_KEPT: Final = 2_000
"""Characters of an unreadable message that its dead letter keeps."""


KEY_KEPT: Final = 200
"""Bytes of a message's key that its dead letter keeps."""


@dataclass(frozen=True)
class Incoming:
    """One message as it came from a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Outgoing:
    """One message for a topic."""

    topic: str
    key: bytes | None
    value: bytes


class Publisher(Protocol):
    """Writes messages to topics."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when the brokers have acknowledged all `messages`.

        Raises
        ------
        PublishError
            Some were not acknowledged; publishing all of them again is harmless.
        """
        ...


class PublishError(Exception):
    """The broker did not acknowledge."""


def dead_letter(message: Incoming, code: str, reason: str, stage: str, now: float) -> DeadLetter:
    """Return the dead letter of a message, with its origin and the masked beginning of its payload."""
    value = message.value or b""
    text = value[: PAYLOAD_KEPT * 4].decode("utf-8", "replace")
    return DeadLetter(
        code=code,
        reason=mask(reason)[:500],
        stage=stage,
        at=now,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        size=len(value),
        payload=mask_payload(text)[:PAYLOAD_KEPT],
        key=None if message.key is None else message.key[:KEY_KEPT].decode("utf-8", "replace"),
    )


def short_key(key: bytes | None) -> bytes | None:
    """Return a key that a dead letter can have: a stranger's key may be too long for the topic."""
    return None if key is None else key[:KEY_KEPT]


@dataclass
class Counters:
    """What the pipeline has done since it started, for the live view, health and drains.

    `measured` counts what the measure stage has taken, `held` how many of those wait now for older ones.
    `hit_rate` is the share of texts that the classifier had answered before (reposts, copies).
    `settled` is called with the mention ids that are in the index, or in the dead letters.
    """

    received: int = 0
    enriched: int = 0
    indexed: int = 0
    dead: int = 0
    scored: int = 0
    measured: int = 0
    held: int = 0
    late: int = 0
    signals: int = 0
    transitions: int = 0
    delivered: int = 0
    outages: dict[str, Outage] = field(default_factory=dict)
    settled: Callable[[Sequence[str]], None] = lambda ids: None
    hit_rate: Callable[[], float] = lambda: 0.0
    started: float = field(default_factory=time.monotonic)

    def outage(self, stage: str) -> Outage:
        """Return the outage counter of a stage's sinks."""
        return self.outages.setdefault(stage, Outage())


class InHand:
    """Lets a stop wait for the batches in hand, and holds back new ones.

    `batch()` is entered around each batch. After `finish()` no further batch begins:
    its messages stay unacknowledged, for the next worker.
    """

    def __init__(self) -> None:
        self._open = 0
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._never = asyncio.Event()

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Mark a batch as in hand; waits for ever once the stop has begun."""
        if self._closing:
            await self._never.wait()
        self._open += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()

    async def finish(self, within: float) -> bool:
        """Stop new batches, wait up to `within` seconds for those in hand; return whether all ended."""
        self._closing = True
        try:
            await asyncio.wait_for(self._idle.wait(), within)
        except TimeoutError:
            _log.warning("a batch was still in hand after %.0f s; it will be read again", within)
            return False
        return True
