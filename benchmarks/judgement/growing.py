"""How the projections of `alerting.growth` do on crises: is what came inside what was said.

Asked 10 to 120 minutes after the true onset, of crises in ordinary
talk. The cascades are dealt into five folds, and crises are made of one fold's alone;
`scaling` is measured on each fold with the constants that the other four give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import mean, median
from typing import Final

import numpy as np

from alerting.growth import (
    HORIZON,
    SHOWN_FROM,
    SHOWN_UNTIL,
    STEP,
    WINDOW,
    Projection,
    scaling,
    self_exciting,
)
from benchmarks.judgement import making
from benchmarks.judgement.kinds import truth_of
from benchmarks.judgement.material import DAY, HOUR, Material, Post
from config.records import Growth

MINUTES: Final = (10, 20, 30, 45, 60, 90, 120)
FOLDS: Final = 5
CRISES: Final = 48
"""Crises of a fold."""
SAID: Final = 0.9


@dataclass(frozen=True)
class Asked:
    """One moment of a crisis, and what came in the next hour.

    Attributes
    ----------
    minutes : since the true onset.
    last, counts : negative mentions of the last `WINDOW` s, and of each `STEP` of two hours.
    """

    minutes: int
    last: int
    counts: Sequence[int]
    came: int

    @property
    def shown(self) -> bool:
        """Whether people would be told: `alerting.growth.project` gives something."""
        return SHOWN_FROM <= self.minutes * making.MINUTE <= SHOWN_UNTIL


@dataclass(frozen=True)
class Score:
    """How one projection does: share of intervals that held what came, their width, the error."""

    name: str
    minutes: int | None
    asked: int
    coverage: float
    width: float
    error: float


def moments(material: Material, seed: int) -> list[list[Asked]]:
    """Return the moments of each fold's crises."""
    return [
        [
            asked
            for number in range(CRISES)
            for asked in _crisis(
                material, material.bad[fold::FOLDS], np.random.default_rng([seed, 1000 + fold, number])
            )
        ]
        for fold in range(FOLDS)
    ]


def constants(asked: Sequence[Asked]) -> tuple[float, float]:
    """Return the median ratio, and the spread with which `SAID` are covered, of the moments that are shown."""
    asked = [one for one in asked if one.shown]
    ratio = median((one.came + 0.5) / ((one.last + 0.5) * HORIZON / WINDOW) for one in asked)
    spreads = [number / 50 for number in range(1, 101)]

    def covered(spread: float) -> float:
        return _coverage(asked, [scaling(one.last, ratio, spread) for one in asked])

    return ratio, next((spread for spread in spreads if covered(spread) >= SAID), spreads[-1])


def scores(folds: Sequence[Sequence[Asked]]) -> list[Score]:
    """Return how both projections do, over the moments that are shown and then by minutes since the onset."""
    told: list[tuple[Asked, Projection, Projection]] = []
    for number, fold in enumerate(folds):
        law = constants([one for other, own in enumerate(folds) if other != number for one in own])
        told += [(one, scaling(one.last, *law), self_exciting(one.counts)) for one in fold]
    found = []
    for minutes in (None, *MINUTES):
        part = [row for row in told if (row[0].shown if minutes is None else row[0].minutes == minutes)]
        asked = [one for one, _, _ in part]
        found.append(_score("scaling", minutes, asked, [first for _, first, _ in part]))
        found.append(_score("self-exciting", minutes, asked, [second for _, _, second in part]))
    return found


def _crisis(material: Material, pool: Sequence[Sequence[Post]], rng: making.Rng) -> list[Asked]:
    brand = making.middle_brand(rng) if rng.random() < 0.5 else making.small_brand(rng)
    at = rng.uniform(9, 18) * HOUR
    many = min(int(rng.integers(1, 6)), len(pool))
    taken = [pool[int(n)] for n in rng.choice(len(pool), many, replace=False)]
    added = making.crisis(taken, at, HOUR / 3, rng)
    truth = truth_of(added)
    talk = making.ordinary(material, brand, round(2 * DAY / HOUR), rng)
    times = np.sort([post.at for post in (*talk, *added) if post.negative])

    def between(start: float, end: float) -> int:
        return int(np.searchsorted(times, end) - np.searchsorted(times, start))

    asked = []
    for minutes in MINUTES:
        now = truth.onset + minutes * making.MINUTE
        steps = [between(now - (n + 1) * STEP, now - n * STEP) for n in reversed(range(24))]
        asked.append(Asked(minutes, between(now - WINDOW, now), steps, between(now, now + HORIZON)))
    return asked


def as_told(found: Sequence[tuple[Growth, int]]) -> Score | None:
    """Return how the projections that incidents told did, by the onset that they found; None if none did."""
    if not found:
        return None
    asked = [Asked(0, 0, (), came) for _, came in found]
    told = [Projection(g.median, max(g.low, 1), g.high) for g, _ in found]
    return _score("scaling, as told by incidents", None, asked, told)


def _score(name: str, minutes: int | None, asked: Sequence[Asked], told: Sequence[Projection]) -> Score:
    pairs = list(zip(asked, told, strict=True))
    return Score(
        name,
        minutes,
        len(asked),
        _coverage(asked, told),
        exp(mean(log(p.high / p.low) for _, p in pairs)),
        exp(median(abs(log((one.came + 0.5) / (p.median + 0.5))) for one, p in pairs)),
    )


def _coverage(asked: Sequence[Asked], told: Sequence[Projection]) -> float:
    return mean(p.low <= one.came <= p.high for one, p in zip(asked, told, strict=True))
