"""The Faust application: its settings, its consumer, its producer.

There are no tables: what a stage remembers is rebuilt from the index (`streams.stages`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faust

from config.settings import KafkaSettings
from streams.consuming import Consumer
from streams.stages.base import Outgoing, PublishError


class FaustPublisher:
    """Publishes through the app's own producer and waits for the brokers' acknowledgement."""

    def __init__(self, app: faust.App) -> None:
        self._topics: dict[str, Any] = {}
        self._app = app

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when the brokers have acknowledged all `messages`.

        Raises
        ------
        PublishError
            Some were not acknowledged.
        """
        try:
            sent = []
            for message in messages:
                topic = self._topics.get(message.topic)
                if topic is None:
                    topic = self._topics[message.topic] = raw_topic(self._app, message.topic)
                sent.append(await topic.send(key=message.key, value=message.value))
            await asyncio.gather(*sent)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise PublishError(f"{type(error).__name__}: {error}") from error


def raw_topic(app: faust.App, name: str) -> Any:
    """Return a topic whose keys and values are the bytes as they are."""
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


class _App(faust.App):  # type: ignore[misc]  # Faust's types are not checked here
    """A Faust app that reads by our consumer."""

    def _new_transport(self) -> Any:
        transport: Any = super()._new_transport()
        transport.Consumer = Consumer
        return transport


def make_app(
    kafka: KafkaSettings, bootstrap: str, credentials: Any = None, folder: Path | None = None
) -> faust.App:
    """Return the Faust app: no web server, no tables, topics never made by accident.

    A worker that dies without goodbye is noticed after the session timeout of 10 s;
    Faust's own default of 60 s leaves its partitions unread that long. Faust makes a folder for
    tables, of which there are none: it goes into `folder`.
    """
    return _App(
        kafka.group,
        broker=";".join(f"kafka://{address.strip()}" for address in bootstrap.split(",")),
        broker_credentials=credentials,
        store="memory://",
        **({} if folder is None else {"datadir": str(folder)}),
        web_enabled=False,
        autodiscover=False,
        worker_redirect_stdouts=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_replication_factor=kafka.replication,
        table_standby_replicas=0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=30.0,
        broker_commit_interval=0.5,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=4096,
        stream_wait_empty=False,
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_batch_size=262_144,
        producer_max_request_size=1_000_000,
        producer_compression_type="gzip",
    )
