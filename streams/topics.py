"""Create the topics as configured, and say what differs: never by accident, never by a worker."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from config.language import Both
from config.settings import KafkaSettings, Topic

_DEFAULT_PORT: Final = 9092
_CONNECT_S: Final = 5.0
_KNOWN_S: Final = 10.0


class KafkaUnavailableError(Exception):
    """Kafka can't be reached or refuses; the message says where and what to do."""


@dataclass(frozen=True)
class TopicReport:
    """What was found or done for one topic."""

    name: str
    created: bool
    partitions: int
    problem: str | None = None


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the connection options that kafka-python's clients take."""
    options: dict[str, Any] = {
        "bootstrap_servers": [a.strip() for a in (settings.bootstrap or "").split(",")],
        "security_protocol": settings.security.upper(),
        "client_id": "fengsheng",
        "bootstrap_timeout_ms": 5_000,
        "request_timeout_ms": 15_000,
    }
    if settings.security.startswith("sasl"):
        options |= {
            "sasl_mechanism": "SCRAM-SHA-256",
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password.get_secret_value() if settings.password else None,
        }
    return options


def topic_configs(topic: Topic) -> dict[str, str]:
    """Return Kafka's own settings for a topic."""
    if topic.compact:
        return {"cleanup.policy": "compact"}
    return {"cleanup.policy": "delete", "retention.ms": str(int(topic.retention_hours * 3_600_000))}


def _admin(settings: KafkaSettings) -> KafkaAdminClient:
    options = client_options(settings)
    try:
        options["bootstrap_servers"] = _listening(options["bootstrap_servers"])
        return KafkaAdminClient(**options)
    except (KafkaError, OSError, ValueError) as error:
        raise KafkaUnavailableError(
            Both(
                f"{settings.bootstrap} 处没有 Kafka 应答（{type(error).__name__}）；请启动它，或改正 settings.yaml 的"
                " kafka.bootstrap 或环境变量 FENGSHENG_KAFKA__BOOTSTRAP",
                f"no Kafka answers at {settings.bootstrap} ({type(error).__name__}); start it, or correct"
                " kafka.bootstrap in settings.yaml or FENGSHENG_KAFKA__BOOTSTRAP",
            )
        ) from error


def _listening(addresses: Sequence[str]) -> list[str]:
    """Return those of the addresses that take a connection.

    kafka-python tries a closed port again for seconds and leaves a socket open each time,
    so it is not the one to find out.

    Raises
    ------
    OSError
        None does; the error is that of the last.
    ValueError
        An address is not ``host:port``.
    """
    refused: OSError | None = None
    listening = []
    for address in addresses:
        host, colon, port = address.rpartition(":")
        try:
            number = int(port) if colon else _DEFAULT_PORT
            socket.create_connection((host if colon else address, number), timeout=_CONNECT_S).close()
        except OSError as error:
            refused = error
        else:
            listening.append(address)
    if refused is not None and not listening:
        raise refused
    return listening


def _partitions(admin: KafkaAdminClient, names: list[str]) -> dict[str, int]:
    present = set(admin.list_topics())
    found = {}
    for entry in admin.describe_topics([name for name in names if name in present] or None):
        name = entry.get("topic") or entry.get("name")
        if name in names:
            found[str(name)] = len(entry["partitions"])
    return found


def existing(settings: KafkaSettings) -> dict[str, int]:
    """Return the partitions of those configured topics that exist.

    Raises
    ------
    KafkaUnavailableError
        Kafka does not answer.
    """
    admin = _admin(settings)
    try:
        return _partitions(admin, list(settings.topics))
    except KafkaError as error:
        raise KafkaUnavailableError(
            Both(
                f"{settings.bootstrap} 处的 Kafka 拒绝列出主题：{error}",
                f"Kafka at {settings.bootstrap} refused to describe topics: {error}",
            )
        ) from error
    finally:
        admin.close()


def create_topics(settings: KafkaSettings) -> list[TopicReport]:
    """Create the topics that are missing; leave the others and report a differing partition count.

    Raises
    ------
    KafkaUnavailableError
        Kafka does not answer or refuses to create a topic.
    """
    admin = _admin(settings)
    try:
        present = _partitions(admin, list(settings.topics))
        reports = []
        for name, topic in settings.topics.items():
            if name in present:
                reports.append(TopicReport(name, False, present[name], _difference(topic, present[name])))
                continue
            new = NewTopic(name, topic.partitions, settings.replication, topic_configs=topic_configs(topic))
            try:
                admin.create_topics([new])
            except TopicAlreadyExistsError:
                reports.append(TopicReport(name, False, topic.partitions))
                continue
            reports.append(TopicReport(name, True, topic.partitions))
        _until_known(admin, [report.name for report in reports if report.created])
        return reports
    except KafkaError as error:
        raise KafkaUnavailableError(
            Both(
                f"{settings.bootstrap} 处的 Kafka 没有建成主题：{error}。若 broker 数少于 kafka.replication"
                f"（{settings.replication}），请调低它",
                f"Kafka at {settings.bootstrap} did not create the topics: {error}. If it has fewer brokers than"
                f" kafka.replication ({settings.replication}), lower that",
            )
        ) from error
    finally:
        admin.close()


def _until_known(admin: KafkaAdminClient, names: list[str]) -> None:
    """Return when the broker describes what it has made: its metadata follow a moment later."""
    deadline = time.monotonic() + _KNOWN_S
    while len(_partitions(admin, names)) < len(names) and time.monotonic() < deadline:
        time.sleep(0.05)


def _difference(topic: Topic, partitions: int) -> str | None:
    if topic.partitions == partitions:
        return None
    return Both(
        f"有 {partitions} 个分区，配置写的是 {topic.partitions}：改动会使键换分区，所以保持原样；"
        "请改配置，或在没有工作进程运行时自行增加分区",
        f"has {partitions} partitions, settings say {topic.partitions}: keys would move, so it is left as is;"
        " change the settings, or add partitions yourself while no worker runs",
    )
