"""Laws of the log-odds ratio with its prior."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.log_odds import NONE, contrast

uses = st.integers(0, 10_000)
weights = st.floats(1.0, 10_000.0)


@settings(deadline=None)
@given(uses, uses, uses, uses, weights)
def test_swapping_the_sets_turns_the_sign(a: int, b: int, c: int, d: int, weight: float) -> None:
    one, other = contrast(a, a + b, c, c + d, weight), contrast(c, c + d, a, a + b, weight)
    assert one.z == pytest.approx(-other.z)
    assert one.lift == pytest.approx(1 / other.lift)


@settings(deadline=None)
@given(uses, uses, uses, uses, weights)
def test_it_is_finite_and_its_sign_is_that_of_the_shares(
    a: int, b: int, c: int, d: int, weight: float
) -> None:
    found = contrast(a, a + b, c, c + d, weight)
    assert isfinite(found.z)
    assert isfinite(found.lift)
    more = a * (c + d) - c * (a + b)
    if more > 0 and a + b and c + d:
        assert found.z > -1e-9
        assert found.lift > 1 - 1e-9


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(1_000, 2_000), uses, st.integers(1, 10_000), weights)
def test_more_use_by_us_lifts_more(ours: int, total: int, theirs: int, rest: int, weight: float) -> None:
    before = contrast(ours, total, theirs, theirs + rest, weight)
    after = contrast(ours + 1, total, theirs, theirs + rest, weight)
    assert after.lift > before.lift or before is NONE


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(2, 50))
def test_the_same_shares_of_more_texts_are_surer(scale: int, more: int) -> None:
    few = contrast(3 * scale, 100 * scale, 2 * scale, 1_000 * scale, 500.0)
    many = contrast(3 * scale * more, 100 * scale * more, 2 * scale * more, 1_000 * scale * more, 500.0)
    assert many.z > few.z


@settings(deadline=None)
@given(uses, st.integers(1, 10_000), weights)
def test_the_same_use_is_no_difference(used: int, rest: int, weight: float) -> None:
    found = contrast(used, used + rest, used, used + rest, weight)
    assert found.z == pytest.approx(0, abs=1e-9)
    assert found.lift == pytest.approx(1)


@pytest.mark.parametrize(
    "counts",
    [(0, 0, 0, 0), (0, 5, 0, 7), (5, 5, 7, 7), (5, 5, 0, 0)],
    ids=["none", "unused", "only", "alone"],
)
def test_where_there_is_nothing_to_compare_with_there_is_no_contrast(
    counts: tuple[int, int, int, int],
) -> None:
    assert contrast(*counts, 500.0) == NONE


def test_a_stronger_prior_shrinks_the_ratio() -> None:
    lifts = [contrast(20, 1_000, 5, 10_000, weight).lift for weight in (10.0, 100.0, 1_000.0, 10_000.0)]
    assert lifts == sorted(lifts, reverse=True)
    assert lifts[-1] > 1


def test_a_case_worked_by_hand() -> None:
    # α = 500 · 25/11,000 = 1.13636; δ = ln(21.13636/1,478.86364) − ln(6.13636/10,493.86364) = 3.19628;
    # σ = √(1/21.13636 + 1/6.13636) = 0.45856
    found = contrast(20, 1_000, 5, 10_000, 500.0)
    assert found.lift == pytest.approx(24.4415, rel=1e-4)
    assert found.z == pytest.approx(6.9703, rel=1e-4)
