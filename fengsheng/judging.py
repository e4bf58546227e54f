"""The reports of a backtest held against the known crises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alerting.backtest import WatchReport
from alerting.judging import Crisis, Judgement, judge_incidents, together

ALL = "*"
"""Key of the sum over the watches; no watch has that id."""


def judge_all(
    report: Mapping[str, WatchReport], known: Mapping[str, Sequence[Crisis]]
) -> dict[str, Judgement]:
    """Return the judgement of each watch, and under `ALL` of all together."""
    judged = {
        watch: judge_incidents(found.incidents, known.get(watch, []), found.days)
        for watch, found in report.items()
    }
    return {**judged, ALL: together(list(judged.values()))}


def judgement_object(judged: Mapping[str, Judgement]) -> dict[str, Any]:
    """Return the judgements as JSON has them: seconds, and null where there is nothing to divide by."""
    return {
        watch: {
            "crises": j.crises,
            "found": j.found,
            "recall": j.recall,
            "incidents": j.incidents,
            "right": j.right,
            "precision": j.precision,
            "false_pages": j.false_pages,
            "false_pages_a_day": round(j.false_pages_a_day, 4),
            "days": j.days,
            "delays": j.delays,
            "median_delay": j.median_delay,
        }
        for watch, j in judged.items()
    }
