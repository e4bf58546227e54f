"""A slow rise over hours is found where the burst test hears nothing; a day's rhythm is none."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import Baseline
from alerting.detector import Detector, Output
from alerting.ramp import ALLOWANCE, CEILING, CLIP, Ramp, Reference
from config.records import HourSummary, Incident, Level, Transition
from config.rules import LevelRule, Rules
from tests.alerting.test_baseline import history
from tests.alerting.test_detector import index_of
from tests.alerting.timeline import (
    DEFAULT,
    HOUR,
    MINUTE,
    START,
    WATCH,
    Story,
    detector,
    incidents,
    play,
    signals,
)

BURST = "velocity >= 6 and negative_share >= 33% and factor >= 5 and z >= 5"
RISE = "ramp >= 4 and factor >= 2 and velocity >= 3 and negative_share >= 33%"
BURST_ONLY = Rules(levels={Level.IV: LevelRule(when=BURST, mentions=15, authors=12)})
WITH_RISE = Rules(levels={Level.IV: LevelRule(when=f"{BURST} or {RISE}", mentions=15, authors=12)})
REFERENCE = Reference(2.0, 1.0)
masses = st.lists(st.floats(0, 50), max_size=200)


def summed(values: list[float]) -> float:
    ramp = Ramp()
    for mass in values:
        ramp.add(mass, REFERENCE)
    return ramp.sum


@given(masses)
def test_the_sum_stays_between_nothing_and_its_ceiling(values: list[float]) -> None:
    assert 0 <= summed(values) <= CEILING


@given(masses, st.integers(0, 199), st.floats(0, 50))
def test_more_mass_never_gives_less(values: list[float], where: int, more: float) -> None:
    raised = [mass + more * (n == where) for n, mass in enumerate(values)]
    assert summed(raised) >= summed(values)


def test_a_minute_counts_no_more_than_its_cut() -> None:
    assert summed([1e9]) == pytest.approx((CLIP - ALLOWANCE) / 60)
    assert summed([REFERENCE.mean] * 600) == 0
    hour_of_two_deviations = [REFERENCE.mean + (ALLOWANCE + 1) * REFERENCE.deviation] * 60
    assert summed(hour_of_two_deviations) == pytest.approx(1)


def test_without_a_reference_there_is_no_rise() -> None:
    ramp = Ramp()
    ramp.add(100, REFERENCE)
    ramp.add(100, None)
    assert ramp.sum == 0


def reference(hours: list[HourSummary], spans: list[tuple[float, float]] | None = None) -> Reference | None:
    baseline = Baseline(DEFAULT)
    baseline.restore(hours)
    baseline.exclude(spans or [])
    return baseline.hour_at(hours[-1].hour_start + HOUR)


def test_a_cold_watch_is_held_against_the_highest_hour_of_a_day_that_ended_before() -> None:
    a_day, others = [0.5] * 12 + [3.0] * 12, [0.5] * 2 + [9.0, 30.0, 30.0]
    assert reference(history(24, a_day)) is None
    assert reference(history(30, a_day)) is not None
    found = reference(history(53, a_day + a_day + others))
    assert found is not None
    assert found.mean == pytest.approx(max(3.0, _expected(history(53, a_day + a_day + others))))
    assert reference(history(53, [3.0]), [(START, START + 60 * HOUR)]) is None


def _expected(hours: list[HourSummary]) -> float:
    baseline = Baseline(DEFAULT)
    baseline.restore(hours)
    return baseline.at(hours[-1].hour_start + HOUR).mean


def test_a_warm_watch_is_held_against_the_hour_of_the_week() -> None:
    night_and_day = [0.5] * 12 + [4.0] * 12
    night = reference(history(24 * 21 + 3, night_and_day))
    day = reference(history(24 * 21 + 15, night_and_day))
    assert night is not None
    assert day is not None
    assert night.mean < 1 < 3 < day.mean


@cache
def slow_rise() -> tuple[Story, float]:
    """Two days and four hours of ordinary talk, then over five hours the complaints take over."""
    story = Story(5).ordinary(52, per_minute=6, negative=0.08)
    begun = story.now
    return story.talk(300, lambda minute: 1 + 14 * minute / 300, 0.55).talk(30, 15, 0.55), begun


@cache
def heard() -> list[Output]:
    return play(detector(WITH_RISE), slow_rise()[0].mentions)


def test_a_rise_over_hours_that_the_burst_test_misses_is_found() -> None:
    story, begun = slow_rise()
    assert incidents(play(detector(BURST_ONLY), story.mentions)) == []
    fired = next(i for i in incidents(heard()) if i.transition is Transition.FIRED)
    assert fired.detected_at is not None
    assert begun < fired.detected_at <= begun + 3 * HOUR
    assert "缓升累积 4" in fired.evidence.reason
    assert fired.level is Level.IV


def test_before_the_rise_and_through_days_of_rhythm_there_is_none() -> None:
    _, begun = slow_rise()
    assert max(s.ramp for s in signals(heard()) if s.at < begun) < 1
    much_to_complain_about = Story(12).ordinary(56, per_minute=8, negative=0.4)
    known = detector()
    known.restore(history(4, 3.5, START - 4 * HOUR), [], [], None)
    outputs = play(known, much_to_complain_about.mentions)
    assert incidents(outputs) == []
    assert max(s.ramp for s in signals(outputs)) < 1


def warm(rules: Rules, talk: Story) -> list[Output]:
    """The outputs for a talk after four weeks of a negative mass of 2 a minute at every hour."""
    made = Detector(WATCH, rules)
    made.restore(history(24 * 28, 2.0, START - 28 * 24 * HOUR), [], [], None)
    return play(made, talk.mentions)


def test_a_warm_watch_hears_a_rise_to_three_times_its_usual_and_stays_calm_below() -> None:
    rise = Story(3).talk(300, lambda minute: 4 + 6 * minute / 300, 0.55)
    assert incidents(warm(BURST_ONLY, rise)) == []
    outputs = warm(WITH_RISE, rise)
    assert incidents(outputs)[0].transition is Transition.FIRED
    assert not signals(outputs)[0].cold_start
    calm = warm(DEFAULT, Story(4).talk(10 * 60, 4, 0.4))
    assert incidents(calm) == []
    assert max(s.ramp for s in signals(calm)) < 1


def test_a_restart_in_the_middle_of_a_rise_goes_on_as_if_it_had_never_stopped() -> None:
    story, begun = slow_rise()
    cut = begun + 2.6 * HOUR
    stop = next(n for n, m in enumerate(story.mentions) if m.created_at > cut)
    first = detector(WITH_RISE)
    before = play(first, story.mentions[:stop])
    assert first.open is not None
    hours, known, last = index_of(before)
    assert last is not None
    since = last.at - Detector.lookback(WITH_RISE)
    second = detector(WITH_RISE)
    recent = [m for m in story.mentions[:stop] if m.created_at >= since]
    second.restore(hours, known, recent, last, [s for s in signals(before) if s.at >= since])
    after = play(second, story.mentions[stop - 50 :])
    assert [s.ramp for s in signals(before + after)] == [s.ramp for s in signals(heard())]
    assert _keys(before + after) == _keys(heard())


def _keys(outputs: list[Output]) -> list[tuple[str, Level]]:
    return [(i.notification_key, i.level) for i in outputs if isinstance(i, Incident)]


def test_the_sum_is_gone_within_hours_after_the_rise() -> None:
    ramp = Ramp()
    ramp.sum = CEILING
    for _ in range(int(CEILING * HOUR / MINUTE)):
        ramp.add(REFERENCE.mean, REFERENCE)
    assert ramp.sum == pytest.approx(0, abs=1e-9)
