"""The whole system inside one process: broker, worker, index. The same agents as on a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fengsheng.configuration import Configuration
from fengsheng.pipeline import Deliver, Pipeline
from streams.broker import EmbeddedBroker
from streams.classifying import Classifier
from streams.feeds.cursor import Tracker
from streams.feeds.inflight import InFlight
from streams.feeds.kafka_sink import KafkaSink
from streams.feeds.private import PrivateSink
from streams.index.base import Index
from streams.masking import Pseudonymiser
from streams.stages.base import Counters

LIMIT: Final = InFlight(count=600, size=600_000)
"""What may be on its way: the embedded broker forgets beyond about 5 MB a partition."""

MOST_UNMEASURED: Final = 1_000


@dataclass
class Embedded:
    """The running system.

    Attributes
    ----------
    sink : where feeds put mentions; masked and pseudonymised before they reach the broker.
    tracker : confirmed once mentions are in the index.
    """

    pipeline: Pipeline
    sink: PrivateSink
    tracker: Tracker
    counters: Counters

    async def drained(self) -> None:
        """Return when everything sent is indexed, measured and told; raise what ended the worker.

        So is what an earlier run measured and was ended before it could tell.
        """
        worker, counters = self.pipeline.worker, self.counters
        await self._until(lambda: bool(worker.owned()))
        await self.pipeline.measuring.tick(worker.owned())
        await self._until(
            lambda: (
                not self.tracker.in_flight
                and counters.measured >= counters.scored
                and counters.delivered >= counters.transitions
            )
        )

    async def _until(self, holds: Callable[[], bool]) -> None:
        # Polled: the counters belong to four stages, and a drain happens once a run.
        failed = self.pipeline.worker.failed
        while not holds():
            if failed is not None and failed.done():
                raise failed.result()
            await asyncio.sleep(0.05)


@asynccontextmanager
async def embedded(
    configuration: Configuration,
    index: Index,
    classifier: Classifier,
    deliver: Deliver,
    pseudonyms: Pseudonymiser,
    clock: Callable[[], float],
    tracker: Tracker | None = None,
) -> AsyncIterator[Embedded]:
    """Start broker and worker around an opened index; stop them gracefully at the end.

    Every topic has one partition: one process has nobody to share with, and the order of
    arrival is kept.
    """
    topics = dict.fromkeys(configuration.settings.kafka.topics, 1)
    counters = Counters()
    tracker = tracker or Tracker()
    counters.settled = tracker.confirm
    async with EmbeddedBroker(topics) as broker:
        pipeline = Pipeline(
            configuration,
            index,
            classifier,
            deliver,
            pseudonyms,
            broker.bootstrap,
            topics,
            counters,
            clock,
            most_unmeasured=MOST_UNMEASURED,
            stores_at_once=True,
        )
        try:
            await pipeline.start()
        except FileNotFoundError:
            # Faust's folder went, with all of the data folder: then the index says what to do.
            await index.counts()
            raise
        try:
            async with KafkaSink(
                {"bootstrap_servers": broker.bootstrap, "compression_type": "gzip"},
                store=pipeline.publish,
                now=clock,
            ) as sink:
                yield Embedded(pipeline, PrivateSink(sink, pseudonyms), tracker, counters)
        finally:
            await pipeline.stop()
