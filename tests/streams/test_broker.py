"""The embedded broker speaks Kafka to real clients, honours partition counts, forgets, and stays local."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError

from streams.broker import (
    DEFAULT_PARTITIONS,
    PARTITION_BYTES,
    EmbeddedBroker,
    EmbeddedBrokerError,
)

FEW = 50


async def produce(bootstrap: str, topic: str, values: list[bytes], partition: int | None = None) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=2 * PARTITION_BYTES)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, partition=partition)
    finally:
        await producer.stop()


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id="reader", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return [(await asyncio.wait_for(consumer.getone(), 20)).value or b"" for _ in range(count)]
    finally:
        await consumer.stop()


async def earliest_and_end(bootstrap: str, topic: str) -> tuple[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        first = await consumer.beginning_offsets([partition])
        end = await consumer.end_offsets([partition])
        return first[partition], end[partition]
    finally:
        await consumer.stop()


async def test_records_come_back_over_the_real_protocol() -> None:
    values = [f"青山茶饮 {number}".encode() for number in range(FEW)]
    async with EmbeddedBroker({"mentions.raw": 3}) as broker:
        await produce(broker.bootstrap, "mentions.raw", values)
        assert sorted(await consume(broker.bootstrap, "mentions.raw", FEW)) == sorted(values)


async def test_a_faust_agent_runs_on_it_in_this_loop_and_commits(tmp_path: Path) -> None:
    values = [b"%d" % number for number in range(FEW)]
    async with EmbeddedBroker({"in": 1, "out": 1}) as broker:
        await produce(broker.bootstrap, "in", values)
        app = faust.App(
            "round-trip",
            broker=f"kafka://{broker.bootstrap}",
            store="memory://",
            datadir=str(tmp_path),
            web_enabled=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            table_standby_replicas=0,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=3.0,
            autodiscover=False,
            stream_wait_empty=True,
        )
        raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
        out = app.topic("out", **raw)

        async def forward(stream: faust.StreamT[bytes]) -> None:
            async for batch in stream.noack_take(10, within=0.05):
                await asyncio.gather(*[await out.send(value=event.value) for event in batch])
                for event in batch:
                    event.ack()

        app.agent(app.topic("in", **raw), name="forward")(forward)
        await app.start()
        try:
            assert await consume(broker.bootstrap, "out", FEW) == values
        finally:
            await app.stop()

        reader = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, group_id="round-trip")
        await reader.start()
        try:
            assert await reader.committed(TopicPartition("in", 0)) == FEW
        finally:
            await reader.stop()


async def test_topics_have_the_partitions_asked_for() -> None:
    async with EmbeddedBroker({"one": 1, "eight": 8}) as broker:
        broker.create_topics({"later": 5})
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
        await producer.start()
        try:
            counts = {
                name: len(await producer.partitions_for(name))
                for name in ("one", "eight", "later", "unasked")
            }
        finally:
            await producer.stop()
    assert counts == {"one": 1, "eight": 8, "later": 5, "unasked": DEFAULT_PARTITIONS}


async def test_a_restart_forgets_everything() -> None:
    broker = EmbeddedBroker({"kept": 1})
    async with broker:
        await produce(broker.bootstrap, "kept", [b"before"])
        assert await earliest_and_end(broker.bootstrap, "kept") == (0, 1)
    async with broker:
        assert await earliest_and_end(broker.bootstrap, "kept") == (0, 0)


async def test_a_full_partition_drops_its_oldest_batches_and_no_others() -> None:
    megabyte = b"x" * (1 << 20)
    async with EmbeddedBroker({"full": 1}) as broker:
        await produce(broker.bootstrap, "full", [megabyte] * 4, partition=0)
        assert await earliest_and_end(broker.bootstrap, "full") == (0, 4)
        await produce(broker.bootstrap, "full", [megabyte] * 3, partition=0)
        first, end = await earliest_and_end(broker.bootstrap, "full")
    assert end == 7
    assert 0 < first < 4


def listening(port: int) -> set[str]:
    """Local addresses on which this machine listens at `port`, from the kernel's own table."""
    addresses = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                addresses.add(address)
    return addresses


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc/net/tcp")
def test_it_listens_on_the_loopback_only() -> None:
    with EmbeddedBroker() as broker:
        host, _, port = broker.bootstrap.partition(":")
        assert host == "127.0.0.1"
        assert listening(int(port)) == {"0100007F"}


def test_the_port_is_closed_afterwards() -> None:
    with EmbeddedBroker() as broker:
        host, _, port = broker.bootstrap.partition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


async def test_two_brokers_do_not_see_each_other() -> None:
    async with EmbeddedBroker({"own": 1}) as first, EmbeddedBroker({"own": 1}) as second:
        assert first.bootstrap != second.bootstrap
        await produce(first.bootstrap, "own", [b"mine"])
        assert await earliest_and_end(second.bootstrap, "own") == (0, 0)


async def test_it_writes_nothing_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    async with EmbeddedBroker({"quiet": 2}) as broker:
        await produce(broker.bootstrap, "quiet", [b"one"])
        host, _, port = broker.bootstrap.partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            client.sendall(b"\xff\xff\xff\xffnot Kafka")
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


async def test_a_stopped_broker_refuses_clients() -> None:
    with EmbeddedBroker() as broker:
        bootstrap = broker.bootstrap
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    with pytest.raises(KafkaConnectionError):
        await producer.start()
    await producer.stop()


@pytest.mark.parametrize(
    ("topics", "message"),
    [({"none": 0}, "0 partitions asked"), ({"twice": 2}, "already exists")],
)
def test_bad_topics_are_named(topics: dict[str, int], message: str) -> None:
    with EmbeddedBroker({"twice": 1}) as broker, pytest.raises(EmbeddedBrokerError, match=message):
        broker.create_topics(topics)


def test_asking_a_broker_that_does_not_run_says_what_to_do() -> None:
    broker = EmbeddedBroker()
    with pytest.raises(EmbeddedBrokerError, match=r"call start\(\) first"):
        _ = broker.bootstrap
    with pytest.raises(EmbeddedBrokerError, match=r"call start\(\) first"):
        broker.create_topics({"any": 1})
    broker.close()


def test_a_bad_topic_at_start_leaves_nothing_running() -> None:
    broker = EmbeddedBroker({"none": 0})
    with pytest.raises(EmbeddedBrokerError, match="give 1 or more"):
        broker.start()
    with pytest.raises(EmbeddedBrokerError, match="not running"):
        _ = broker.bootstrap
