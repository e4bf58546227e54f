"""A Kafka-protocol broker inside this process, for a laptop without servers.

librdkafka, which the confluent-kafka wheel carries, holds a small Kafka cluster in memory for its own
tests. It speaks the real protocol on a real socket, so the very same Faust agents run on it as on a Kafka
cluster. What differs from a real one, and what callers must live with:

- It **forgets everything** when it is closed: records, groups and committed offsets.
- A partition keeps its newest `PARTITION_BYTES` of record batches (as sent, so compressed counts
  compressed) and at most `PARTITION_BATCHES` batches; older ones vanish without a word, so a producer has
  to keep its lag below that.
- A batch so large that it pushes out all others (above about half of `PARTITION_BYTES`) can push itself
  out too: keep batches at 1 MB or less.
- One member a consumer group: a second one that joins makes it refuse SyncGroup, again and again.
- It has no CreateTopics, so topics are made by `EmbeddedBroker.create_topics`. A topic first named by a
  client is made by itself with `DEFAULT_PARTITIONS` partitions.
- No compaction, no retention by time, no access control: it listens on 127.0.0.1 only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

PARTITION_BYTES: Final = 5 * 1024 * 1024
"""Bytes of record batches that a partition keeps (`max_size` in librdkafka's `rdkafka_mock.c`)."""

PARTITION_BATCHES: Final = 100_000
"""Record batches that a partition keeps (`max_cnt` in librdkafka's `rdkafka_mock.c`)."""

DEFAULT_PARTITIONS: Final = 4
"""Partitions of a topic that nobody created."""

_RD_KAFKA_PRODUCER: Final = 0
_ERRSTR_BYTES: Final = 512


class EmbeddedBrokerError(RuntimeError):
    """The broker inside the process could not be started, or was asked for something it cannot do."""


def _library() -> ctypes.CDLL:
    """Load the librdkafka of the confluent-kafka wheel, with the signatures used here declared.

    The Python client offers no way to set a topic's partition count on the built-in cluster
    (`test.mock.num.brokers` starts one, but its CreateTopics is not implemented); the C functions of
    librdkafka's public header `rdkafka_mock.h` do.
    """
    import confluent_kafka

    package = Path(confluent_kafka.__file__).parent
    folders = (package.parent / "confluent_kafka.libs", package / ".dylibs", package.parent)
    found = [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.glob("*rdkafka*"))
        if path.suffix in {".so", ".dylib", ".dll"} or ".so." in path.name
    ]
    candidates = [path for path in found if "++" not in path.name]
    if not candidates:
        raise EmbeddedBrokerError(
            f"no librdkafka found beside {package}: the embedded broker needs a binary wheel of "
            "confluent-kafka (pip install --only-binary confluent-kafka confluent-kafka), "
            "or point the settings at a real Kafka"
        )
    library = ctypes.CDLL(str(candidates[0]))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, ()),
        ("rd_kafka_conf_set", number, (pointer, text, text, text, ctypes.c_size_t)),
        ("rd_kafka_conf_set_log_cb", None, (pointer, pointer)),
        ("rd_kafka_conf_destroy", None, (pointer,)),
        ("rd_kafka_new", pointer, (number, pointer, text, ctypes.c_size_t)),
        ("rd_kafka_destroy", None, (pointer,)),
        ("rd_kafka_err2str", text, (number,)),
        ("rd_kafka_mock_cluster_new", pointer, (pointer, number)),
        ("rd_kafka_mock_cluster_destroy", None, (pointer,)),
        ("rd_kafka_mock_cluster_bootstraps", text, (pointer,)),
        ("rd_kafka_mock_topic_create", number, (pointer, text, number, number)),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, (pointer, ctypes.c_int32)),
    ):
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise EmbeddedBrokerError(
                f"{candidates[0].name} has no {name}: use confluent-kafka 2.10 or later, or a real Kafka"
            ) from error
        function.restype = result
        function.argtypes = arguments
    return library


