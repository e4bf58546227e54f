"""What people write into the index reaches the detectors: soon, once, and also after a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec
import pytest

from alerting.detector import Detector
from config.records import (
    Act,
    ActKind,
    Incident,
    IncidentState,
    Level,
    ScoredMention,
    Silence,
    Transition,
    decode,
)
from streams.index.base import IndexUnavailable
from streams.index.sqlite import SqliteIndex
from streams.stages.base import INCIDENTS, Counters
from streams.stages.measure import MeasureStage
from streams.stages.people import EVERY_S, People
from tests.alerting.timeline import DEFAULT, WATCH, Story
from tests.streams.stages.making import MemoryPublisher
from tests.streams.stages.test_measure import LIVE_WITHIN, messages, said

COMPANY = WATCH.model_copy(update={"id": "company", "name": "青山集团"})
PRODUCT = WATCH.model_copy(update={"parent": "company"})


@pytest.fixture(scope="module")
def rise() -> list[ScoredMention]:
    return said(Story().talk(5, 4, 0.08).talk(8, 45, 0.7))


class Desk:
    """A stage whose clock stands at the newest post and is moved by hand."""

    def __init__(self, index: SqliteIndex, now: float, product: bool = False) -> None:
        self.now = now
        self.index = index
        self.publisher = MemoryPublisher()
        watch = PRODUCT if product else WATCH
        self.watches = {watch.id: watch, COMPANY.id: COMPANY}
        self.stage = self._stage()

    def _stage(self) -> MeasureStage:
        return MeasureStage(
            self.watches, lambda watch: Detector(watch, DEFAULT), Detector.lookback(DEFAULT), self.index,
            self.publisher, Counters(), lambda: self.now, LIVE_WITHIN,
        )  # fmt: skip

    def restart(self) -> None:
        self.stage = self._stage()
        self.publisher.messages.clear()

    async def measure(self, mentions: list[ScoredMention]) -> None:
        await self.index.write_mentions(mentions)
        await self.stage.run(messages(mentions))

    async def tick(self, later: float = EVERY_S) -> list[Incident]:
        """Let time pass; return the transitions that it brought."""
        self.now += later
        before = len(self.publisher.messages)
        await self.stage.tick([WATCH.id])
        return [decode(m.value, Incident) for m in self.publisher.messages[before:] if m.topic == INCIDENTS]

    def told(self) -> list[Incident]:
        return [decode(m.value, Incident) for m in self.publisher.of(INCIDENTS)]


def act(incident: Incident, kind: ActKind, at: float) -> Act:
    return Act(id=f"a-{kind}", kind=kind, incident_id=incident.id, watch=incident.watch, by="@lead", at=at)


async def test_an_act_is_applied_at_the_next_look_stored_published_and_not_again(
    index: SqliteIndex, rise: list[ScoredMention]
) -> None:
    desk = Desk(index, rise[-1].created_at)
    await desk.measure(rise)
    [firing] = await index.incidents(WATCH.id)
    await index.write_acts([act(firing, ActKind.ACKNOWLEDGE, desk.now)])
    told = await desk.tick()
    assert told[0].acknowledged_by == "@lead"
    stored = await index.incident(firing.id)
    assert stored is not None
    assert stored.acknowledged_by == "@lead"
    for _ in range(3):
        await desk.tick()
    desk.restart()
    await desk.tick()
    stored = await index.incident(firing.id)
    assert stored is not None
    assert [e.act for e in stored.audit].count("a-acknowledge") == 1


async def test_what_was_done_while_no_worker_ran_is_applied_when_one_comes(
    index: SqliteIndex, rise: list[ScoredMention]
) -> None:
    desk = Desk(index, rise[-1].created_at)
    await desk.measure(rise)
    [firing] = await index.incidents(WATCH.id)
    await index.write_acts([act(firing, ActKind.RESOLVE, desk.now - 5 * 86_400)])  # long ago
    desk.restart()
    told = await desk.tick()
    assert told[-1].transition is Transition.RESOLVED
    assert told[-1].closed_by == "@lead"


async def test_an_act_on_a_stranger_is_told_once_and_stops_nothing(
    index: SqliteIndex, rise: list[ScoredMention], caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(index, rise[-1].created_at)
    await desk.measure(rise)
    [firing] = await index.incidents(WATCH.id)
    stranger = msgspec.structs.replace(act(firing, ActKind.RESOLVE, desk.now), incident_id="nosuch")
    await index.write_acts([stranger])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await desk.tick()
    assert caplog.text.count("'nosuch'") == 1


def silence(start: float, end: float) -> Silence:
    return Silence(
        id="s-1",
        author="@lead",
        reason="发布",
        starts_at=start,
        ends_at=end,
        created_at=start,
        watches=[WATCH.id],
    )


async def test_a_silence_is_known_before_the_first_post_is_measured(
    index: SqliteIndex, rise: list[ScoredMention]
) -> None:
    desk = Desk(index, rise[-1].created_at)
    end = rise[-1].created_at + 60
    await index.write_silences([silence(rise[0].created_at, end)])
    await desk.measure(rise)
    assert desk.told()[0].transition is Transition.FIRED
    assert {i.pages for i in desk.told()} == {0}
    later = [i for _ in range(30) for i in await desk.tick(5.0)]
    unmuted = [i for i in later if i.transition is Transition.UNMUTED]
    assert [i.pages for i in unmuted] == [1]
    assert unmuted[0].updated_at >= end


async def test_a_silence_of_years_ago_holds_for_the_posts_of_its_time(
    index: SqliteIndex, rise: list[ScoredMention]
) -> None:
    desk = Desk(index, rise[-1].created_at + 10 * 365 * 86_400)  # an old dump, read today
    await index.write_silences([silence(rise[0].created_at - 60, rise[-1].created_at + 86_400)])
    await desk.measure(rise)
    assert desk.told()
    assert {(i.pages, i.muted) for i in desk.told()} == {(0, "silence")}


@pytest.mark.parametrize("kind", ["firing", "resolved"])
async def test_an_incident_of_the_company_mutes_its_products(
    index: SqliteIndex, rise: list[ScoredMention], kind: str
) -> None:
    other = Desk(index, rise[-1].created_at)
    await other.measure(rise)
    [firing] = await index.incidents(WATCH.id)
    company = msgspec.structs.replace(
        firing, id="company-1", watch="company", level=Level.I, state=IncidentState(kind), sequence=99
    )
    await index.write_incidents([company])
    desk = Desk(index, rise[-1].created_at, product=True)
    told = await desk.tick(10.0)
    assert (told[-1].muted == "inhibited") is (kind == "firing")


async def test_while_the_index_is_away_nothing_is_heard_and_nothing_stops(index: SqliteIndex) -> None:
    class Away(SqliteIndex):
        async def acts(self, watch: str | None = None, since: float | None = None) -> list[Act]:
            raise IndexUnavailable("away")

    clock: Callable[[], float] = lambda: 0.0  # noqa: E731
    assert await People(Away("nowhere"), {}, clock).look() is None
    people = People(index, {}, clock)
    assert await people.look() is not None
    assert await people.look() is None  # not twice within EVERY_S
