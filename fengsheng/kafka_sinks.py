"""The sink of the commands that feed a Kafka cluster."""

from __future__ import annotations

from config.loading import ConfigError, Problem
from config.settings import KafkaSettings
from fengsheng.kafka_credentials import client_options
from streams.feeds.cursor import Tracker
from streams.feeds.kafka_sink import KafkaSink
from streams.masking import mask
from streams.topics import existing


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
        expected = "Kafka's address, for instance FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092 (without Kafka: fengsheng up)"
        raise ConfigError([Problem("settings", None, "kafka.bootstrap", "nothing", expected)])
    if missing := [name for name in settings.topics if name not in existing(settings)]:
        expected = f"the topics on {settings.bootstrap} (run: fengsheng setup)"
        raise ConfigError([Problem("Kafka", None, "", f"no topic {', '.join(missing)}", expected)])
    options = {
        "bootstrap_servers": settings.bootstrap,
        "compression_type": "gzip",
        **client_options(settings),
    }
    return KafkaSink(options, mask=mask, on_ack=tracker.confirm)