class EmbeddedBroker:
    """One in-memory Kafka broker on a free port of 127.0.0.1, alive between `start` and `close`.

    Use it as a context manager, `with` or `async with`; starting takes a few milliseconds and blocks
    nothing worth a thread. It runs in threads of librdkafka, beside any event loop.

    Parameters
    ----------
    topics
        Topic names with their partition counts, created at start.
    rebalance_delay_ms
        How long, in milliseconds, the broker waits for more members before it answers the first members
        of a new consumer group. Real Kafka and librdkafka wait 3000; one process needs no waiting.

    Examples
    --------
    >>> with EmbeddedBroker({"mentions.raw": 8}) as broker:
    ...     broker.bootstrap.startswith("127.0.0.1:")
    True
    """

    def __init__(self, topics: Mapping[str, int] | None = None, *, rebalance_delay_ms: int = 0) -> None:
        self._wanted = dict(topics or {})
        self._rebalance_delay_ms = rebalance_delay_ms
        self._library: ctypes.CDLL | None = None
        self._client: int | None = None
        self._cluster: int | None = None
        self._bootstrap = ""

    @property
    def bootstrap(self) -> str:
        """Address for clients, `127.0.0.1:port`.

        Raises
        ------
        EmbeddedBrokerError
            If the broker is not running.
        """
        if self._cluster is None:
            raise EmbeddedBrokerError("the embedded broker is not running: call start() first")
        return self._bootstrap

    def start(self) -> None:
        """Start the broker and create the topics; does nothing if it runs already.

        Raises
        ------
        EmbeddedBrokerError
            If librdkafka is missing or refuses to start.
        """
        if self._cluster is not None:
            return
        library = self._library = _library()
        error = ctypes.create_string_buffer(_ERRSTR_BYTES)
        conf = library.rd_kafka_conf_new()
        # Without a log callback librdkafka is silent; its own default writes to stderr, over the live view.
        library.rd_kafka_conf_set_log_cb(conf, None)
        client = library.rd_kafka_new(_RD_KAFKA_PRODUCER, conf, error, len(error))
        if not client:
            library.rd_kafka_conf_destroy(conf)
            raise EmbeddedBrokerError(f"librdkafka did not start: {error.value.decode(errors='replace')}")
        cluster = library.rd_kafka_mock_cluster_new(client, 1)
        if not cluster:
            library.rd_kafka_destroy(client)
            raise EmbeddedBrokerError("librdkafka could not open a listening port on 127.0.0.1")
        self._client, self._cluster = client, cluster
        self._bootstrap = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, self._rebalance_delay_ms)
        try:
            self.create_topics(self._wanted)
        except EmbeddedBrokerError:
            self.close()
            raise

    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Create topics that no client has named yet.

        Parameters
        ----------
        topics
            Topic names with their partition counts, each 1 or more.

        Raises
        ------
        EmbeddedBrokerError
            If the broker is not running, a count is below 1, or a topic exists already.
        """
        if self._cluster is None or self._library is None:
            raise EmbeddedBrokerError("the embedded broker is not running: call start() first")
        for name, partitions in topics.items():
            if partitions < 1:
                raise EmbeddedBrokerError(f"topic {name!r}: {partitions} partitions asked, give 1 or more")
            code = self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)
            if code:
                reason = self._library.rd_kafka_err2str(code).decode(errors="replace")
                raise EmbeddedBrokerError(f"topic {name!r} could not be created: {reason}")

    def close(self) -> None:
        """Stop the broker and forget all it held; clients still connected see the connection close.

        Stop producers and consumers first. Calling it again does nothing.
        """
        cluster, client = self._cluster, self._client
        self._cluster = self._client = None
        if self._library is None or cluster is None:
            return
        self._library.rd_kafka_mock_cluster_destroy(cluster)
        self._library.rd_kafka_destroy(client)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
