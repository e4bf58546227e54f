"""Posts a second of the whole pipeline, of the model alone and of a no-op Faust agent, in one run.

    python -m benchmarks.throughput [--posts 3000] [--write]

The posts are the shipped scenario's, distinct texts only, so that no cache helps. The
pipeline is the embedded one (broker, worker and SQLite index in one process); `--write`
puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.records import Mention, encode
from config.settings import KafkaSettings
from fengsheng.configuration import load_configuration
from fengsheng.embedded import LIMIT, embedded
from fengsheng.indexes import open_index
from fengsheng.loading_models import load_classifier
from fengsheng.scenario import SCENARIO_WATCHES, load
from models.serving import Classifier
from streams.app import make_app
from streams.broker import EmbeddedBroker
from streams.feeds.kafka_sink import KafkaSink
from streams.feeds.replay import replay
from streams.masking import Pseudonymiser
from streams.stages.base import Incoming
from streams.worker import AgentPlan, Worker

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
MARK = "<!-- throughput -->"


def distinct_posts(most: int) -> list[Mention]:
    """Return the first `most` mentions of the scenario with distinct ids and texts."""
    seen: set[str] = set()
    posts = []
    for mention in load():
        if mention.text not in seen and mention.mention_id not in seen:
            seen |= {mention.text, mention.mention_id}
            posts.append(mention)
    return posts[:most]


class _Counting:
    """A stage that does nothing but count."""

    def __init__(self, total: int) -> None:
        self._left = total
        self.done = asyncio.Event()

    async def run(self, batch: Sequence[Incoming]) -> None:
        self._left -= len(batch)
        if self._left <= 0:
            self.done.set()


async def no_op(posts: Sequence[Mention]) -> float:
    """Return the seconds that a Faust agent which does nothing takes for `posts`, all of them waiting."""
    topics = {"mentions.raw": 1, "mentions.dead": 1, "authors": 1}
    async with EmbeddedBroker(topics) as broker:
        options: dict[str, Any] = {"bootstrap_servers": broker.bootstrap, "compression_type": "gzip"}
        async with KafkaSink(options) as sink:
            for post in posts:
                await sink.send(post)
        stage = _Counting(len(posts))
        worker = Worker(
            make_app(KafkaSettings(), broker.bootstrap),
            [AgentPlan("no-op", "mentions.raw", stage, 200, 0.2)],
            on_revoked=lambda: None,
        )
        await worker.start()
        begun = time.perf_counter()
        await stage.done.wait()
        seconds = time.perf_counter() - begun
        await worker.stop()
        return seconds


async def pipeline(posts: Sequence[Mention], classifier: Classifier, folder: Path) -> float:
    """Return the seconds from the first post sent to the last indexed, measured and told."""
    configuration = (
        load_configuration(watches=SCENARIO_WATCHES).with_data(folder).without_servers().replaying()
    )
    index = open_index(configuration.settings)
    await index.open()
    await index.setup()
    newest = max(post.created_at for post in posts)

    async def deliver(_: object) -> None:
        return None

    try:
        async with embedded(
            configuration, index, classifier, deliver, Pseudonymiser(b"benchmark"), lambda: newest
        ) as system:
            begun = time.perf_counter()
            await replay(posts, system.sink, tracker=system.tracker, limit=LIMIT)
            await system.drained()
            return time.perf_counter() - begun
    finally:
        await index.close()


def model_alone(posts: Sequence[Mention], classifier: Classifier) -> float:
    """Return the seconds that the classifier takes for the posts' texts."""
    begun = time.perf_counter()
    classifier.classify([post.text for post in posts])
    return time.perf_counter() - begun


def table(posts: int, seconds: dict[str, float]) -> str:
    """Return the figures as a Markdown table with rates against the model alone."""
    base = seconds["model alone"]
    rows = [f"| {name} | {posts / s:,.0f} | {base / s:.2f} |" for name, s in seconds.items()]
    return "\n".join(["| what | posts/s | of the model alone |", "| --- | ---: | ---: |", *rows])


def main() -> None:
    """Measure, print, and write on request."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    posts = distinct_posts(options.posts)
    settings = load_configuration().settings
    with tempfile.TemporaryDirectory() as folder:
        load_classifier(settings).classify(["预热"] * 8)
        seconds = {
            "model alone": model_alone(posts, load_classifier(settings)),
            "whole pipeline, embedded": asyncio.run(pipeline(posts, load_classifier(settings), Path(folder))),
            "no-op Faust agent": asyncio.run(no_op(posts)),
        }
    size = sum(len(encode(post)) for post in posts) / len(posts)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    text = f"{len(posts)} distinct posts, {size:.0f} bytes each; {machine}; {today}\n\n{table(len(posts), seconds)}"
    print(text)
    if options.write:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
        _, _, tail = rest.partition(MARK)
        PAGE.write_text(f"{head}{MARK}\n{text}\n{MARK}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
