"""Partitions change hands on a real Kafka: whatever was thrown away or skipped is read again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from config.settings import KafkaSettings, Topic
from streams import worker as worker_module
from streams.app import make_app
from streams.stages.base import Incoming
from streams.topics import create_topics
from streams.worker import AgentPlan, Worker
from tests.streams.recording_stage import RecordingStage
from tests.streams.started import started

COUNT = 600


class Place:
    """A topic and a group of this test's own, on a shared Kafka."""

    def __init__(self, kafka: str, partitions: int) -> None:
        name = uuid4().hex[:8]
        self.kafka = kafka
        self.topic = f"t-{name}"
        self.partitions = partitions
        self.settings = KafkaSettings(
            bootstrap=kafka, group=f"g-{name}", topics={self.topic: Topic(partitions=partitions)}
        )
        create_topics(self.settings)

    async def fill(self, count: int = COUNT) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            sent = [
                await producer.send(self.topic, b"%d" % n, partition=n % self.partitions)
                for n in range(count)
            ]
            await asyncio.gather(*sent)

    def worker(self, stage: RecordingStage, batch: int = 20) -> Worker:
        plan = AgentPlan("enrich", self.topic, stage, batch, 0.02)
        return Worker(make_app(self.settings, self.kafka), [plan], lambda: None)

    async def committed(self) -> list[int]:
        """What the group has committed in each partition."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=self.settings.group)
        await reader.start()
        try:
            parts = [TopicPartition(self.topic, n) for n in range(self.partitions)]
            return [await reader.committed(part) or 0 for part in parts]
        finally:
            await reader.stop()


def numbers(*stages: RecordingStage) -> set[int]:
    return {int(message.value or b"-1") for stage in stages for message in stage.seen}


async def test_what_was_read_and_thrown_away_before_the_first_commit_is_read_again(kafka: str) -> None:
    place = Place(kafka, 2)
    await place.fill()
    going, inside = asyncio.Event(), asyncio.Event()

    async def during(_: Sequence[Incoming]) -> None:
        inside.set()
        await going.wait()

    stage = RecordingStage(during)
    async with started(place.worker(stage)) as worker:
        await asyncio.wait_for(inside.wait(), 40)
        assert await place.committed() == [0, 0]
        await worker.app.consumer.perform_seek()
        positions = await asyncio.gather(
            *(worker.app.consumer.position(TopicPartition(place.topic, n)) for n in range(2))
        )
        going.set()
        await stage.until(lambda: numbers(stage) == set(range(COUNT)))
        await worker.stop()
    assert max(positions) < COUNT // 2, "the partitions were not sought back to their beginning"
    assert await place.committed() == [COUNT // 2, COUNT // 2]


async def test_a_message_that_faust_has_skipped_is_not_committed(kafka: str) -> None:
    place = Place(kafka, 1)
    await place.fill(40)
    skipped = asyncio.Event()

    async def during(_: Sequence[Incoming]) -> None:
        skipped.set()
        await asyncio.Event().wait()

    stage = RecordingStage(during)
    async with started(place.worker(stage)) as worker:
        await asyncio.wait_for(skipped.wait(), 40)
        consumer = worker.app.consumer
        for message in list(consumer.unacked):
            consumer.ack(message)  # as Faust does with what it skips
        await consumer.commit()
    assert await place.committed() == [0]


async def test_workers_that_come_and_go_leave_nothing_out_and_commit_all(kafka: str) -> None:
    place = Place(kafka, 6)
    await place.fill(3 * COUNT)

    async def during(_: Sequence[Incoming]) -> None:
        await asyncio.sleep(0.05)  # a stage's work: so that there is something in hand

    stages = [RecordingStage(during) for _ in range(3)]
    one, two, three = (place.worker(stage, batch=5) for stage in stages)
    async with started(one):
        await stages[0].until(lambda: len(stages[0].seen) >= 20)
        async with started(two):
            await stages[1].until(lambda: len(stages[1].seen) >= 20)
            await one.stop()
            async with started(three):
                async with asyncio.timeout(90):
                    while numbers(*stages) != set(range(3 * COUNT)):  # noqa: ASYNC110 - three stages tell
                        await asyncio.sleep(0.05)
                await three.stop()
            await two.stop()
    assert sum(await place.committed()) == 3 * COUNT


async def test_a_batch_that_does_not_end_is_cut_off_by_a_hand_over_and_comes_again(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "HAND_OVER_S", 0.1)
    place = Place(kafka, 1)
    await place.fill(40)
    begun: list[int] = []

    async def during(batch: Sequence[Incoming]) -> None:
        begun.append(len(batch))
        if len(begun) == 1:
            await asyncio.Event().wait()

    stage = RecordingStage(during)
    async with started(place.worker(stage)) as worker:
        async with asyncio.timeout(40):
            while not begun:  # noqa: ASYNC110 - the stage tells nobody
                await asyncio.sleep(0.01)
        async with started(place.worker(RecordingStage(during))) as other:
            async with asyncio.timeout(40):
                while len(other.app.consumer.assignment()) + len(worker.app.consumer.assignment()) != 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await other.stop()
        await stage.until(lambda: numbers(stage) == set(range(40)))
        await worker.stop()
    assert await place.committed() == [40]


async def test_a_worker_whose_connection_has_crashed_says_so_and_stops(kafka: str) -> None:
    place = Place(kafka, 1)
    async with started(place.worker(RecordingStage())) as worker:
        assert worker.failed is not None
        await worker.app.consumer.crash(ConnectionError("the broker is gone for good"))
        error = await asyncio.wait_for(worker.failed, 30)
        assert isinstance(error, ConnectionError)
        await asyncio.wait_for(worker.stop(within=1.0), 30)
