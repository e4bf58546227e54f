"""What is on its way is found at the heads of the partitions, over the real protocol."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError

from config.settings import KafkaSettings, Topic
from streams.backlog import Backlog, Looks
from streams.broker import EmbeddedBroker
from streams.stages.base import ENRICHED, RAW, SCORED
from streams.topics import create_topics

GROUP: Final = "workers"
PARTITIONS: Final = {RAW: 3, ENRICHED: 2, SCORED: 2, "incidents": 1}
EARLIEST = 100.0


class Workers:
    """Stands for the group: sends, and commits what it has read."""

    def __init__(self, bootstrap: str) -> None:
        self.producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False
        )
        self.backlog = Backlog({"bootstrap_servers": bootstrap}, GROUP, PARTITIONS, EARLIEST)

    async def send(self, topic: str, partition: int, *values: float | bytes) -> None:
        for value in values:
            data = value if isinstance(value, bytes) else b'{"created_at": %f, "id": "x"}' % value
            await self.producer.send_and_wait(topic, data, partition=partition)

    async def commit(self, topic: str, partition: int, offset: int) -> None:
        await self.consumer.commit({TopicPartition(topic, partition): offset})


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with EmbeddedBroker(PARTITIONS) as broker:
        those = Workers(broker.bootstrap)
        await those.producer.start()
        await those.consumer.start()
        those.consumer.assign([TopicPartition(t, n) for t, count in PARTITIONS.items() for n in range(count)])
        try:
            yield those
        finally:
            await those.backlog.close()
            await those.consumer.stop()
            await those.producer.stop()


async def test_nothing_is_on_its_way_in_empty_topics(workers: Workers) -> None:
    assert await workers.backlog.oldest() is None


async def test_the_oldest_head_of_all_partitions_is_found_until_it_is_committed(workers: Workers) -> None:
    await workers.send(RAW, 0, 2_000, 2_001)
    await workers.send(RAW, 2, 1_500, 1_600)
    await workers.send(ENRICHED, 1, 1_200)
    await workers.send(SCORED, 0, 1_000)
    found = [await workers.backlog.oldest()]
    for topic, partition, offset in [
        (SCORED, 0, 1), (ENRICHED, 1, 1), (RAW, 2, 1), (RAW, 2, 2), (RAW, 0, 1), (RAW, 0, 2)
    ]:  # fmt: skip
        await workers.commit(topic, partition, offset)
        found.append(await workers.backlog.oldest())
    assert found == [1_000, 1_200, 1_500, 1_600, 2_000, 2_001, None]


async def test_what_came_after_the_end_is_found_again(workers: Workers) -> None:
    await workers.send(RAW, 1, 1_000)
    await workers.commit(RAW, 1, 1)
    assert await workers.backlog.oldest() is None
    await workers.send(RAW, 1, 900)
    assert await workers.backlog.oldest() == 900
    assert await workers.backlog.oldest() == 900


async def test_an_older_post_behind_the_head_is_seen(workers: Workers) -> None:
    await workers.send(ENRICHED, 0, 1_000, 700, 1_100)
    assert await workers.backlog.oldest() == 700


async def test_malformed_messages_are_waited_for_by_nobody(workers: Workers) -> None:
    await workers.send(RAW, 0, b"{", b"", b'{"created_at": "x"}', b"\xff", b"[" * 5_000, EARLIEST - 1)
    assert await workers.backlog.oldest() is None
    await workers.send(RAW, 0, 1_000)
    await workers.commit(RAW, 0, 1)
    assert await workers.backlog.oldest() == 1_000


async def test_other_topics_are_not_looked_at(workers: Workers) -> None:
    await workers.send("incidents", 0, 1_000)
    assert await workers.backlog.oldest() is None


async def test_the_marker_at_the_end_of_a_transaction_is_not_waited_for(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = uuid4().hex[:8]
    names = {
        name: f"{topic}-{group}" for name, topic in (("RAW", RAW), ("ENRICHED", ENRICHED), ("SCORED", SCORED))
    }
    for name, topic in names.items():
        monkeypatch.setattr(f"streams.backlog.{name}", topic)
    partitions = dict.fromkeys(names.values(), 1)
    create_topics(
        KafkaSettings(
            bootstrap=kafka, group=group, topics={topic: Topic(partitions=1) for topic in partitions}
        )
    )
    backlog = Backlog({"bootstrap_servers": kafka}, group, partitions, EARLIEST)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=group)
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(names["SCORED"], b'{"created_at": 1000}', partition=0)
        part = TopicPartition(names["SCORED"], 0)
        async with AIOKafkaConsumer(
            bootstrap_servers=kafka, group_id=group, enable_auto_commit=False
        ) as reader:
            reader.assign([part])
            await reader.commit({part: 0})  # a Kafka that nobody has asked yet has no group coordinator
        assert await backlog.oldest() == 1_000
    finally:
        await backlog.close()
        await producer.stop()


async def test_kafka_is_asked_no_more_often_than_needed() -> None:
    now = [0.0]
    asked: list[float] = []

    async def ask() -> float:
        asked.append(now[0])
        return 1_000 + now[0]

    looks = Looks(ask, lambda: now[0])
    answers = []
    for moment, every in [(0.0, 5.0), (0.9, 1.0), (1.0, 5.0), (1.0, 1.0), (5.9, 5.0), (6.0, 5.0)]:
        now[0] = moment
        answers.append(await looks.look(every))
    assert asked == [0.0, 1.0, 6.0]
    assert answers == [1_000, 1_000, 1_000, 1_001, 1_001, 1_006]


async def test_a_refusal_is_told_once_and_the_last_answer_kept(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    given: list[float | Exception] = [
        GroupAuthorizationFailedError("no"), 7.0, TimeoutError(), TimeoutError(), 8.0
    ]  # fmt: skip

    async def ask() -> float:
        answer = given.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    looks = Looks(ask, lambda: now[0])
    answers = []
    with caplog.at_level(logging.WARNING):
        for now[0] in range(5):
            answers.append(await looks.look(1.0))
    assert answers == [None, 7.0, 7.0, 7.0, 8.0]
    assert len(caplog.records) == 2
    assert "describe its group" in caplog.text
