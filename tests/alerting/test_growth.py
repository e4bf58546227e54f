"""Projections: intervals around the median, wider where less is known, none where they are not right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.growth import HORIZON, SHOWN_FROM, SHOWN_UNTIL, STEP, WINDOW, project, scaling, self_exciting

COUNTS = st.lists(st.integers(0, 2000), min_size=1, max_size=36)


@given(st.integers(0, 10**6))
def test_more_mentions_never_project_fewer_and_are_surer(count: int) -> None:
    one, more = scaling(count), scaling(count + 1)
    assert 0 < one.low < one.median < one.high
    assert one.median < more.median
    assert more.high / more.low < one.high / one.low


def test_the_scaling_projection_is_the_ratio_of_what_the_window_makes_in_an_hour() -> None:
    assert scaling(100, ratio=1.0).median == pytest.approx(100.5 * HORIZON / WINDOW)
    wide, narrow = scaling(100, log_spread=1.0), scaling(100, log_spread=0.1)
    assert wide.high > narrow.high > narrow.low > wide.low


@given(COUNTS)
def test_any_counts_can_be_projected(counts: list[int]) -> None:
    told = self_exciting(counts)
    assert 0 < told.low <= told.median <= told.high < math.inf


def test_a_steady_stream_is_projected_to_go_on() -> None:
    told = self_exciting([20] * 24)
    assert told.low < 20 * HORIZON / STEP < told.high


def test_after_a_burst_that_excited_nothing_calm_is_projected() -> None:
    burst = self_exciting([2] * 20 + [200, 2, 2, 2])
    assert burst.high < 200


def test_nothing_to_project_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        self_exciting([])


@pytest.mark.parametrize(("since", "told"), [(0, False), (SHOWN_FROM - 1, False), (SHOWN_FROM, True),
                                             (SHOWN_UNTIL, True), (SHOWN_UNTIL + 1, False)])  # fmt: skip
def test_people_are_shown_only_what_was_measured_to_be_right(since: float, told: bool) -> None:
    assert (project(since, 40) == scaling(40)) is told
