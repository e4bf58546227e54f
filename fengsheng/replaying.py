"""Replay mentions through the embedded system, with the live view, and say what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import typer

from alerting.backtest import WatchReport
from config.records import Author, Incident, Mention
from fengsheng.configuration import Configuration
from fengsheng.embedded import LIMIT, embedded
from fengsheng.indexes import open_index
from fengsheng.language import say, told
from fengsheng.live_view import LiveView
from fengsheng.output import fail, talk
from fengsheng.reporting import report_from
from fengsheng.running import first_of
from fengsheng.telling import make_delivery
from models.serving import Classifier
from streams.feeds.replay import replay as send_in_order
from streams.masking import Pseudonymiser

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Run:
    """What to replay: `speed` is event seconds a second, None as fast as it is taken."""

    configuration: Configuration
    mentions: Sequence[Mention]
    authors: Sequence[Author]
    speed: float | None
    title: str


@dataclass(frozen=True)
class Outcome:
    """What a run did: reports by watch, counts of the index, seconds of wall time."""

    watches: Mapping[str, WatchReport]
    counts: Mapping[str, int]
    seconds: float
    stopped: bool


def speed_of(value: float) -> float | None:
    """Return the pace of ``--speed``; 0 means no pace."""
    if value < 0:
        raise typer.BadParameter(
            say(
                f"{value:g} 小于 0；请给出每秒多少事件秒，0 为不限速",
                f"{value:g} is below 0; give event seconds a second, or 0 for no pace",
            )
        )
    return value or None


async def replay_embedded(
    plan: Run, classifier: Classifier, pseudonyms: Pseudonymiser, stop: asyncio.Event
) -> Outcome:
    """Run the embedded system over the mentions until all is indexed, measured and told."""
    begun = time.monotonic()
    configuration = plan.configuration.replaying()
    newest = max(mention.created_at for mention in plan.mentions)
    names = {watch.id: watch.name for watch in configuration.watches.watches}
    index = open_index(configuration.settings)
    await index.open()
    try:
        await index.setup()
        delivery = make_delivery(configuration, index)
        view: LiveView | None = None

        async def deliver(incident: Incident) -> None:
            if view is not None:
                view.note(incident)
            await delivery.deliver(incident)

        def clock() -> float:
            # A dump may lie in what this machine's clock thinks is the future.
            return max(time.time(), newest)

        async with embedded(configuration, index, classifier, deliver, pseudonyms, clock) as system:
            failed = system.pipeline.worker.failed
            assert failed is not None
            timezone = configuration.settings.timezone
            total = len({mention.mention_id for mention in plan.mentions})
            with LiveView(talk, plan.title, names, system.counters, timezone, total) as view:
                view.watch(system.pipeline.measuring.detectors)

                async def feed() -> None:
                    for author in plan.authors:
                        await system.sink.send_author(author)
                    await send_in_order(
                        plan.mentions,
                        system.sink,
                        speed=plan.speed,
                        tracker=system.tracker,
                        limit=LIMIT,
                        stop=stop,
                    )
                    await system.drained()

                async def look() -> None:
                    while True:
                        assert view is not None
                        view.look()
                        await asyncio.sleep(_LOOK_EVERY_S)

                await first_of(feed(), look(), stop.wait(), asyncio.shield(failed))
            if failed.done():
                error = failed.result()
                what = f"{type(error).__name__}: {told(error)}"
                fail(say(f"无法继续（{what}）", f"the worker can't go on ({what})"))
        reports = await report_from(index, names)
        counts = await index.counts()
    finally:
        await index.close()
    return Outcome(reports, counts, time.monotonic() - begun, stop.is_set())
