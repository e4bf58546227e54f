"""Workers killed with -9 while posts stream in: nothing lost, nothing double, no page twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from aiokafka import AIOKafkaProducer

from config.records import Mention, encode
from streams.index.elastic import ElasticIndex
from streams.stages.base import RAW
from tests.alerting.slack_server import FakeSlack
from tests.pipeline.cluster import Cluster, until


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes
    ----------
    indexed, by_watch : as Elasticsearch counts them.
    opened : Slack messages that open a thread, by incident.
    keys : how often each notification key was posted.
    kills : seconds from the start at which a worker was killed.
    """

    indexed: int
    by_watch: dict[str, int]
    dead: int
    opened: Counter[str]
    keys: Counter[str]
    kills: list[float]
    seconds: float


async def run(
    cluster: Cluster, mentions: Sequence[Mention], folder: Path, workers: int, kills: int, within: float,
    *, judged: Mapping[str, float] | None = None, fed_first: bool = False,
) -> Outcome:  # fmt: skip
    """Feed `mentions` through `workers` workers; kill one with -9 and replace it, `kills` times on the way.

    Parameters
    ----------
    judged : event time by watch that its signals must come to: an empty topic does not say that all
        has been measured, for a worker may hold what it has read.
    fed_first : whether all is in Kafka before a worker starts, as after an outage, and one partition
        far behind the others.
    """
    dump = folder / "dump.jsonl"
    dump.write_bytes(b"".join(encode(m) + b"\n" for m in mentions))
    total = len({m.mention_id for m in mentions})
    begun = time.monotonic()
    killed: list[float] = []
    async with FakeSlack(time.time) as slack:
        cluster.tell_slack(slack.url)
        with cluster.stopping():
            await asyncio.to_thread(cluster.command, "setup")
            index = cluster.index()
            await index.open()
            try:
                if fed_first:
                    await pile_up(cluster, mentions)
                    feeding = None
                else:
                    feeding = asyncio.create_task(
                        asyncio.to_thread(cluster.command, "replay", str(dump), within=within)
                    )
                running = [cluster.start("worker") for _ in range(workers)]
                for number in range(1, kills + 1):
                    share = total * number // (kills + 1)
                    await _indexed(index, cluster, share, within)
                    cluster.kill(running.pop(0))
                    killed.append(time.monotonic() - begun)
                    running.append(cluster.start("worker"))
                if feeding is not None:
                    await feeding
                await _indexed(index, cluster, total, within)
                for watch, at in (judged or {}).items():
                    await _judged(index, cluster, watch, at, within)
                await until("nothing is left in Kafka", lambda: _drained(cluster), within, cluster)
                counts = await index.counts()
                by_watch = await index.count_by_watch()
            finally:
                await index.close()
        return Outcome(
            counts["mentions"], by_watch, counts["dead"], *_posted(slack), killed, time.monotonic() - begun
        )


async def pile_up(cluster: Cluster, mentions: Sequence[Mention]) -> None:
    """Write `mentions` to Kafka so that five partitions of six are read long before the last: most threads are there."""
    async with AIOKafkaProducer(bootstrap_servers=cluster.kafka) as producer:
        sent = []
        for mention in mentions:
            number = crc32(mention.thread_id.encode()) % (5 * 6)
            partition = 1 + number // 6 if number % 6 == 0 else 0
            sent.append(await producer.send(RAW, encode(mention), partition=partition))
        await asyncio.gather(*sent)


async def _judged(index: ElasticIndex, cluster: Cluster, watch: str, at: float, within: float) -> None:
    async def reached() -> bool:
        last = await index.last_signal(watch)
        return last is not None and last.at >= at

    await until(f"{watch} judged up to {at:.0f}", reached, within, cluster)


async def _indexed(index: ElasticIndex, cluster: Cluster, least: int, within: float) -> None:
    async def enough() -> bool:
        return (await index.counts())["mentions"] >= least

    await until(f"{least} mentions in the index", enough, within, cluster)


async def _drained(cluster: Cluster) -> bool:
    return await cluster.lag() == 0


def _posted(slack: FakeSlack) -> tuple[Counter[str], Counter[str]]:
    opened: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    for message in slack.messages():
        payload = message["metadata"]["event_payload"]
        keys[payload["key"]] += 1
        if "thread_ts" not in message or message["thread_ts"] == message["ts"]:
            opened[payload["incident"]] += 1
    return opened, keys
