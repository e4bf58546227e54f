"""Two workers of one group on a real Kafka: every message once, and a watch always on one worker."""

from __future__ import annotations

import asyncio
from functools import partial
from uuid import uuid4

from config.settings import KafkaSettings, Topic
from streams.app import FaustPublisher, make_app
from streams.stages.base import SCORED, Incoming, Outgoing
from streams.topics import create_topics
from streams.worker import AgentPlan, Worker
from tests.streams.recording_stage import RecordingStage

PARTITIONS = 6
WATCHES = [f"watch-{number}" for number in range(30)]
ROUNDS = 10


def _marked(stage: RecordingStage, mark: bytes) -> list[Incoming]:
    """What this run has sent; the topic may hold others' messages."""
    return [message for message in stage.seen if (message.value or b"").startswith(mark)]


def _has(stage: RecordingStage, mark: bytes, count: int) -> bool:
    return len(_marked(stage, mark)) >= count


async def test_two_workers_share_the_watches_and_none_has_two_owners(kafka: str) -> None:
    settings = KafkaSettings(
        bootstrap=kafka, group=f"g-{uuid4().hex[:8]}", topics={SCORED: Topic(partitions=PARTITIONS)}
    )
    present = {report.name: report.partitions for report in create_topics(settings)}
    mark = uuid4().hex.encode()
    stages = [RecordingStage(), RecordingStage()]
    workers = [
        Worker(
            make_app(settings, kafka), [AgentPlan("measure", SCORED, stage, 50, 0.05)], lambda: None,
            watch_ids=WATCHES, partitions=present,
        )
        for stage in stages
    ]  # fmt: skip
    await asyncio.gather(*(worker.start() for worker in workers))
    try:
        async with asyncio.timeout(60):
            while not all(worker.owned() for worker in workers):  # noqa: ASYNC110 - Kafka tells nobody that a group is whole
                await asyncio.sleep(0.05)
        owned = [set(worker.owned()) for worker in workers]
        assert owned[0] | owned[1] == set(WATCHES)
        assert not owned[0] & owned[1]
        messages = [
            Outgoing(SCORED, watch.encode(), mark + b"%d" % n) for n in range(ROUNDS) for watch in WATCHES
        ]
        await FaustPublisher(workers[0].app).publish(messages)
        for stage, mine in zip(stages, owned, strict=True):
            await stage.until(partial(_has, stage, mark, ROUNDS * len(mine)))
            ours = _marked(stage, mark)
            assert {(m.key or b"").decode() for m in ours} == mine
            for watch in mine:
                values = [m.value for m in ours if m.key == watch.encode()]
                assert values == [mark + b"%d" % n for n in range(ROUNDS)]
    finally:
        await asyncio.gather(*(worker.stop(within=5.0) for worker in workers))
