"""Drive real workers, as their own processes, against a real Kafka and Elasticsearch."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from config.settings import ElasticsearchSettings, RetentionSettings
from streams.index.elastic import ElasticIndex
from tests.alerting.slack_server import TOKEN

GROUP = "fengsheng"
CONSUMED = ("mentions.raw", "mentions.enriched", "mentions.scored", "incidents", "authors", "mentions.dead")
ROUTES = """\
receivers:
  - {name: pr, type: slack, channel: C0CRISIS}
routes:
  - receivers: [pr]
"""


class Cluster:
    """Commands and workers of one installation; everything it writes is under `folder`.

    `more` is added to their environment.
    """

    def __init__(
        self,
        folder: Path,
        kafka: str,
        elasticsearch: str,
        prefix: str,
        watches: str,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.kafka = kafka
        self.elasticsearch = elasticsearch
        self.prefix = prefix
        self._folder = folder
        self._workers: list[subprocess.Popen[bytes]] = []
        self._killed: list[subprocess.Popen[bytes]] = []
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "watches.yaml").write_text(watches, encoding="utf-8")
        (config / "routes.yaml").write_text(ROUTES, encoding="utf-8")
        self.environment = (
            os.environ
            | {
                "FENGSHENG_CONFIG": str(config),
                "FENGSHENG_DATA": str(folder / "data"),
                "FENGSHENG_KAFKA__BOOTSTRAP": kafka,
                "FENGSHENG_ELASTICSEARCH__URL": elasticsearch,
                "FENGSHENG_ELASTICSEARCH__PREFIX": prefix,
                "FENGSHENG_PRIVACY__PSEUDONYM_KEY": "a key for the tests",
                "OMP_NUM_THREADS": "1",
            }
            | dict(more or {})
        )

    def tell_slack(self, url: str) -> None:
        """Let pages go to the Slack at `url`."""
        self.environment |= {"FENGSHENG_SLACK__URL": url, "FENGSHENG_SLACK__TOKEN": TOKEN}

    def command(self, *arguments: str, within: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command of the product to its end; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "fengsheng", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=within, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that runs until it is stopped; its talk goes to a log file."""
        number = len(self._workers)
        with (self._folder / f"{arguments[0]}-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "fengsheng", *arguments],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._workers.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process without goodbye."""
        self._killed.append(process)
        process.kill()
        process.wait()

    def check(self) -> None:
        """Fail if a process has died that nobody killed."""
        for number, process in enumerate(self._workers):
            if process not in self._killed:
                status = process.poll()
                assert status is None, f"process {number} ended by itself with {status}\n{self.logs()}"

    def logs(self) -> str:
        """Return what all processes have said, for a failed test's message."""
        return "\n".join(
            f"== {p.name}\n{p.read_text(errors='replace')[-2000:]}"
            for p in sorted(self._folder.glob("*.log"))
        )

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Stop at the end what was started and still runs, by its process id."""
        try:
            yield
        finally:
            for process in self._workers:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
            for process in self._workers:
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def index(self) -> ElasticIndex:
        """Return the installation's index, not yet opened."""
        settings = ElasticsearchSettings(url=self.elasticsearch, prefix=self.prefix)
        return ElasticIndex(settings, RetentionSettings())

    async def lag(self) -> int:
        """Return how many messages the group has not committed; all of them before it has begun."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await admin.start()
        await consumer.start()
        try:
            committed = await admin.list_consumer_group_offsets(GROUP)
            topics = await admin.describe_topics(list(CONSUMED))
            parts = [TopicPartition(t["topic"], p["partition"]) for t in topics for p in t["partitions"]]
            ends = await consumer.end_offsets(parts)
        finally:
            await consumer.stop()
            await admin.close()
        return sum(
            max(0, end - max(0, committed[tp].offset if tp in committed else 0)) for tp, end in ends.items()
        )


async def until(what: str, holds: Callable[[], Awaitable[bool]], within: float, cluster: Cluster) -> None:
    """Wait until `holds`, asking again and again; fail after `within` seconds, or when a process has died."""
    end = time.monotonic() + within
    while not await holds():
        cluster.check()
        assert time.monotonic() < end, f"not within {within:.0f} s: {what}\n{cluster.logs()}"
        await asyncio.sleep(0.5)
