"""A thousand malformed messages among good ones: each ends as a dead letter, the worker goes on."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from config.records import DeadLetter, decode
from tests.pipeline.cluster import Cluster, until

WATCHES = "watches:\n  - {id: tea, name: 青山茶饮, any: [青山茶饮]}\n"
MALFORMED = 1_000
GOOD = 200
SEED = 20260722
KEYS = (None, b"", b"weibo:1", b"\xff\xfe not UTF-8", b"k" * 5_000)

Bad = tuple[str, bytes | None]


def good(number: int, now: float) -> bytes:
    return text_of({"platform": "weibo", "id": f"good-{number}", "text": f"青山茶饮第{number}杯", "created_at": now - number})  # fmt: skip


def text_of(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def kinds(dice: random.Random, now: float) -> list[Bad]:
    """One malformed message of each sort, with the code its dead letter must have."""
    body = {
        "platform": "weibo",
        "id": f"bad-{dice.getrandbits(64)}",
        "text": "青山茶饮喝出异物",
        "created_at": now,
    }
    whole = text_of(body)
    wrong: dict[str, Any] = dice.choice(
        [{"id": 7}, {"text": None}, {"text": ["青山"]}, {"created_at": "2026-01-01"}, {"likes": "1.2万"},
         {"author": "小明"}, {"author": {"id": 5}}, {"kind": "story"}, {"platform": {}}, {"v": "1"}, {"likes": -1e9}]
    )  # fmt: skip
    return [
        ("broken_json", whole[: dice.randrange(1, len(whole) - 1)].decode("utf-8", "ignore").encode()),
        ("broken_json", whole + whole),
        ("broken_json", dice.choice([b"not json", b"\x00\x01\x02", b"{'id': 1}", b"platform,id,text\n"])),
        ("broken_json", whole.replace("青山".encode(), b"\\ud83d")),
        ("broken_json", whole[:-1] + b', "deep": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        ("wrong_type", text_of(body | wrong)),
        ("wrong_type", b"[" + whole + b"," + whole + b"]"),
        ("wrong_type", dice.choice([b"null", b"1", b'"text"', b"[]", b"{}"])),
        ("encoding", whole.decode().encode("gbk")),
        ("encoding", whole.decode().encode("utf-16")),
        ("encoding", whole.replace("青山".encode(), b"\xed\xa0\xbd")),
        ("created_at", text_of(body | {"created_at": dice.choice([0, 1, 86_399])})),  # 1970
        ("created_at", text_of(body | {"created_at": 4_070_908_800 + dice.randrange(31_000_000)})),  # 2099
        ("created_at", text_of(body | {"created_at": now * 1000})),
        ("empty", b""),
        ("empty", None),
        ("identity", text_of(body | {"id": dice.choice(["", " ", "\t\n"])})),
        ("identity", text_of(body | {"platform": ""})),
        ("identity", text_of(body | {"id": "1" * 201})),
        ("field_too_long", text_of(body | {"parent_id": "1" * 100_000})),
        ("version", text_of(body | {"v": 2})),
    ]


def malformed(now: float) -> list[Bad]:
    """A thousand of them, shuffled; thirty are texts of a megabyte."""
    dice = random.Random(SEED)
    huge: list[Bad] = [
        ("text_too_long", text_of({"platform": "weibo", "id": f"huge-{n}", "text": t, "created_at": now}))
        for n, t in enumerate(["a" * 1_000_000, "茶" * 340_000, "茶" * 1_000_000] * 10)
    ]
    others = itertools.chain.from_iterable(kinds(dice, now) for _ in itertools.count())
    chosen = huge + list(itertools.islice(others, MALFORMED - len(huge)))
    dice.shuffle(chosen)
    return chosen


def interleaved(bad: list[Bad], now: float) -> Iterator[tuple[str | None, bytes | None]]:
    """Five malformed ones, a good one, and so on."""
    for number in range(GOOD):
        yield from bad[number * 5 : number * 5 + 5]
        yield None, good(number, now)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_thousand_malformed_messages_are_dead_lettered_and_stop_nothing(
    own_kafka: str, elasticsearch: str, tmp_path: Path
) -> None:
    cluster = Cluster(tmp_path, own_kafka, elasticsearch, f"malformed-{uuid.uuid4().hex[:8]}-", WATCHES)
    now = time.time() - 60
    with cluster.stopping():
        await asyncio.to_thread(cluster.command, "setup")
        worker = cluster.start("worker")
        expected = await send(own_kafka, interleaved(malformed(now), now))
        assert len(expected) == MALFORMED
        index = cluster.index()
        await index.open()
        try:

            async def all_in() -> bool:
                counts = await index.counts()
                return counts["dead"] >= MALFORMED and counts["mentions"] >= GOOD

            await until("all dead letters and all good mentions in the index", all_in, 120, cluster)

            async def drained() -> bool:
                return await cluster.lag() == 0

            await until("nothing is left in Kafka", drained, 60, cluster)
            assert worker.poll() is None, cluster.logs()
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 40) == 0, cluster.logs()
            counts = await index.counts()
            found = await index.search(None, limit=10_000)
        finally:
            await index.close()
    assert (counts["dead"], counts["mentions"]) == (MALFORMED, GOOD)
    assert {m.mention_id for m in found} == {f"weibo:good-{n}" for n in range(GOOD)}
    assert all(m.watches == ["tea"] for m in found)
    letters = await dead_letters(own_kafka)
    assert len(letters) == MALFORMED
    assert {(d.topic, d.partition, d.offset): d.code for d in letters} == expected
    assert len(set(expected.values())) == 9, Counter(expected.values())
    assert all(d.reason and d.stage == "enrich" and len(d.payload) <= 2_000 for d in letters)


async def send(
    bootstrap: str, messages: Iterator[tuple[str | None, bytes | None]]
) -> dict[tuple[str, int, int], str]:
    """Send to ``mentions.raw``; return where each malformed one went, with its code."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, max_request_size=8_000_000, compression_type="gzip", linger_ms=20
    )
    await producer.start()
    try:
        keys = itertools.cycle(KEYS)
        sent = [
            (code, await producer.send("mentions.raw", data, b"gone" if data is None else next(keys)))
            for code, data in messages
        ]
        confirmed = [(code, await future) for code, future in sent]
    finally:
        await producer.stop()
    return {(at.topic, at.partition, at.offset): code for code, at in confirmed if code is not None}


async def dead_letters(bootstrap: str) -> list[DeadLetter]:
    """Return all of ``mentions.dead``."""
    consumer = AIOKafkaConsumer(
        "mentions.dead", bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        found: list[DeadLetter] = []
        while len(found) < sum(ends.values()):
            for records in (await consumer.getmany(timeout_ms=5_000)).values():
                found += [decode(r.value, DeadLetter) for r in records]
        return found
    finally:
        await consumer.stop()
