"""One detector a watch: what it decides is stored before it is published, and a restart changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import pytest

from alerting.detector import Detector
from config.records import (
    HourSummary,
    Incident,
    IncidentState,
    Match,
    MatchReason,
    Notification,
    NotificationState,
    ScoredMention,
    Signal,
    Transition,
    decode,
)
from streams.index.sqlite import SqliteIndex
from streams.stages.base import INCIDENTS, SCORED, SIGNALS, Counters, Incoming, Outgoing
from streams.stages.measure import FEED_DELAY_S, MeasureStage
from tests.alerting.timeline import DEFAULT, MINUTE, WATCH, Story
from tests.streams.stages.failing_index import FailingIndex
from tests.streams.stages.making import NOW, MemoryPublisher, incoming

LIVE_WITHIN = 3_600.0
MATCHES = [Match(watch=WATCH.id, reason=MatchReason.KEYWORD, keyword="青山茶饮")]


def said(story: Story) -> list[ScoredMention]:
    return [msgspec.structs.replace(m, matches=MATCHES) for m in story.mentions]


@pytest.fixture(scope="module")
def crisis() -> list[ScoredMention]:
    """Half an hour of ordinary talk, a crisis and its ebb."""
    return said(Story().talk(30, 4, 0.08).crisis(rise=5, peak=45, plateau=6))


def stage(
    index: SqliteIndex, publisher: MemoryPublisher, counters: Counters | None = None,
    clock: Callable[[], float] = lambda: NOW, detector: type[Detector] = Detector,
) -> MeasureStage:  # fmt: skip
    return MeasureStage(
        {WATCH.id: WATCH}, lambda watch: detector(watch, DEFAULT), Detector.lookback(DEFAULT), index, publisher,
        counters or Counters(), clock, LIVE_WITHIN,
    )  # fmt: skip


def messages(mentions: Sequence[ScoredMention]) -> list[Incoming]:
    return [incoming(msgspec.structs.replace(m, watch=WATCH.id), SCORED, WATCH.id.encode()) for m in mentions]


async def drive(
    index: SqliteIndex, publisher: MemoryPublisher, mentions: Sequence[ScoredMention],
    restarts: Sequence[int] = (), again: int = 0, size: int = 100,
) -> None:  # fmt: skip
    """Store and measure batch by batch; at a restart the last `again` mentions are read once more."""
    measuring = stage(index, publisher)
    for number, begin in enumerate(range(0, len(mentions), size)):
        await type(index).write_mentions(index, mentions[begin : begin + size])  # never away
        if number in restarts:
            measuring = stage(index, publisher)
            begin = max(0, begin - again)
        await measuring.run(messages(mentions[begin : number * size + size]))


async def outcome(index: SqliteIndex) -> tuple[list[Signal], list[Incident]]:
    return await index.signals(WATCH.id, 0.0, float("inf")), await index.incidents(WATCH.id)


def lasting(found: tuple[list[Signal], list[Incident]]) -> tuple[list[Signal], list[Incident]]:
    """Without what a restart may change: what Kafka gives again counts as late, and usual words are learnt anew."""
    signals, incidents = found
    plain = msgspec.structs.replace
    return [plain(s, late=0) for s in signals], [
        plain(i, signal=plain(i.signal, late=0), evidence=plain(i.evidence, terms=[])) for i in incidents
    ]


async def opened(path: Path) -> SqliteIndex:
    index = SqliteIndex(path)
    await index.open()
    return index


async def test_a_crisis_is_measured_stored_and_published(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    publisher = MemoryPublisher()
    await drive(index, publisher, crisis)
    signals, [incident] = await outcome(index)
    assert [decode(m.value, Signal) for m in publisher.of(SIGNALS)] == signals
    transitions = [decode(m.value, Incident) for m in publisher.of(INCIDENTS)]
    assert transitions[0].transition is Transition.FIRED
    assert transitions[-1] == incident
    assert [i.sequence for i in transitions] == list(range(1, len(transitions) + 1))
    assert {m.key for m in publisher.messages} == {WATCH.id.encode()}


async def test_restarts_give_the_same_as_a_run_without(
    tmp_path: Path, index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    whole, parts = MemoryPublisher(), MemoryPublisher()
    await drive(index, whole, crisis)
    other = await opened(tmp_path / "other.sqlite")
    await drive(other, parts, crisis, restarts=range(1, 99, 2), again=30)
    assert lasting(await outcome(other)) == lasting(await outcome(index))
    await other.close()
    told = [{decode(m.value, Incident).notification_key for m in p.of(INCIDENTS)} for p in (parts, whole)]
    assert told[0] == told[1]
    measured = [{decode(m.value, Signal).signal_id for m in p.of(SIGNALS)} for p in (parts, whole)]
    assert measured[0] == measured[1]


async def test_a_replayed_batch_changes_nothing(index: SqliteIndex, crisis: list[ScoredMention]) -> None:
    await index.write_mentions(crisis)
    measuring = stage(index, publisher := MemoryPublisher())
    await measuring.run(messages(crisis))
    before, published = await outcome(index), len(publisher.messages)
    await measuring.run(messages(crisis))
    assert await outcome(index) == before
    assert len(publisher.messages) == published


async def test_an_incident_is_in_the_index_before_anybody_is_told(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    class Checking(MemoryPublisher):
        async def publish(self, messages: Sequence[Outgoing]) -> None:
            await super().publish(messages)
            for message in messages:
                if message.topic == INCIDENTS:
                    told = decode(message.value, Incident)
                    stored = await index.incident(told.id)
                    assert stored is not None
                    assert stored.sequence >= told.sequence

    await drive(index, publisher := Checking(), crisis)
    assert publisher.of(INCIDENTS)


async def test_an_open_incident_is_published_again_after_a_restart(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    await drive(index, MemoryPublisher(), crisis[: len(crisis) // 2])
    [stored] = await index.incidents(WATCH.id)
    assert stored.state is IncidentState.FIRING
    await stage(index, publisher := MemoryPublisher(), clock=lambda: 0.0).tick([WATCH.id])
    # Nobody has been told of it: first as it was to be told, under that notification's own key.
    first, newest = [decode(m.value, Incident) for m in publisher.of(INCIDENTS)]
    assert first.notification_key == f"{stored.id}:1:fired"
    assert first.evidence == stored.evidence
    assert newest == stored
    sent = Notification(
        key=first.notification_key, incident_id=stored.id, receiver="pr", state=NotificationState.SENT, at=0.0,
        watch=stored.watch, transition=first.transition, page=True,
    )  # fmt: skip
    await index.save_notification(sent)
    await stage(index, publisher := MemoryPublisher(), clock=lambda: 0.0).tick([WATCH.id])
    assert [decode(m.value, Incident) for m in publisher.of(INCIDENTS)] == [stored]


async def test_neither_sinks_outage_loses_an_incident(
    tmp_path: Path, index: SqliteIndex, crisis: list[ScoredMention], pauses: list[float]
) -> None:
    await drive(index, MemoryPublisher(), crisis)
    away = FailingIndex(tmp_path / "away.sqlite", away=2)
    await away.open()
    await drive(away, publisher := MemoryPublisher(failures=3), crisis)
    assert lasting(await outcome(away)) == lasting(await outcome(index))
    await away.close()
    assert {i.sequence for i in (decode(m.value, Incident) for m in publisher.of(INCIDENTS))}
    assert len(pauses) >= 3 + 2 + 2 + 2


async def test_silence_resolves_a_live_incident(index: SqliteIndex, crisis: list[ScoredMention]) -> None:
    peak = crisis[: len(crisis) // 2]
    clock = [peak[-1].created_at]
    await index.write_mentions(peak)
    measuring = stage(index, publisher := MemoryPublisher(), clock=lambda: clock[0])
    await measuring.run(messages(peak))
    while clock[0] < peak[-1].created_at + 3_000:
        clock[0] += 60
        await measuring.tick([WATCH.id, "nobody"])
    [incident] = await index.incidents(WATCH.id)
    assert incident.state is IncidentState.RESOLVED
    told = [decode(m.value, Incident).transition for m in publisher.of(INCIDENTS)]
    assert told[-2:] == [Transition.RECOVERING, Transition.RESOLVED]
    live = measuring.detectors[WATCH.id]
    assert live.watermark == peak[-1].created_at


@pytest.mark.parametrize("clock", [NOW * 2, 0.0])
async def test_the_clock_does_not_move_a_replay_of_old_posts(
    index: SqliteIndex, crisis: list[ScoredMention], clock: float
) -> None:
    await index.write_mentions(crisis[:600])
    measuring = stage(index, publisher := MemoryPublisher(), clock=lambda: clock)
    await measuring.run(messages(crisis[:600]))
    before = len(publisher.messages)
    await measuring.tick([WATCH.id])
    assert len(publisher.messages) == before


async def test_a_watch_of_another_worker_is_not_ticked(index: SqliteIndex) -> None:
    measuring = stage(index, MemoryPublisher())
    await measuring.tick([])
    assert measuring.detectors == {}


async def test_ticks_leave_posts_on_their_way_the_time_to_arrive(index: SqliteIndex) -> None:
    asked: list[float] = []

    class Asked(Detector):
        def advance(self, now: float) -> list[Signal | Incident]:
            asked.append(now)
            return []

    [one] = said(Story().talk(1, 6, 0.0))[:1]
    measuring = stage(index, MemoryPublisher(), clock=lambda: one.created_at + 10, detector=Asked)
    await measuring.run(messages([one]))
    await measuring.tick([WATCH.id])
    assert asked == [one.created_at + 10 - FEED_DELAY_S]


async def test_after_forgetting_a_watch_is_restored_from_the_index(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    await index.write_mentions(crisis)
    measuring = stage(index, MemoryPublisher())
    await measuring.run(messages(crisis))
    before = await outcome(index)
    known = measuring.detectors[WATCH.id]
    measuring.forget()
    await measuring.run(messages(crisis[-20:]))
    assert measuring.detectors[WATCH.id] is not known
    assert await outcome(index) == before


async def test_a_watch_is_restored_with_the_slow_rise_of_its_latest_signals(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    given: list[float] = []

    class Asked(Detector):
        def restore(
            self,
            hours: Sequence[HourSummary],
            incidents: Sequence[Incident],
            mentions: Iterable[ScoredMention],
            last_signal: Signal | None,
            signals: Sequence[Signal] = (),
        ) -> None:
            given.extend(signal.at for signal in signals)
            super().restore(hours, incidents, mentions, last_signal, signals)

    await index.write_mentions(crisis)
    measuring = stage(index, MemoryPublisher(), detector=Asked)
    await measuring.run(messages(crisis))
    assert given == []
    measuring.forget()
    await measuring.run(messages(crisis[-20:]))
    last = await index.last_signal(WATCH.id)
    assert last is not None
    told = [s.at for s in await index.signals(WATCH.id, 0, last.at)]
    assert given == [at for at in told if given[0] <= at <= given[-1]]
    assert given[-1] - given[0] >= Detector.lookback(DEFAULT) - MINUTE or given == told


async def test_what_can_not_be_measured_is_dead_lettered_and_the_rest_is_measured(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    class Choking(Detector):
        def observe(self, mention: ScoredMention) -> list[Signal | Incident]:
            if mention.mention_id == crisis[1].mention_id:
                raise ZeroDivisionError("odd")
            return super().observe(mention)

    publisher, counters = MemoryPublisher(), Counters()
    batch = messages(crisis[:300])
    stranger = incoming(msgspec.structs.replace(crisis[0], watch="coffee"), SCORED)
    nobody = incoming(msgspec.structs.replace(crisis[0], watch=None), SCORED)
    await stage(index, publisher, counters, detector=Choking).run(
        [*batch, stranger, nobody, incoming(b"{}", SCORED), incoming(None, SCORED)]
    )
    letters = {(letter.code, letter.offset) for letter in publisher.letters()}
    assert ("not_measured", batch[1].offset) in letters
    assert {("unknown_watch", stranger.offset), ("unknown_watch", nobody.offset)} <= letters
    assert [letter.code for letter in publisher.letters()].count("not_scored_form") == 2
    assert publisher.of(SIGNALS)
    assert counters.dead == 5
    assert counters.measured == len(batch) + 4  # nobody waits for what will never be measured
