"""The sink of a feed on Kafka: mentions keyed by thread, acknowledged by all replicas."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    IllegalOperation,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerClosed,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)

from config.language import Both
from config.records import Author, DeadLetter, Mention, encode
from streams.feeds.formats import Code, Rejected
from streams.feeds.sink import SinkUnavailable
from streams.masking import mask, mask_payload

log = logging.getLogger(__name__)

MENTIONS: Final = "mentions.raw"
AUTHORS: Final = "authors"
DEAD: Final = "mentions.dead"
_REFUSALS: Final = (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    IllegalOperation,
    InvalidTopicError,
    ProducerClosed,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
"""What no waiting heals; aiokafka's own `retriable` leaves time-outs out, which waiting does heal."""

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 15.0


@dataclass(slots=True)
class _Record:
    topic: str
    key: bytes
    value: bytes
    mention_id: str | None = None
    pause: float = field(default=_FIRST_PAUSE_S)


class KafkaSink:
    """Sends to Kafka, ``async with KafkaSink(...) as sink``.

    A failure that time may heal (no broker, no leader, a time-out) is retried for as long as
    it takes; what Kafka refuses for good makes the next call raise `SinkUnavailable`.

    Parameters
    ----------
    options : of `AIOKafkaProducer`: bootstrap_servers, security and so on.
    on_ack : told the ids of mentions that all replicas have. On a cluster that is when they are
        safe: give it `Tracker.confirm`. On the embedded broker, which forgets at exit, leave it out and
        confirm once they are in the index.
    store : takes profiles and dead letters (topic, key, value) in Kafka's place, and returns once they
        are stored: for a broker that forgets, where an acknowledgement makes nothing safe.
    pending : mentions sent and not acknowledged at most; more make `send` wait.
    now : epoch seconds, for dead letters.
    """

    def __init__(
        self,
        options: dict[str, Any],
        *,
        on_ack: Callable[[Sequence[str]], None] | None = None,
        store: Callable[[str, bytes, bytes], Awaitable[None]] | None = None,
        pending: int = 1_000,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._options = options
        self._on_ack = on_ack
        self._store = store
        self._limit = pending
        self._now = now
        self._sleep = sleep
        self._producer: AIOKafkaProducer | None = None
        self._pending = 0
        self._moved = asyncio.Event()
        self._retries: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises
        ------
        SinkUnavailable
            No broker answers, or it refuses.
        """
        producer = AIOKafkaProducer(acks="all", linger_ms=5, **self._options)
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            where = self._options.get("bootstrap_servers")
            raise SinkUnavailable(
                Both(
                    f"{where} 处的 Kafka 没有应答（{type(error).__name__}）：请启动它，或改正 kafka.bootstrap",
                    f"Kafka at {where} does not answer ({type(error).__name__}): start it, or correct kafka.bootstrap",
                )
            ) from error
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is on its way, unless leaving because of an error, and disconnect."""
        try:
            if kind is None:
                await self.flush()
        finally:
            for task in self._retries:
                task.cancel()
            await asyncio.gather(*self._retries, return_exceptions=True)
            if self._producer is not None:
                await self._producer.stop()
                self._producer = None

    async def send(self, mention: Mention) -> None:
        """Send a mention; waits while too many are not acknowledged."""
        await self._below(self._limit)
        record = _Record(MENTIONS, mention.thread_id.encode(), encode(mention), mention.mention_id)
        self._pending += 1
        await self._post(record)

    async def send_author(self, author: Author) -> None:
        """Send a profile, keyed by ``platform:id`` for the compacted topic, and wait until it is there."""
        key = f"{author.platform}:{author.id}"
        await self._deliver(_Record(AUTHORS, key.encode(), encode(author)))

    async def reject(self, rejected: Rejected) -> None:
        """Send a dead letter and wait until it is there."""
        await self._deliver(_Record(DEAD, rejected.where.encode(), encode(self._letter(rejected))))

    async def flush(self) -> None:
        """Wait until all that was sent is acknowledged."""
        await self._below(1)

    def _letter(self, rejected: Rejected) -> DeadLetter:
        return DeadLetter(
            code=rejected.code,
            reason=f"{rejected.where}: {mask(rejected.reason)}",
            stage="feed",
            at=self._now(),
            topic=f"file:{rejected.file}",
            partition=-1,  # a file has none; its byte offset tells the letters apart
            offset=rejected.offset,
            size=rejected.size,
            payload=mask_payload(rejected.payload.decode("utf-8", "replace")),
        )

    async def _deliver(self, record: _Record) -> None:
        self._check()
        if self._store is not None:
            await self._store(record.topic, record.key, record.value)
            return
        self._pending += 1
        done = asyncio.get_running_loop().create_future()
        await self._post(record, done)
        await done

    async def _below(self, count: int) -> None:
        self._check()
        while self._pending >= count:
            self._moved.clear()
            await self._moved.wait()
            self._check()

    def _check(self) -> None:
        if self._broken is not None:
            raise SinkUnavailable(
                Both(f"Kafka 拒收：{self._broken}", f"Kafka refuses: {self._broken}")
            ) from self._broken
        if self._producer is None:
            raise SinkUnavailable("the Kafka sink is not open: use it with `async with`")

    async def _post(self, record: _Record, done: asyncio.Future[None] | None = None) -> None:
        """Hand `record` to the producer; its acknowledgement comes by callback."""
        producer = self._producer
        if producer is None:
            return
        try:
            sent = await producer.send(record.topic, record.value, key=record.key)
        except KafkaError as error:
            self._failed(record, error, done)
        except BaseException:
            # Cancelled while the producer had no room, mostly: it did not take the record, so no
            # acknowledgement will come, and a flush that counted on one would wait for ever.
            self._pending -= 1
            self._moved.set()
            raise
        else:
            sent.add_done_callback(lambda future: self._answered(record, future, done))

    def _answered(
        self, record: _Record, sent: asyncio.Future[Any], done: asyncio.Future[None] | None
    ) -> None:
        if sent.cancelled():
            return
        error = sent.exception()
        if error is None:
            self._finish(record, done)
        else:
            self._failed(record, error, done)

    def _finish(self, record: _Record, done: asyncio.Future[None] | None) -> None:
        self._pending -= 1
        self._moved.set()
        if done is not None and not done.done():
            done.set_result(None)
        if record.mention_id is not None and self._on_ack is not None:
            self._on_ack([record.mention_id])

    def _failed(self, record: _Record, error: BaseException, done: asyncio.Future[None] | None) -> None:
        if isinstance(error, MessageSizeTooLargeError) and record.topic != DEAD:
            self._later(self._too_large(record, error, done))
            return
        if isinstance(error, KafkaError) and not isinstance(error, (*_REFUSALS, MessageSizeTooLargeError)):
            log.warning("Kafka did not take a record (%s); trying again in %.1f s", error, record.pause)
            self._later(self._again(record, done))
            return
        log.error("Kafka refuses what is sent to %s: %s", record.topic, error)
        self._broken = error
        self._moved.set()
        if done is not None and not done.done():
            done.set_exception(SinkUnavailable(Both(f"Kafka 拒收：{error}", f"Kafka refuses: {error}")))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _again(self, record: _Record, done: asyncio.Future[None] | None) -> None:
        await self._sleep(record.pause)
        record.pause = min(record.pause * 2, _LONGEST_PAUSE_S)
        await self._post(record, done)

    async def _too_large(self, record: _Record, error: KafkaError, done: asyncio.Future[None] | None) -> None:
        reason = f"{record.topic}: a record of {len(record.value)} bytes is more than Kafka takes ({error})"
        letter = Rejected(
            Code.TOO_LONG, reason, record.topic, payload=record.value[:2000], size=len(record.value)
        )
        try:
            await self._deliver(_Record(DEAD, record.key, encode(self._letter(letter))))
        except SinkUnavailable as unavailable:  # the next call says so
            if done is not None and not done.done():
                done.set_exception(unavailable)
            return
        self._finish(record, done)
