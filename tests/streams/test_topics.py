"""Topics are made as configured on a real Kafka, and what is there already is left alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from config.settings import KafkaSettings, Topic
from streams.topics import KafkaUnavailableError, client_options, create_topics, existing, topic_configs


def configs_of(bootstrap: str, topic: str) -> dict[str, str]:
    from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        admin.close()
    entries = found["topic"][topic]
    return {name: str(entry["value"]) for name, entry in entries.items()}


@pytest.fixture
def settings(kafka: str) -> Iterator[KafkaSettings]:
    from kafka.admin import KafkaAdminClient

    mark = uuid4().hex[:8]
    topics = {
        f"raw-{mark}": Topic(partitions=3, retention_hours=1.5),
        f"authors-{mark}": Topic(partitions=2, compact=True),
    }
    yield KafkaSettings(bootstrap=kafka, topics=topics)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        admin.delete_topics([name for name in admin.list_topics() if mark in name])
    finally:
        admin.close()


def test_missing_topics_are_made_with_their_partitions_retention_and_compaction(
    settings: KafkaSettings,
) -> None:
    raw, authors = settings.topics
    assert existing(settings) == {}
    assert {(r.name, r.created, r.partitions, r.problem) for r in create_topics(settings)} == {
        (raw, True, 3, None), (authors, True, 2, None),
    }  # fmt: skip
    assert existing(settings) == {raw: 3, authors: 2}
    made = configs_of(settings.bootstrap or "", raw)
    assert (made["cleanup.policy"], made["retention.ms"]) == ("delete", str(90 * 60 * 1000))
    assert configs_of(settings.bootstrap or "", authors)["cleanup.policy"] == "compact"
    assert {(r.name, r.created, r.problem) for r in create_topics(settings)} == {
        (raw, False, None), (authors, False, None),
    }  # fmt: skip


def test_another_partition_count_is_told_and_left(settings: KafkaSettings) -> None:
    create_topics(settings)
    raw, authors = settings.topics
    more = settings.model_copy(update={"topics": {**settings.topics, raw: Topic(partitions=5)}})
    report = {r.name: r for r in create_topics(more)}
    assert (report[raw].created, report[raw].partitions) == (False, 3)
    assert "has 3 partitions, settings say 5" in (report[raw].problem or "")
    assert report[authors].problem is None
    assert existing(settings)[raw] == 3


def test_more_replicas_than_brokers_is_refused_with_what_to_do(settings: KafkaSettings) -> None:
    with pytest.raises(KafkaUnavailableError, match=r"kafka\.replication \(3\), lower that"):
        create_topics(settings.model_copy(update={"replication": 3}))
    assert existing(settings) == {}


def test_one_living_address_of_two_is_enough(settings: KafkaSettings, closed: str) -> None:
    both = settings.model_copy(update={"bootstrap": f"{closed}, {settings.bootstrap}"})
    assert existing(both) == {}


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where nothing listens: its port is taken, but refuses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("ask", [existing, create_topics])
def test_a_closed_port_is_told_at_once_with_what_to_do(ask: object, closed: str) -> None:
    begun = time.monotonic()
    with pytest.raises(KafkaUnavailableError) as caught:
        ask(KafkaSettings(bootstrap=closed))  # type: ignore[operator]
    assert time.monotonic() - begun < 3.0
    assert closed in str(caught.value)
    assert "FENGSHENG_KAFKA__BOOTSTRAP" in str(caught.value)


@pytest.mark.parametrize("bootstrap", ["127.0.0.1:port", "nowhere.invalid:9092", "127.0.0.1:99999999"])
def test_an_address_that_is_none_is_told(bootstrap: str) -> None:
    with pytest.raises(KafkaUnavailableError, match="no Kafka answers at"):
        existing(KafkaSettings(bootstrap=bootstrap))


@pytest.mark.parametrize(
    ("topic", "configs"),
    [
        (Topic(retention_hours=72), {"cleanup.policy": "delete", "retention.ms": "259200000"}),
        (Topic(retention_hours=0.5), {"cleanup.policy": "delete", "retention.ms": "1800000"}),
        (Topic(compact=True, retention_hours=1), {"cleanup.policy": "compact"}),
    ],
)
def test_a_topics_settings_are_kafkas(topic: Topic, configs: dict[str, str]) -> None:
    assert topic_configs(topic) == configs


def test_the_connection_follows_the_settings() -> None:
    plain = client_options(KafkaSettings(bootstrap="a:1, b:2"))
    assert plain["bootstrap_servers"] == ["a:1", "b:2"]
    assert plain["security_protocol"] == "PLAINTEXT"
    assert "sasl_plain_password" not in plain
    secured = client_options(
        KafkaSettings.model_validate({"security": "sasl_ssl", "username": "u", "password": "p"})
    )
    assert (secured["security_protocol"], secured["sasl_plain_username"], secured["sasl_plain_password"]) == (
        "SASL_SSL", "u", "p",
    )  # fmt: skip
