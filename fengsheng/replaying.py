"""Replay mentions through the embedded system, with the live view, and say what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import typer

from alerting.backtest import WatchReport
from config.records import Author, Incident, Mention
from fengsheng.configuration import Configuration
from fengsheng.embedded import LIMIT, embedded
from fengsheng.indexes import open_index
from fengsheng.language import say, told
from fengsheng.live_view import LiveView
from fengsheng.output import fail, talk, warn
from fengsheng.reporting import held, report_from
from fengsheng.running import first_of
from fengsheng.telling import make_delivery
from models.serving import Classifier
from streams.feeds.formats import Rejected
from streams.feeds.replay import replay as send_in_order
from streams.feeds.store import CursorsBusy, CursorStore
from streams.index.base import IndexLost
from streams.masking import Pseudonymiser

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Run:
    """What to replay.

    Attributes
    ----------
    rejected : lines that become dead letters.
    speed : event seconds a second, None as fast as it is taken.
    clock : epoch seconds, by which mentions from the future are refused.
    """

    configuration: Configuration
    mentions: Sequence[Mention]
    authors: Sequence[Author]
    rejected: Sequence[Rejected]
    speed: float | None
    title: str
    clock: Callable[[], float] = time.time


@dataclass(frozen=True)
class Outcome:
    """What a run did, whatever its data folder held before.

    Attributes
    ----------
    watches : reports by watch.
    posts, dead : mentions of the run in the index, and its dead letters.
    before : mentions that the index held when it began.
    seconds : of wall time.
    """

    watches: Mapping[str, WatchReport]
    posts: int
    dead: int
    before: int
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
    """Run the embedded system over the mentions until all is indexed, measured and told.

    Ends the command if another process works in the data folder.
    """
    try:
        # The lock that `up` takes: two workers on one index would each judge a half, and page twice.
        with CursorStore(plan.configuration.settings.data / "feed-cursors.json"):
            return await _replay(plan, classifier, pseudonyms, stop)
    except CursorsBusy as error:
        fail(error)


async def _replay(
    plan: Run, classifier: Classifier, pseudonyms: Pseudonymiser, stop: asyncio.Event
) -> Outcome:
    begun = time.monotonic()
    configuration = plan.configuration.replaying()
    names = {watch.id: watch.name for watch in configuration.watches.watches}
    index = open_index(configuration.settings)
    await index.open()
    try:
        await index.setup()
        before = await held(index, names)
        _warn_of(before.posts, configuration)
        delivery = make_delivery(configuration, index)
        view: LiveView | None = None

        async def deliver(incident: Incident) -> None:
            if view is not None:
                view.note(incident)
            await delivery.deliver(incident)

        sent = 0

        def on_sent(number: int, _: Mention) -> None:
            nonlocal sent
            sent = number

        async with embedded(configuration, index, classifier, deliver, pseudonyms, plan.clock) as system:
            failed = system.pipeline.worker.failed
            assert failed is not None
            timezone = configuration.settings.timezone
            total = len({mention.mention_id for mention in plan.mentions})
            with LiveView(talk, plan.title, names, system.counters, timezone, total) as view:
                view.watch(system.pipeline.measuring.detectors)

                async def feed() -> None:
                    for one in plan.rejected:
                        await system.sink.reject(one)
                        system.counters.dead += 1
                    for author in plan.authors:
                        await system.sink.send_author(author)
                    await send_in_order(
                        plan.mentions,
                        system.sink,
                        speed=plan.speed,
                        tracker=system.tracker,
                        limit=LIMIT,
                        stop=stop,
                        on_sent=on_sent,
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
                if isinstance(error, IndexLost):
                    raise error
                what = f"{type(error).__name__}: {told(error)}"
                fail(say(f"无法继续（{what}）", f"the worker can't go on ({what})"))
        ids = (mention.mention_id for mention in plan.mentions[:sent])
        reports, posts = await report_from(index, names, ids, before)
    finally:
        await index.close()
    seconds = time.monotonic() - begun
    return Outcome(reports, posts, system.counters.dead, before.posts, seconds, stop.is_set())


def _warn_of(posts: int, configuration: Configuration) -> None:
    if posts:
        data = configuration.settings.data
        warn(
            say(
                f"{data} 里已有 {posts} 条帖子：这次接着它们判断，比它们早的帖子可能算作迟到；下面只报这一次的结果。"
                "要单独看这份数据，请换一个新的数据目录（replay --data，demo --keep）",
                f"{data} holds {posts} posts already: this run is judged on top of them, and posts older than they"
                " may count as late; what is reported is of this run alone. To see this data by itself, name a new"
                " data folder (replay --data, demo --keep)",
            )
        )
