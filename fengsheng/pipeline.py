"""Wire the stages of one worker: the same for a laptop and for a cluster."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alerting.detector import Detector
from config.records import Incident
from fengsheng.configuration import Configuration
from fengsheng.enrichers import make_enricher
from fengsheng.kafka_credentials import client_options
from streams.app import FaustPublisher, make_app
from streams.backlog import Backlog, Looks
from streams.classifying import Classifier
from streams.index.base import Index
from streams.masking import Pseudonymiser
from streams.merging import Merge
from streams.stages.base import (
    AUTHORS,
    DEAD,
    ENRICHED,
    INCIDENTS,
    RAW,
    SCORED,
    Counters,
    Incoming,
    Outgoing,
    Publisher,
)
from streams.stages.enrich import EnrichStage
from streams.stages.index import IndexStage
from streams.stages.measure import MeasureStage
from streams.stages.notify import NotifyStage
from streams.stages.ordering import Ordering
from streams.stages.store import AuthorsStage, DeadStage
from streams.threads import ThreadMemory
from streams.worker import AgentPlan, Stage, Worker

_log = logging.getLogger(__name__)

TICK_S: Final = 1.0
"""Most seconds between two looks at what is held."""

LIVE_S: Final = 30.0
"""A younger post is live and not held back, however little lateness the rules allow."""

Deliver = Callable[[Incident], Awaitable[object]]


class Pipeline:
    """One worker's stages, agents, timers and counters.

    Parameters
    ----------
    bootstrap : addresses of the brokers.
    partitions : partitions of each topic, as they are.
    deliver : tells the receivers of an incident; returns when all of them know.
    most_unmeasured : scored mentions that may wait for the measure stage before the index
        stage pauses; None never pauses. The embedded broker forgets what waits too long.
    stores_at_once : write dead letters and profiles to the index in place of their topics, before the
        mentions they came with count as safe: the embedded broker forgets them at exit.
    """

    def __init__(
        self,
        configuration: Configuration,
        index: Index,
        classifier: Classifier,
        deliver: Deliver,
        pseudonyms: Pseudonymiser,
        bootstrap: str,
        partitions: Mapping[str, int],
        counters: Counters | None = None,
        clock: Callable[[], float] = time.time,
        most_unmeasured: int | None = None,
        stores_at_once: bool = False,
        credentials: Any = None,
    ) -> None:
        settings = configuration.settings
        watches = configuration.watches.by_id()
        self.counters = counters or Counters()
        self.counters.hit_rate = lambda: classifier.hit_rate
        self._index = index
        self._clock = clock
        self._retention_every = settings.retention.check_hours * 3600
        self._retention: asyncio.Task[None] | None = None
        app = make_app(settings.kafka, bootstrap, credentials, _made(settings.data / "faust"))
        publisher: Publisher = FaustPublisher(app)
        if most_unmeasured is not None:
            publisher = _Paced(publisher, self.counters, most_unmeasured)
        dead = DeadStage(index, self.counters)
        if stores_at_once:
            publisher = _Storing(publisher, DEAD, dead)
        authors = AuthorsStage(index, pseudonyms, publisher, self.counters, clock)
        if stores_at_once:
            publisher = _Storing(publisher, AUTHORS, authors)
        self._publisher = publisher
        enricher = make_enricher(configuration, classifier, pseudonyms, settings.model)
        limits = settings.pipeline
        indexing = IndexStage(index, publisher, ThreadMemory(), self.counters, clock)
        used_rules = [configuration.rules_of(watch) for watch in watches.values()]
        tick = min(rules.tick for rules in used_rules)
        self._backlog: Backlog | None = None
        ordering: Ordering | None = None
        # One partition is read in the order of its log, by however many workers.
        if limits.hold and max(partitions[RAW], partitions[ENRICHED]) > 1:
            options = {"bootstrap_servers": bootstrap, **client_options(settings.kafka)}
            self._backlog = Backlog(options, settings.kafka.group, partitions, limits.earliest)
            lateness = max(LIVE_S, min(rules.allowed_lateness for rules in used_rules))
            ordering = Ordering(
                Merge(limits.hold, limits.hold_most, lateness), Looks(self._backlog.oldest), clock
            )
        self.measuring = MeasureStage(
            watches,
            lambda watch: Detector(watch, configuration.rules_of(watch), muting=configuration.muting),
            max(Detector.lookback(rules) for rules in used_rules),
            index,
            publisher,
            self.counters,
            clock,
            limits.live_within,
            ordering,
        )
        enriching = EnrichStage(enricher, index, publisher, limits, self.counters, clock)
        notifying = NotifyStage(deliver, publisher, self.counters, clock)

        def revoked() -> None:
            indexing.forget()
            self.measuring.forget()

        self.worker = Worker(
            app,
            [
                AgentPlan("enrich", RAW, enriching, limits.batch, limits.batch_within),
                AgentPlan("index", ENRICHED, indexing, limits.batch * 2, 0.1),
                AgentPlan("measure", SCORED, self.measuring, 200, 0.05),
                AgentPlan("notify", INCIDENTS, notifying, 20, 0.02, overlapping=100),
                AgentPlan("authors", AUTHORS, authors, 200, 1.0),
                AgentPlan("dead", DEAD, dead, 100, 1.0),
            ],
            on_revoked=revoked,
            tick=self.measuring.tick,
            watch_ids=list(watches),
            tick_every=min(tick, TICK_S) if ordering is not None else tick,
            partitions=partitions,
        )

    async def publish(self, topic: str, key: bytes, value: bytes) -> None:
        """Publish a message as the stages do; with `stores_at_once` some are in the index on return."""
        await self._publisher.publish([Outgoing(topic, key, value)])

    async def start(self) -> None:
        """Join the consumer group and start the timers."""
        await self.worker.start()
        self._retention = asyncio.create_task(self._drop_expired_forever(), name="fengsheng-retention")

    async def stop(self, within: float = 30.0) -> None:
        """Finish the batches in hand, commit, leave the group."""
        if self._retention is not None:
            self._retention.cancel()
            await asyncio.gather(self._retention, return_exceptions=True)
        await self.worker.stop(within)
        if self._backlog is not None:
            await self._backlog.close()

    async def _drop_expired_forever(self) -> None:
        # Not at the start: who has just fed an old dump shall have time to look at it, and a
        # restarted worker shall not take it away.
        while True:
            await asyncio.sleep(self._retention_every)
            try:
                for name in await self._index.drop_expired(self._clock()):
                    _log.warning("retention: dropped %s, kept for longer than settings.retention says", name)
            except Exception as error:
                _log.warning("retention could not run: %s", error)


def _made(folder: Path) -> Path:
    """Make Faust's folder, which holds nothing of ours; a data folder that can't be written is no reason to stop."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fengsheng-faust-"))
    return folder


class _Paced:
    """Holds scored mentions back while too many wait to be measured."""

    def __init__(self, publisher: Publisher, counters: Counters, most: int) -> None:
        self._publisher = publisher
        self._counters = counters
        self._most = most
        self._given = 0

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish, after a wait where the measure stage is behind."""
        scored = sum(1 for message in messages if message.topic == SCORED)
        if scored:
            while self._given - self._counters.measured > self._most:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await self._publisher.publish(messages)
        self._given += scored


class _Storing:
    """Gives messages of one topic to the stage that stores them, at once, the others to a publisher."""

    def __init__(self, publisher: Publisher, topic: str, stage: Stage) -> None:
        self._publisher = publisher
        self._topic = topic
        self._stage = stage

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when the stage has stored what is its own and the publisher has the rest."""
        # No partition and offset: these messages never were in a log.
        own = [Incoming(m.topic, -1, -1, m.key, m.value) for m in messages if m.topic == self._topic]
        if own:
            await self._stage.run(own)
        rest = [message for message in messages if message.topic != self._topic]
        if rest:
            await self._publisher.publish(rest)
