"""A worker's agents on the embedded broker: batches, acknowledgement, failure, graceful stop, ownership."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from config.settings import KafkaSettings
from streams.app import FaustPublisher, make_app
from streams.broker import EmbeddedBroker
from streams.stages.base import RAW, SCORED, Incoming, Outgoing
from streams.worker import AgentPlan, Worker, _until_done
from tests.streams.recording_stage import RecordingStage
from tests.streams.started import started

WATCHES = [f"watch-{number}" for number in range(40)]
COUNT = 200
VALUES = [b"%d" % number for number in range(COUNT)]


@pytest_asyncio.fixture
async def bootstrap() -> AsyncIterator[str]:
    async with EmbeddedBroker({RAW: 1, SCORED: 5}) as broker:
        yield broker.bootstrap


async def produce(bootstrap: str, values: Sequence[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        await asyncio.gather(*[await producer.send(RAW, value, partition=0) for value in values])
    finally:
        await producer.stop()


async def committed(bootstrap: str) -> int:
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="fengsheng")
    await reader.start()
    try:
        return await reader.committed(TopicPartition(RAW, 0)) or 0
    finally:
        await reader.stop()


def worker(bootstrap: str, stage: RecordingStage) -> Worker:
    app = make_app(KafkaSettings(), bootstrap)
    return Worker(app, [AgentPlan("enrich", RAW, stage, 16, 0.05)], lambda: None)


async def test_messages_come_in_order_in_bounded_batches_and_the_next_worker_gets_the_rest(
    bootstrap: str,
) -> None:
    await produce(bootstrap, VALUES)
    first = RecordingStage()
    async with started(worker(bootstrap, first)) as running:
        await first.until(lambda: len(first.seen) >= COUNT)
        await running.stop()
    assert first.values() == VALUES
    assert max(first.batches) <= 16
    assert [message.offset for message in first.seen] == list(range(COUNT))
    assert {(message.topic, message.partition) for message in first.seen} == {(RAW, 0)}
    assert await committed(bootstrap) == COUNT

    await produce(bootstrap, [b"new"])
    second = RecordingStage()
    async with started(worker(bootstrap, second)) as running:
        await second.until(lambda: bool(second.seen))
        await running.stop()
    assert second.values() == [b"new"]


async def test_a_stop_finishes_and_commits_the_batch_in_hand_and_begins_no_other(bootstrap: str) -> None:
    await produce(bootstrap, VALUES)
    inside, go = asyncio.Event(), asyncio.Event()

    async def during(batch: Sequence[Incoming]) -> None:
        inside.set()
        await go.wait()

    first = RecordingStage(during)
    async with started(worker(bootstrap, first)) as running:
        await asyncio.wait_for(inside.wait(), 30)
        stopping = asyncio.create_task(running.stop())
        await asyncio.sleep(0)  # the stop begins before the batch may end
        go.set()
        await asyncio.wait_for(stopping, 30)
    assert 0 < len(first.seen) <= 16
    assert await committed(bootstrap) == len(first.seen)

    second = RecordingStage()
    async with started(worker(bootstrap, second)) as running:
        await second.until(lambda: len(first.seen) + len(second.seen) >= COUNT)
        await running.stop()
    assert first.values() + second.values() == VALUES


async def test_a_stage_that_raises_ends_the_worker_and_its_batch_comes_again(bootstrap: str) -> None:
    await produce(bootstrap, VALUES)

    async def during(batch: Sequence[Incoming]) -> None:
        if any(message.value == b"50" for message in batch):
            raise ZeroDivisionError("no retry heals this")

    first = RecordingStage(during)
    async with started(worker(bootstrap, first)) as running:
        assert running.failed is not None
        error = await asyncio.wait_for(running.failed, 30)
        assert isinstance(error, ZeroDivisionError)
        await asyncio.wait_for(running.stop(within=60.0), 20)  # it does not wait for the batch that failed
    done = len(first.seen)
    assert 0 < done <= 50
    assert await committed(bootstrap) == done

    second = RecordingStage()
    async with started(worker(bootstrap, second)) as running:
        await second.until(lambda: done + len(second.seen) >= COUNT)
        await running.stop()
    assert second.values() == VALUES[done:]


async def test_an_agent_whose_batch_a_stop_cuts_off_is_not_started_again_by_an_error() -> None:
    batch = asyncio.create_task(asyncio.Event().wait())
    agent = asyncio.create_task(_until_done(batch))
    await asyncio.sleep(0)  # both wait now
    batch.cancel()
    done, _ = await asyncio.wait({agent}, timeout=0.2)
    assert not done
    agent.cancel()
    await asyncio.wait({agent})
    assert agent.cancelled()


async def test_owned_watches_are_those_whose_partition_the_producer_uses(bootstrap: str) -> None:
    stage = RecordingStage()
    app = make_app(KafkaSettings(), bootstrap)
    running = Worker(
        app, [AgentPlan("measure", SCORED, stage, 100, 0.05)], lambda: None,
        watch_ids=WATCHES, partitions={SCORED: 5},
    )  # fmt: skip
    await running.start()
    try:
        await FaustPublisher(app).publish([Outgoing(SCORED, w.encode(), b"x") for w in WATCHES])
        await stage.until(lambda: len(stage.seen) >= len(WATCHES))
        assert running.owned() == WATCHES
        used = {(m.key or b"").decode(): m.partition for m in stage.seen}
        assert len(set(used.values())) == 5
        for mine in ({0}, {1, 3}, set[int]()):
            kept = {TopicPartition(SCORED, n) for n in mine} | {TopicPartition(RAW, 4)}
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(app.consumer, "assignment", lambda kept=kept: kept)
                assert running.owned() == [w for w in WATCHES if used[w] in mine]
    finally:
        await running.stop()


async def test_ticks_are_given_the_owned_watches_and_a_failing_tick_ends_the_worker(bootstrap: str) -> None:
    given: list[Sequence[str]] = []

    async def tick(owned: Sequence[str]) -> None:
        given.append(owned)
        if len(given) == 2:
            raise ZeroDivisionError("odd")

    stage = RecordingStage()
    running = Worker(
        make_app(KafkaSettings(), bootstrap), [AgentPlan("measure", SCORED, stage, 10, 0.05)], lambda: None,
        tick=tick, watch_ids=["a"], tick_every=0.01, partitions={SCORED: 5},
    )  # fmt: skip
    await running.start()
    assert running.failed is not None
    assert isinstance(await asyncio.wait_for(running.failed, 30), ZeroDivisionError)
    await running.stop()
    assert len(given) == 2
    assert set(map(tuple, given)) <= {(), ("a",)}


async def test_a_publish_that_the_broker_takes_returns_and_an_oversized_one_says_so(bootstrap: str) -> None:
    from streams.stages.base import PublishError

    stage = RecordingStage()
    app = make_app(KafkaSettings(), bootstrap)
    running = Worker(app, [AgentPlan("enrich", RAW, stage, 10, 0.05)], lambda: None)
    await running.start()
    try:
        with pytest.raises(PublishError, match="MessageSizeTooLarge"):
            await FaustPublisher(app).publish([Outgoing(RAW, None, b"x" * 2_000_000)])
        await FaustPublisher(app).publish([Outgoing(RAW, None, b"fits")])
        await stage.until(lambda: bool(stage.seen))
        assert stage.values() == [b"fits"]
    finally:
        await running.stop()


async def test_a_hand_over_waits_for_the_tick_in_hand(bootstrap: str) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def tick(_: Sequence[str]) -> None:
        begun.set()
        await finish.wait()
        order.append("measured")

    ticking = Worker(
        make_app(KafkaSettings(), bootstrap), [AgentPlan("measure", SCORED, RecordingStage(), 50, 0.05)],
        lambda: order.append("revoked"), tick=tick, watch_ids=WATCHES, tick_every=0.01, partitions={SCORED: 5},
    )  # fmt: skip
    async with started(ticking):
        await begun.wait()
        order.clear()  # to join the group was a hand-over too
        handing_over = asyncio.create_task(ticking._hand_over())
        while not order:  # noqa: ASYNC110 - the handler says that it began by calling back
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not handing_over.done()
        finish.set()
        await handing_over
        assert order[:2] == ["revoked", "measured"]


async def test_what_a_batch_remembers_while_it_is_handed_over_is_forgotten_too(bootstrap: str) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def during(_: Sequence[Incoming]) -> None:
        begun.set()
        await finish.wait()
        order.append("remembers")

    plan = AgentPlan("enrich", RAW, RecordingStage(during), 16, 0.05)
    running = Worker(make_app(KafkaSettings(), bootstrap), [plan], lambda: order.append("forgets"))
    async with started(running):
        await produce(bootstrap, [b"1"])
        await asyncio.wait_for(begun.wait(), 30)
        order.clear()
        handing_over = asyncio.create_task(running._hand_over())
        while not order:  # noqa: ASYNC110 - the handler says that it began by calling back
            await asyncio.sleep(0)
        finish.set()
        await handing_over
        assert order == ["forgets", "remembers", "forgets"]
