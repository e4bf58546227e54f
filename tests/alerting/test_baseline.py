"""What is normal: growing from the prior, robust, and per hour of the week."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import BAND_Z, DAY, HOUR, WEEK, Baseline, Normal
from config.records import HourSummary
from tests.alerting.timeline import DEFAULT, START

WINDOW = 2.0


def history(hours: int, rate: float | list[float], start: float = START) -> list[HourSummary]:
    rates = rate if isinstance(rate, list) else [rate]
    return [
        HourSummary(
            hour_start=start + n * HOUR,
            minutes=60,
            mass_sum=60 * rates[n % len(rates)],
            mass_sq_sum=60 * rates[n % len(rates)] ** 2,
        )
        for n in range(hours)
    ]


def after(hours: int, rate: float | list[float]) -> Normal:
    baseline = Baseline(DEFAULT)
    baseline.restore(history(hours, rate))
    return baseline.at(START + hours * HOUR)


def test_without_history_the_prior_stands_and_is_wide() -> None:
    normal = Baseline(DEFAULT).at(START)
    assert normal.mean == DEFAULT.prior_velocity
    assert normal.between >= DEFAULT.prior_spread**2
    assert normal.cold_start


def test_a_few_hours_outweigh_the_prior() -> None:
    assert after(1, 5.0).mean == pytest.approx(5.0, rel=0.15)
    assert after(24, 5.0).mean == pytest.approx(5.0, rel=0.02)


def test_the_spread_shrinks_with_history() -> None:
    spreads = [after(hours, 2.0).deviation(WINDOW) for hours in (1, 6, 24, 24 * 21)]
    assert spreads == sorted(spreads, reverse=True)


def test_it_is_cold_for_two_weeks() -> None:
    assert after(13 * 24, 1.0).cold_start
    assert not after(15 * 24, 1.0).cold_start


def test_each_hour_of_the_week_has_its_own_level() -> None:
    by_hour = [0.2] * 12 + [6.0] * 12  # a night and a day
    baseline = Baseline(DEFAULT)
    baseline.restore(history(6 * 168, by_hour))
    night, day = START + 6 * WEEK + 5 * HOUR, START + 6 * WEEK + 17 * HOUR
    assert baseline.at(night).mean < 0.5
    assert baseline.at(day).mean == pytest.approx(6.0, rel=0.05)


def test_one_wild_week_does_not_move_it() -> None:
    calm = history(4 * 168, 1.0)
    wild = history(168, 80.0, START + 4 * WEEK)
    baseline = Baseline(DEFAULT)
    baseline.restore(calm + wild)
    assert baseline.at(START + 5 * WEEK).mean == pytest.approx(1.0, rel=0.1)


def test_hours_of_an_incident_are_left_out() -> None:
    baseline = Baseline(DEFAULT)
    baseline.restore(history(3, 1.0) + history(3, 50.0, START + 3 * HOUR))
    now = START + 6 * HOUR
    assert baseline.at(now).mean > 10
    baseline.exclude([(START + 3.5 * HOUR, float("inf"))])
    assert baseline.at(now).mean == pytest.approx(1.0, rel=0.1)


def test_minutes_as_they_pass_equal_the_history_that_the_index_sums() -> None:
    lived, restored = Baseline(DEFAULT), Baseline(DEFAULT)
    masses = [0.0, 1.2, 0.4, 3.0] * 15 * 30
    for n, mass in enumerate(masses):
        lived.add(START + 60 * n, mass)
    hours = [masses[n : n + 60] for n in range(0, len(masses), 60)]
    restored.restore(
        HourSummary(
            hour_start=START + n * HOUR, minutes=60, mass_sum=sum(hour), mass_sq_sum=sum(m * m for m in hour)
        )
        for n, hour in enumerate(hours)
    )
    now = START + 60 * len(masses)
    assert lived.at(now).mean == pytest.approx(restored.at(now).mean)
    assert lived.at(now).deviation(WINDOW) == pytest.approx(restored.at(now).deviation(WINDOW))


def test_silence_is_no_data() -> None:
    baseline = Baseline(DEFAULT)
    baseline.restore(history(24, 3.0) + history(1, 3.0, START + 2 * DAY))
    assert baseline.at(START + 2 * DAY + HOUR).mean == pytest.approx(3.0, rel=0.1)


def test_a_year_of_minutes_is_forgotten_but_for_nine_weeks() -> None:
    baseline = Baseline(DEFAULT)
    for n in range(0, 365 * 24):
        baseline.add(START + n * HOUR, 1.0)
    assert len(baseline._hours) <= 8 * 168 + 2


means = st.floats(0.01, 100)
normals = st.builds(
    Normal, mean=means, between=st.floats(0.01, 100), dispersion=st.floats(1.2, 20), history=st.just(0)
)


@given(normals, st.floats(0, 500), st.floats(0, 500))
def test_z_rises_with_the_velocity_and_is_zero_at_the_expected(
    normal: Normal, one: float, two: float
) -> None:
    assert normal.z(normal.mean, WINDOW) == pytest.approx(0, abs=1e-9)
    low, high = sorted((one, two))
    assert normal.z(low, WINDOW) <= normal.z(high, WINDOW)


@given(normals)
def test_the_band_lies_at_its_z(normal: Normal) -> None:
    low, high = normal.band(WINDOW)
    assert normal.z(high, WINDOW) == pytest.approx(BAND_Z, rel=1e-6)
    assert 0 <= low <= normal.mean <= high
    if low > 0:
        assert normal.z(low, WINDOW) == pytest.approx(-BAND_Z, rel=1e-6)
