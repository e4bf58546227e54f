"""Each cascade as all that a new watch ever hears: what a first dump of a crisis comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alerting.backtest import DAY
from benchmarks.judgement.driving import OPEN_END, SIZES, WATCH, heard
from benchmarks.judgement.kinds import truth_of
from benchmarks.judgement.making import START
from benchmarks.judgement.material import Material, Post, negatives
from config.rules import Rules

EDGES = (0, 20, 60, 200, OPEN_END)


@dataclass(frozen=True)
class AloneResult:
    """What one rule set told of the cascades of a size.

    Attributes
    ----------
    least, most : negative posts, `most` not included.
    paged : cascades of which an incident was told.
    delays : seconds from the true onset to the first one, for each cascade paged.
    """

    rules: str
    least: int
    most: int
    cascades: int
    paged: int
    delays: Sequence[float]


def alone(material: Material, rules: Mapping[str, Rules]) -> list[AloneResult]:
    """Run every cascade by itself, from its first post to the end of its day."""
    results = []
    for name in SIZES:
        for least, most in pairwise(EDGES):
            own = [cascade for cascade in material.cascades if least <= negatives(cascade) < most]
            found = [_first(cascade, name, rules) for cascade in own]
            delays = [
                max(0.0, at - START - truth_of(cascade).onset)
                for cascade, at in zip(own, found, strict=True)
                if at is not None
            ]
            results.append(AloneResult(name, least, most, len(own), len(delays), delays))
    return results


def _first(cascade: Sequence[Post], name: str, rules: Mapping[str, Rules]) -> float | None:
    run = heard(cascade, name, rules, since=START, until=START + DAY)
    return min((incident.detected_at for incident in run.report()[WATCH].incidents), default=None)
