"""The sink of the commands that feed a Kafka cluster."""

from __future__ import annotations

from typing import Final

from config.language import NOTHING, Both
from config.loading import ConfigError, Problem
from config.settings import KafkaSettings
from fengsheng.kafka_credentials import client_options
from streams.feeds.cursor import Tracker
from streams.feeds.kafka_sink import KafkaSink
from streams.topics import existing

KAFKA: Final = Both(
    "Kafka 的地址，如 FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092（不用 Kafka：fengsheng up）",
    "Kafka's address, for instance FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092 (without Kafka: fengsheng up)",
)
"""What to write where no Kafka is configured."""


def kafka_sink(settings: KafkaSettings, tracker: Tracker) -> KafkaSink:
    """Return the sink; a mention is safe, and its cursor moves, once all replicas have it.

    Raises
    ------
    ConfigError
        No Kafka is configured, or its topics have not been made.
    KafkaUnavailableError
        Kafka does not answer.
    """
    if settings.bootstrap is None:
        raise ConfigError([Problem("settings", None, "kafka.bootstrap", NOTHING, KAFKA)])
    if missing := [name for name in settings.topics if name not in existing(settings)]:
        where, names = settings.bootstrap, ", ".join(missing)
        found = Both(f"没有主题 {names}", f"no topic {names}")
        expected = Both(
            f"{where} 上有这些主题（请运行 fengsheng setup）", f"the topics on {where} (run: fengsheng setup)"
        )
        raise ConfigError([Problem("Kafka", None, "", found, expected)])
    options = {
        "bootstrap_servers": settings.bootstrap,
        "compression_type": "gzip",
        **client_options(settings),
    }
    return KafkaSink(options, on_ack=tracker.confirm)
