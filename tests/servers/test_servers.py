"""The real servers answer the clients that the product uses, and starting them fails clearly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_bulk
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaTimeoutError

from tests.servers import fixtures
from tests.servers.install import STACK, install
from tests.servers.java import ServerMissingError, find_java
from tests.servers.launch import kafka_answers, start_elasticsearch, start_kafka
from tests.servers.process import HOST, free_port, is_free, start, stop

ROOT = Path(__file__).parents[2]


def new_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:8]}"


def test_kafka_carries_records_within_a_group(kafka: str) -> None:
    topic = new_name("round-trip")
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics(
        [NewTopic(name=topic, num_partitions=2, replication_factor=1)], wait_for_metadata=True
    )
    try:
        with KafkaProducer(bootstrap_servers=kafka) as producer:
            for number in range(20):
                producer.send(topic, key=str(number).encode(), value=f"奶茶 {number}".encode())
            producer.flush(timeout=30)
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=kafka,
            group_id=topic,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
        )
        values: set[str] = set()
        until = time.monotonic() + 30
        while len(values) < 20 and time.monotonic() < until:
            for records in consumer.poll(timeout_ms=1000).values():
                values |= {record.value.decode() for record in records}
        consumer.close()
        assert values == {f"奶茶 {number}" for number in range(20)}
    finally:
        admin.delete_topics([topic])
        admin.close()


def test_kafka_makes_no_topic_by_accident(kafka: str) -> None:
    topic = new_name("never-made")
    with (
        KafkaProducer(bootstrap_servers=kafka, max_block_ms=1500) as producer,
        pytest.raises(KafkaTimeoutError),
    ):
        producer.send(topic, b"lost").get(timeout=5)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        assert topic not in admin.list_topics()
    finally:
        admin.close()


async def test_elasticsearch_indexes_and_searches(elasticsearch: str) -> None:
    index = new_name("mentions")
    async with AsyncElasticsearch(elasticsearch) as client:
        await client.indices.create(
            index=index,
            mappings={
                "dynamic": "strict",
                "properties": {
                    "words": {"type": "text", "analyzer": "whitespace"},
                    "emotion": {"type": "keyword"},
                },
            },
        )
        try:
            posts = [("1", "奶茶 喝出 虫子", "angry"), ("2", "奶茶 好喝", "happy"), ("3", "天气 好", "happy")]
            actions = [
                {"_index": index, "_id": identity, "words": words, "emotion": emotion}
                for identity, words, emotion in posts
            ]
            done, failed = await async_bulk(client, actions, refresh="wait_for")
            assert (done, failed) == (3, [])
            found = await client.search(
                index=index,
                query={"match": {"words": "奶茶"}},
                aggs={"emotions": {"terms": {"field": "emotion"}}},
            )
            assert {hit["_id"] for hit in found["hits"]["hits"]} == {"1", "2"}
            counts = {
                bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["emotions"]["buckets"]
            }
            assert counts == {"angry": 1, "happy": 1}
        finally:
            await client.indices.delete(index=index)


def installed_or_refuse() -> None:
    try:
        find_java()
        install()
    except ServerMissingError as missing:
        fixtures.refuse(str(missing))


def test_a_person_starts_kafka_stops_it_and_finds_the_data_again(tmp_path: Path) -> None:
    installed_or_refuse()
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.servers",
        "--kafka-only",
        "--data",
        tmp_path,
        "--kafka-port",
        port,
    ]
    with subprocess.Popen(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        assert run.stdout is not None
        said = ""
        for line in run.stdout:
            said += line
            if "Ctrl-C stops" in line:
                break
        assert f"export FENGSHENG_KAFKA__BOOTSTRAP={HOST}:{port}\n" in said
        assert kafka_answers(f"{HOST}:{port}")
        admin = KafkaAdminClient(bootstrap_servers=f"{HOST}:{port}")
        admin.create_topics([NewTopic(name="kept", num_partitions=1, replication_factor=1)])
        admin.close()
        run.send_signal(signal.SIGINT)
        rest, _ = run.communicate(timeout=60)
    assert (run.returncode, rest) == (0, "Stopped.\n")
    assert is_free(port)

    with start_kafka(tmp_path / "kafka") as server:
        admin = KafkaAdminClient(bootstrap_servers=server.address)
        assert admin.list_topics() == ["kept"]
        admin.close()
    assert not kafka_answers(server.address)


def test_a_port_that_is_taken_is_named(kafka: str, tmp_path: Path) -> None:
    port = kafka.rpartition(":")[2]
    run = subprocess.run(
        [sys.executable, "-m", "tests.servers", "--kafka-only", "--data", tmp_path, "--kafka-port", port],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr == f"port {port} of 127.0.0.1 is taken: choose another, or leave the option away\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must give Elasticsearch to another user")
def test_root_is_told_of_a_folder_that_elasticsearch_cannot_reach(tmp_path: Path) -> None:
    installed_or_refuse()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    with pytest.raises(PermissionError, match="closed to 'nobody': choose a folder that is open"):
        start_elasticsearch(closed / "elasticsearch")


def test_a_server_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    dying = [sys.executable, "-c", "print('the disk is on fire'); raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match=r"(?s)Toy ended with status 3 before .*the disk is on fire"):
        start("Toy", "nowhere", dying, log=tmp_path / "log", ready=lambda: False, deadline_s=30)


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    hanging = [sys.executable, "-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"]
    log = tmp_path / "log"
    with pytest.raises(RuntimeError, match=r"Toy did not answer at nowhere within 1 s"):
        start("Toy", "nowhere", hanging, log=log, ready=lambda: False, deadline_s=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text("utf-8")), 0)


def test_a_process_that_will_not_end_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    )
    log = tmp_path / "log"
    server = start(
        "Toy",
        "nowhere",
        [sys.executable, "-c", deaf],
        log=log,
        ready=lambda: log.stat().st_size > 0,
        deadline_s=30,
    )
    stop(server.process, patience_s=0.2)
    assert server.process.returncode == -signal.SIGKILL


def test_a_second_install_needs_no_maven(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_or_refuse()
    monkeypatch.setenv("PATH", "")
    again = install()
    assert again.elasticsearch_home.is_relative_to(STACK)
    assert any(jar.name.startswith("kafka_2.13-4.") for jar in again.kafka_jars.glob("*.jar"))


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerMissingError, match="mvn is not on the PATH"):
        install(tmp_path / "stack")
    with pytest.raises(ServerMissingError, match="java is not on the PATH"):
        find_java()


@pytest.mark.skipif(shutil.which("mvn") is None, reason="real server missing: mvn is not on the PATH")
def test_a_failed_download_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "unpacking").mkdir()
    (tmp_path / "unpacking" / "half.jar").touch()
    monkeypatch.setenv("MAVEN_OPTS", "-Xmx1")  # no Java starts with one byte
    with pytest.raises(RuntimeError, match="Maven could not fetch the test servers"):
        install(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"lock"}


def test_a_missing_server_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fixtures.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^real server missing: no java$"):
        fixtures.refuse("no java")
    monkeypatch.setenv(fixtures.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="real server missing: no java"):
        fixtures.refuse("no java")


def test_a_given_server_that_does_not_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{HOST}:{free_port()}"
    monkeypatch.setenv(fixtures.GIVEN_KAFKA, address)
    with pytest.raises(
        pytest.fail.Exception, match=f"{fixtures.GIVEN_KAFKA}={address}: nothing answers there"
    ):
        next(fixtures.serve(fixtures.GIVEN_KAFKA, kafka_answers, start_kafka))
