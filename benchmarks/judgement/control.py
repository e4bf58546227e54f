"""The control stream as it was: years of posts on a space mission, busy at times, never a crisis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerting.backtest import DAY
from benchmarks.judgement.driving import WATCH, heard
from benchmarks.judgement.material import Material
from config.records import Level
from config.rules import Rules


@dataclass(frozen=True)
class ControlResult:
    """What one rule set told: `days` are those on which anything was said."""

    rules: str
    posts: int
    days: int
    pages: int
    highest: Level | None


def control(material: Material, rules: Mapping[str, Rules]) -> list[ControlResult]:
    """Run the whole stream at its own times through each rule set."""
    days = len({int(post.at // DAY) for post in material.control})
    results = []
    for name in rules:
        run = heard(material.control, name, rules, since=0.0, until=material.control[-1].at + DAY)
        report = run.report()[WATCH]
        highest = max((i.level for i in report.incidents), key=lambda level: level.rank, default=None)
        results.append(ControlResult(name, report.posts, days, report.pages, highest))
    return results
