"""The Kafka sink on the embedded broker, over the real protocol."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError

from config.records import Author, DeadLetter, Kind, Mention, decode
from streams.broker import EmbeddedBroker
from streams.feeds.cursor import Tracker
from streams.feeds.formats import Code, Rejected
from streams.feeds.kafka_sink import AUTHORS, DEAD, MENTIONS, KafkaSink
from streams.feeds.sink import SinkUnavailable

TOPICS = {MENTIONS: 3, AUTHORS: 1, DEAD: 1}


async def read(bootstrap: str, topic: str, count: int) -> list[Any]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
    finally:
        await consumer.stop()


def mention(number: int, text: str = "青山") -> Mention:
    return Mention(
        platform="weibo",
        id=f"r{number}",
        text=text,
        created_at=1.0,
        kind=Kind.REPOST,
        root_id=f"p{number % 3}",
    )


def sink_of(broker: EmbeddedBroker, **more: Any) -> KafkaSink:
    options = {"bootstrap_servers": broker.bootstrap, **more.pop("options", {})}
    return KafkaSink(options, **more)


async def test_a_thread_stays_together_and_the_tracker_hears_of_every_acknowledgement() -> None:
    tracker = Tracker()
    sent = [mention(number) for number in range(40)]
    async with EmbeddedBroker(TOPICS) as broker:
        async with sink_of(broker, on_ack=tracker.confirm, pending=7) as sink:
            for number, one in enumerate(sent):
                tracker.produced("f", number + 1, one.mention_id, size=1)
                await sink.send(one)
            await sink.flush()
            assert tracker.in_flight == 0
            assert tracker.positions()["f"].offset == 40
        records = await read(broker.bootstrap, MENTIONS, 40)
    assert {decode(record.value, Mention) for record in records} == set(sent)
    partitions: dict[bytes, set[int]] = {}
    for record in records:
        assert record.key == decode(record.value, Mention).thread_id.encode()
        partitions.setdefault(record.key, set()).add(record.partition)
    assert [len(found) for found in partitions.values()] == [1, 1, 1]


async def test_authors_and_dead_letters() -> None:
    author = Author(id="u", platform="bili", followers=5)
    rejected = Rejected(Code.NOT_JSON, "not JSON: 13800138000", "/x/a.jsonl", 7, 120, b"13800138000 \xff", 13)
    async with EmbeddedBroker(TOPICS) as broker:
        async with sink_of(broker, now=lambda: 9.0) as sink:
            await sink.send_author(author)
            await sink.reject(rejected)
        (kept,) = await read(broker.bootstrap, AUTHORS, 1)
        (dead,) = await read(broker.bootstrap, DEAD, 1)
    assert (kept.key, decode(kept.value, Author)) == (b"bili:u", author)
    assert decode(dead.value, DeadLetter) == DeadLetter(
        code="not_json",
        reason="/x/a.jsonl:7: not JSON: 〔手机号〕",
        stage="feed",
        at=9.0,
        topic="file:/x/a.jsonl",
        partition=-1,
        offset=120,
        size=13,
        payload="〔手机号〕 �",
    )


async def test_what_kafka_finds_too_large_becomes_a_dead_letter_and_is_settled() -> None:
    acked: list[str] = []
    async with EmbeddedBroker(TOPICS) as broker:
        options = {"max_request_size": 5_000}
        async with sink_of(broker, on_ack=acked.extend, options=options) as sink:
            await sink.send(mention(1, "长" * 5_000))
            await sink.send(mention(2))
        (dead,) = await read(broker.bootstrap, DEAD, 1)
    assert decode(dead.value, DeadLetter).code == "too_long"
    assert sorted(acked) == ["weibo:r1", "weibo:r2"]


class Failing:
    """Stands before the real producer and fails as told, then lets through."""

    def __init__(self, real: Any, errors: Sequence[Exception]) -> None:
        self.real, self.errors = real, list(errors)

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        if self.errors:
            error = self.errors.pop(0)
            if len(self.errors) % 2:
                raise error
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
            return future
        return await self.real.send(*args, **kwargs)

    async def stop(self) -> None:
        await self.real.stop()


async def test_what_time_may_heal_is_retried_until_it_works() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    acked: list[str] = []
    async with EmbeddedBroker(TOPICS) as broker:
        async with sink_of(broker, on_ack=acked.extend, sleep=sleep) as sink:
            sink._producer = Failing(sink._producer, [KafkaTimeoutError() for _ in range(8)])
            await sink.send(mention(1))
            await sink.flush()
        (record,) = await read(broker.bootstrap, MENTIONS, 1)
    assert decode(record.value, Mention) == mention(1)
    assert acked == ["weibo:r1"]
    assert slept == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0])


async def test_what_kafka_refuses_for_good_is_said() -> None:
    async with EmbeddedBroker(TOPICS) as broker, sink_of(broker) as sink:
        real = sink._producer
        sink._producer = Failing(real, [TopicAuthorizationFailedError(MENTIONS)])
        await sink.send(mention(1))
        with pytest.raises(SinkUnavailable, match="refuses"):
            await sink.flush()
        sink._broken, sink._pending = None, 0
        sink._producer = Failing(real, [TopicAuthorizationFailedError(AUTHORS)])
        with pytest.raises(SinkUnavailable, match="refuses"):
            await sink.send_author(Author(id="u"))
        sink._broken, sink._pending = None, 0


class Full:
    """A producer whose buffer is full: `send` waits and takes nothing."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.asked = asyncio.Event()

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        self.asked.set()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await self.real.stop()


async def test_leaving_does_not_wait_for_what_was_cancelled_before_kafka_took_it() -> None:
    async with EmbeddedBroker(TOPICS) as broker, asyncio.timeout(30), sink_of(broker) as sink:
        sink._producer = full = Full(sink._producer)
        sending = asyncio.create_task(sink.send(mention(1)))
        await full.asked.wait()
        sending.cancel()
        await asyncio.wait({sending})
        assert sending.cancelled()


async def test_with_a_store_authors_and_dead_letters_wait_until_it_has_them() -> None:
    stored: list[tuple[str, bytes]] = []
    asked, go = asyncio.Event(), asyncio.Event()

    async def store(topic: str, key: bytes, value: bytes) -> None:
        asked.set()
        await go.wait()
        stored.append((topic, key))

    async with EmbeddedBroker(TOPICS) as broker, sink_of(broker, store=store) as sink:
        rejecting = asyncio.create_task(sink.reject(Rejected(Code.NOT_JSON, "not JSON", "/x/a.jsonl", 7)))
        await asyncio.wait_for(asked.wait(), 30)
        assert not rejecting.done()
        go.set()
        await rejecting
        await sink.send_author(Author(id="u", platform="bili"))
    assert stored == [(DEAD, b"/x/a.jsonl:7"), (AUTHORS, b"bili:u")]


async def test_no_broker_is_said_with_its_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SinkUnavailable, match=address):
            async with KafkaSink({"bootstrap_servers": address}):
                pass
