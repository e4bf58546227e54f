"""The two rules of today on the same timelines: as they are, and at their best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from alerting.judging import Judgement, judge_incidents, together
from alerting.simple_rules import cron, spike
from benchmarks.judgement.driving import Result, alerts_as_incidents, from_onset

MOST_FALSE: Final = 0.05
"""False pages a watch-day that are borne."""
BARS: Final = (5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)


@dataclass(frozen=True)
class Rival:
    """A rule with its bar: a count for each brand size, for one number can't fit both."""

    name: str
    judged: Judgement
    large: Judgement


def rivals(results: Sequence[Result]) -> list[Rival]:
    """Return both rules with the bars that a backtest uses, and with the best bar for each rule set.

    The best is the lowest bar that keeps the false pages borne on these very timelines:
    more than any operator could know beforehand.
    """
    judged = []
    for name, usual, rule in (
        ("20-minute count over 30", cron, lambda times, bar: cron(times, more_than=bar)),
        ("3x the 10 minutes before, from 15", spike, lambda times, bar: spike(times, least=bar)),
    ):
        judged.append(_rival(name, [(usual, results)]))
        parts = []
        for rules in sorted({r.timeline.brand.rules for r in results}):
            own = [r for r in results if r.timeline.brand.rules == rules]
            bar = _best(rule, own)
            parts.append((rules, bar, _with(rule, bar), own))
        told = ", ".join(f"{rules} {bar}" for rules, bar, _, _ in parts)
        judged.append(_rival(f"the same, best bars ({told})", [(rule, own) for _, _, rule, own in parts]))
    return judged


Rule = Callable[[Sequence[float]], list[float]]
Barred = Callable[[Sequence[float], int], list[float]]


def _rival(name: str, parts: Sequence[tuple[Rule, Sequence[Result]]]) -> Rival:
    every = [(judge_rule(rule, r), r) for rule, own in parts for r in own]
    large = [j for j, r in every if r.timeline.truth and all(t.counts for t in r.timeline.truth)]
    return Rival(name, together([j for j, _ in every]), together(large))


def judge_rule(rule: Rule, result: Result) -> Judgement:
    """Return how a rule does on one timeline, with delays from the true onset."""
    told = alerts_as_incidents(rule(result.negative))
    return from_onset(judge_incidents(told, result.crises, result.timeline.days), told, result.timeline)


def _with(rule: Barred, bar: int) -> Rule:
    return lambda times: rule(times, bar)


def _best(rule: Barred, results: Sequence[Result]) -> int:
    for bar in BARS:
        if together([judge_rule(_with(rule, bar), r) for r in results]).false_pages_a_day <= MOST_FALSE:
            return bar
    return BARS[-1]
