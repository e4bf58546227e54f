"""The oldest post that is still on its way through the topics, asked of Kafka.

A post is on its way while the group has not committed it in ``mentions.raw``,
``mentions.enriched`` or ``mentions.scored``. Committed offsets are read before the
topics' ends: a stage publishes before it commits, so a post that has left one topic is
seen in the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.stages.base import ENRICHED, RAW, SCORED

_log = logging.getLogger(__name__)

Waiting = Callable[[], Awaitable[float | None]]
"""Gives the event time (epoch seconds) of the oldest post on its way, None if there is none."""

CHUNK: Final = 128 * 1024
"""Bytes read at the head of each lagging partition: posts of several threads may stand there unsorted."""

ANSWER_S: Final = 5.0
"""Seconds that Kafka may take to answer before the last answer is kept."""


class _Dated(msgspec.Struct):
    created_at: float


@dataclass(frozen=True)
class _Head:
    """What was seen of a partition from offset `head` to `end` (None: more than `CHUNK`)."""

    head: int
    end: int | None
    oldest: float

    def holds(self, span: tuple[int, int] | None) -> bool:
        """Whether it still tells of the backlog that goes from one offset to another."""
        return span is not None and span[0] == self.head and self.end in (None, span[1])


class Backlog:
    """Looks at the heads of the partitions that the group has not read to their end.

    Parameters
    ----------
    options : connection options of aiokafka's clients.
    group : the workers' group.
    partitions : partitions of each topic.
    earliest : epoch seconds; posts before it are malformed and on nobody's way.
    """

    def __init__(
        self, options: Mapping[str, Any], group: str, partitions: Mapping[str, int], earliest: float
    ) -> None:
        self._options = dict(options)
        self._group = group
        self._parts = [
            TopicPartition(topic, n) for topic in (RAW, ENRICHED, SCORED) for n in range(partitions[topic])
        ]
        self._earliest = earliest
        self._admin: AIOKafkaAdminClient | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._heads: dict[TopicPartition, _Head] = {}

    async def oldest(self) -> float | None:
        """Return the event time of the oldest post on its way, None if there is none.

        Only the first `CHUNK` bytes of each partition's backlog are looked at: a partition is
        taken to be roughly in order of time.

        Raises
        ------
        aiokafka.errors.KafkaError, TimeoutError
            Kafka can't be asked.
        """
        async with asyncio.timeout(ANSWER_S):
            return await self._oldest()

    async def _oldest(self) -> float | None:
        admin, consumer = await self._clients()
        committed = await admin.list_consumer_group_offsets(self._group, partitions=self._parts)
        ends = await consumer.end_offsets(self._parts)
        begins = await consumer.beginning_offsets(self._parts)
        lagging: dict[TopicPartition, tuple[int, int]] = {}
        for part, end in ends.items():
            done = committed[part].offset if part in committed else 0
            if (head := max(done, begins[part])) < end:
                lagging[part] = (head, end)
        self._heads = {part: seen for part, seen in self._heads.items() if seen.holds(lagging.get(part))}
        await self._look({part: span for part, span in lagging.items() if part not in self._heads})
        oldest = min((head.oldest for head in self._heads.values()), default=inf)
        return None if oldest == inf else oldest

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        if self._consumer is not None:
            await self._consumer.stop()
        if self._admin is not None:
            await self._admin.close()
        self._admin = self._consumer = None

    async def _clients(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._admin is None:
            admin = AIOKafkaAdminClient(**self._options)
            try:
                await admin.start()
            except BaseException:
                await admin.close()
                raise
            self._admin = admin
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._options,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=CHUNK,
            )
            try:
                await consumer.start()
                consumer.assign(self._parts)
                consumer.pause(*self._parts)
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._admin, self._consumer

    async def _look(self, spans: Mapping[TopicPartition, tuple[int, int]]) -> None:
        """Read what stands at the heads of the partitions."""
        if not spans:
            return
        assert self._consumer is not None
        for part, (head, _) in spans.items():
            self._consumer.seek(part, head)
        size = dict.fromkeys(spans, 0)
        oldest = dict.fromkeys(spans, inf)
        reading = set(spans)
        try:
            self._consumer.resume(*reading)
            while reading:
                for part, records in (await self._consumer.getmany(*reading, timeout_ms=1_000)).items():
                    head, end = spans[part]
                    size[part] += sum(len(record.value or b"") for record in records)
                    oldest[part] = min(oldest[part], *(self._date(record.value) for record in records))
                    if size[part] >= CHUNK and records[-1].offset + 1 < end:
                        self._seen(part, reading, _Head(head, None, oldest[part]))
                for part in list(reading):
                    # By its place, not by its last record: at the end may stand the marker of a transaction.
                    if await self._consumer.position(part) >= spans[part][1]:
                        self._seen(part, reading, _Head(*spans[part], oldest[part]))
        finally:
            self._consumer.pause(*reading)  # or it would go on reading ahead

    def _seen(self, part: TopicPartition, reading: set[TopicPartition], head: _Head) -> None:
        assert self._consumer is not None
        self._consumer.pause(part)
        reading.discard(part)
        self._heads[part] = head

    def _date(self, value: bytes | None) -> float:
        """Event time of a message; infinite for a dead letter to be, which nobody waits for."""
        try:
            at = msgspec.json.decode(value or b"", type=_Dated).created_at
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return inf
        return at if at >= self._earliest else inf


class Looks:
    """Keeps the last answer, so that Kafka is asked no more often than needed.

    Parameters
    ----------
    ask : looks at the backlog.
    elapsed : seconds of a steady clock.
    """

    def __init__(self, ask: Waiting, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._elapsed = elapsed
        self._at = -inf
        self._answer: float | None = None
        self._failing = False

    async def look(self, every: float) -> float | None:
        """Return an answer at most `every` seconds old; the last one where Kafka can't be asked."""
        if self._elapsed() - self._at < every:
            return self._answer
        try:
            self._answer = await self._ask()
            self._failing = False
        except Exception as error:
            if not self._failing:
                _log.warning(
                    "the group's backlog can't be asked of Kafka (%s: %s); old posts may be judged out of order"
                    " (the worker needs to describe its group and read its topics)",
                    type(error).__name__, error,
                )  # fmt: skip
            self._failing = True
        self._at = self._elapsed()
        return self._answer
