"""Laws of the detector: order, restarts, evidence, silence."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerting.backtest import backtest
from alerting.detector import Detector, Output
from alerting.levels import facts_of
from config.expressions import parse
from config.records import (
    HourSummary,
    Incident,
    IncidentState,
    Level,
    ScoredMention,
    Signal,
    Transition,
    decode,
    encode,
)
from config.rules import LevelRule, Rules
from tests.alerting.timeline import (
    DAY,
    DEFAULT,
    HOUR,
    MINUTE,
    RULE_SETS,
    START,
    WATCH,
    Story,
    incidents,
    mention,
    play,
    signals,
)

QUICK = Rules(
    window=60,
    evidence_window=120,
    allowed_lateness=30,
    recover_hold=60,
    resolve_hold=60,
    downgrade_hold=40,
    regroup=600,
    update_every=20,
    levels={
        Level.IV: LevelRule(
            when=parse("velocity >= 3 and negative_share >= 20% and factor >= 2 and z >= 1"),
            authors=3,
            mentions=4,
            hold=10,
        ),
        Level.II: LevelRule(
            when=parse("velocity >= 8 and negative_share >= 20% and factor >= 4 and z >= 2"),
            authors=6,
            mentions=10,
            hold=15,
        ),
    },
)

Said = list[tuple[float, bool, int, float]]
said = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from([True, True, False]), st.integers(0, 12), st.floats(0.5, 9)),
    max_size=70,
)


def mentions_of(story: Said) -> list[ScoredMention]:
    """Gaps, mood, author, mass; every seventh gap is a long silence."""
    at, made = START, []
    for n, (gap, negative, author, mass) in enumerate(story):
        at += gap * (20 if n % 17 == 16 else 0.3)
        made.append(mention(n, at, negative=negative, author=f"a{author}", mass=mass if negative else 0.04))
    return made


def run(given_mentions: list[ScoredMention], until: float, rules: Rules = QUICK) -> list[Output]:
    made = Detector(WATCH, rules)
    return play(made, given_mentions) + made.advance(until)


@settings(deadline=None, max_examples=40)
@given(said, st.lists(st.integers(0, 69), max_size=20))
def test_duplicates_change_nothing(story: Said, again: list[int]) -> None:
    once = mentions_of(story)
    repeated = list(once)
    for n in again:
        if n < len(once):
            where = min(len(repeated), repeated.index(once[n]) + 1 + n % 3)
            repeated.insert(where, once[n])
    until = START + 3 * HOUR
    assert run(once, until) == run(repeated, until)


def index_of(outputs: list[Output]) -> tuple[list[HourSummary], list[Incident], Signal | None]:
    """What the index gives back after these outputs, through their JSON."""
    seen = [decode(encode(s), Signal) for s in signals(outputs)]
    by_hour: dict[float, list[float]] = {}
    for signal in seen:
        if signal.minute_mass is not None:
            by_hour.setdefault(signal.at // HOUR * HOUR, []).append(signal.minute_mass)
    hours = [
        HourSummary(
            hour_start=start,
            minutes=len(masses),
            mass_sum=sum(masses),
            mass_sq_sum=sum(m * m for m in masses),
        )
        for start, masses in by_hour.items()
    ]
    newest = {i.id: decode(encode(i), Incident) for i in incidents(outputs)}
    return hours, list(newest.values()), seen[-1] if seen else None


@settings(deadline=None, max_examples=60)
@given(said, st.integers(0, 70), st.integers(0, 5))
def test_restored_and_continued_equals_never_stopped(story: Said, stop: int, indexed_ahead: int) -> None:
    everything = mentions_of(story)
    until = START + 3 * HOUR
    stop = min(stop, len(everything))
    first = Detector(WATCH, QUICK)
    before = play(first, everything[:stop])
    never_stopped = play(first, everything[stop:]) + first.advance(until)

    second = Detector(WATCH, QUICK)
    hours, known, last = index_of(before)
    second.restore(hours, known, everything[: stop + indexed_ahead], last)
    again = everything[max(0, stop - 3) :]  # Kafka gives the last ones again
    restarted = play(second, again) + second.advance(until)
    assert restarted == never_stopped


@settings(deadline=None, max_examples=40)
@given(said)
def test_no_incident_without_its_evidence(story: Said) -> None:
    for incident in incidents(run(mentions_of(story), START + 3 * HOUR)):
        if incident.transition in (Transition.FIRED, Transition.ESCALATED):
            rule = QUICK.levels[incident.level]
            assert incident.evidence.negative >= rule.mentions
            assert incident.signal.negative_authors >= rule.authors
            assert rule.when.met(facts_of(incident.signal))
            assert incident.started_at <= incident.updated_at - rule.hold


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 100)), max_size=80))
@pytest.mark.parametrize("name", sorted(RULE_SETS))
def test_one_author_can_never_fire(name: str, posts: list[tuple[float, float]]) -> None:
    at, loud = START, []
    for n, (gap, mass) in enumerate(posts):
        at += gap
        loud.append(mention(n, at, negative=True, author="one", mass=mass))
    outputs = run(loud, at + DAY, RULE_SETS[name])
    assert incidents(outputs) == []
    assert all(s.velocity <= 1.5 * MINUTE / RULE_SETS[name].window for s in signals(outputs))


@settings(deadline=None, max_examples=40)
@given(said)
@example([(0.0, True, 0, 1.0)] * 16 + [(9.0, True, 0, 1.0)])  # the ring is empty when a minute ends
def test_each_signal_once_and_a_minute_once(story: Said) -> None:
    told = signals(run(mentions_of(story), START + 3 * HOUR))
    assert [s.at for s in told] == sorted({s.at for s in told})
    minutes = [s.at for s in told if s.minute_mass is not None]
    assert all(at % MINUTE == 0 for at in minutes)
    assert all(s.at % QUICK.tick == 0 for s in told)


def test_signals_know_their_incident() -> None:
    crowd = [mention(n, START + n, negative=True) for n in range(60)]
    outputs = run(crowd, START + 60)
    fired = incidents(outputs)[0]
    after = [s for s in signals(outputs) if s.at >= fired.updated_at]
    assert after
    assert {s.incident for s in after} == {fired.id}
    assert fired.signal.incident == fired.id
    assert fired.signal.level is fired.level


def test_silence_resolves_by_advance_and_then_costs_nothing() -> None:
    made = Detector(WATCH, QUICK)
    play(made, [mention(n, START + n, negative=True) for n in range(60)])
    assert made.open is not None
    outputs = made.advance(START + HOUR)
    assert incidents(outputs)[-1].state is IncidentState.RESOLVED
    assert made.open is None
    begun = time.process_time()
    assert made.advance(START + 100 * 365 * DAY) == []
    assert time.process_time() - begun < 0.05
    assert play(made, [mention("later", START + 100 * 365 * DAY + 1)]) == []


def test_late_posts_count_where_they_belong_and_the_latest_only_as_late() -> None:
    made = Detector(WATCH, QUICK)
    play(made, [mention(1, START + 65)])
    play(made, [mention(2, START + 40, negative=True), mention(3, START + 30, negative=True)])
    (signal,) = made.advance(START + 120)
    assert isinstance(signal, Signal)
    assert (signal.mentions, signal.negative, signal.late) == (1, 0, 1)
    assert signal.authors == 2
    assert made.watermark == START + 65


def test_lookback_covers_windows_lateness_and_the_longest_hold() -> None:
    assert Detector.lookback(DEFAULT) == 600 + 120 + 1200


def test_a_backtest_tells_what_a_live_detector_tells() -> None:
    story = Story(7).ordinary(3).crisis(rise=8, plateau=10).ordinary(2)
    live = incidents(run(story.mentions, story.now, DEFAULT))
    report = backtest([WATCH], RULE_SETS, story.mentions, until=story.now)[WATCH.id]
    assert report.posts == len(story.mentions)
    assert report.days == pytest.approx((story.mentions[-1].created_at - START) / DAY, abs=0.01)
    (incident,) = report.incidents
    assert incident.level is live[-1].peak_level
    assert incident.started_at == live[0].started_at
    assert incident.detected_at == live[0].detected_at
    assert incident.resolved_at == live[-1].resolved_at is not None
    assert report.pages == incident.pages == live[-1].pages
    assert b'"resolved_at"' in encode(report)


def test_a_backtest_leaves_open_what_the_history_leaves_open() -> None:
    story = Story(7).ordinary(3).crisis(rise=8, plateau=10)
    cut = [m for m in story.mentions if m.created_at < START + 3 * HOUR + 15 * MINUTE]
    (incident,) = backtest([WATCH], RULE_SETS, cut)[WATCH.id].incidents
    assert incident.resolved_at is None
    assert b'"resolved_at":null' in encode(incident)


def test_a_backtest_keeps_watches_apart() -> None:
    other = WATCH.model_copy(update={"id": "other"})
    reports = backtest([WATCH, other], RULE_SETS, Story(7).ordinary(1).mentions)
    assert reports["other"].posts == 0
    assert reports[WATCH.id].posts > 0
