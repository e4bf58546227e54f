"""Incidents against known crises."""

from __future__ import annotations

import pytest

from alerting.backtest import IncidentReport
from alerting.judging import Crisis, Judgement, judge_incidents, together
from config.records import Level


def incident(detected: float, resolved: float | None = None, pages: int = 1) -> IncidentReport:
    return IncidentReport(
        level=Level.III, started_at=detected - 60, detected_at=detected, resolved_at=resolved, pages=pages
    )


CRISIS = Crisis(start=1000, end=5000)


def test_an_incident_detected_in_a_crisis_is_right_and_its_delay_counts_from_the_start() -> None:
    judged = judge_incidents([incident(1240, 6000), incident(3000)], [CRISIS], days=2)
    assert (judged.found, judged.right, judged.false_pages) == (1, 2, 0)
    assert judged.delays == [240]
    assert (judged.recall, judged.precision) == (1.0, 1.0)


@pytest.mark.parametrize("at", [999, 5001])
def test_an_incident_outside_is_false_and_the_crisis_missed(at: float) -> None:
    judged = judge_incidents([incident(at, 9000, pages=2)], [CRISIS], days=4)
    assert (judged.found, judged.right, judged.false_pages) == (0, 0, 2)
    assert (judged.recall, judged.precision) == (0.0, 0.0)
    assert judged.false_pages_a_day == 0.5
    assert judged.median_delay is None


def test_a_second_crisis_is_found_where_the_incident_of_the_first_is_still_open() -> None:
    second = Crisis(start=7000, end=8000)
    first_open = judge_incidents([incident(1100, 7500)], [CRISIS, second], days=1)
    assert (first_open.found, first_open.delays) == (2, [100])
    assert judge_incidents([incident(1100, 6900)], [CRISIS, second], days=1).found == 1
    a_false_one_finds_nothing = judge_incidents([incident(6000, 7500)], [CRISIS, second], days=1)
    assert a_false_one_finds_nothing.found == 0


def test_nothing_known_and_nothing_told_has_no_shares() -> None:
    judged = judge_incidents([], [], days=0)
    assert judged == Judgement()
    assert judged.recall is judged.precision is judged.median_delay is None
    assert judged.false_pages_a_day == 0


def test_the_sum_over_watches_is_that_of_their_numbers() -> None:
    one = judge_incidents([incident(1240)], [CRISIS], days=2)
    other = judge_incidents([incident(100)], [CRISIS], days=6)
    both = together([one, other])
    assert (both.recall, both.precision, both.false_pages_a_day) == (0.5, 0.5, 0.125)
    assert both.delays == [240]
