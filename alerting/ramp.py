"""The slow rise: a cumulative sum beside the burst test.

A burst test compares minutes with the hour and so never sees what grows over hours,
least of all while a watch is cold and its expected value follows the latest hours. Page's
cumulative sum (Page 1954, Biometrika 41:100-115; Montgomery, Introduction to Statistical
Quality Control, 9.1) adds up what each finished minute exceeds its reference by:

    S = min(CEILING, max(0, S + (min(y, CLIP) - ALLOWANCE) / 60)),   y = (mass - mean) / sd

with `mean` and `sd` those of an *hour* at that time, so S is in hours x standard
deviations and one unit more than the allowance for an hour adds one. `y` is cut at
`CLIP` (the robust cumulative sum of Lucas and Crosier 1982, Technometrics 24:205-212):
a slow rise is many minutes of some excess, not few of much, which the burst test sees.
Minutes in which nobody said anything are no data and change nothing.

The reference is the hour of the week. While a watch is cold, it is the highest hour of a
whole day that ended `SINCE` hours ago, before a rise of some hours: so the rhythm of a
day is no rise, and before a day has been seen there is no reference and S is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ALLOWANCE: Final = 1.0
"""Standard deviations of an hour that are no rise."""
CLIP: Final = 4.0
"""Most standard deviations that one minute counts."""
CEILING: Final = 6.0
"""Most that S grows to, so that it is gone soon after the rise."""
SINCE: Final = 6
"""Hours before now at which the day ends whose highest hour a cold watch is held against."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Negative mass a minute that an hour has now, and its standard deviation."""

    mean: float
    deviation: float


class Ramp:
    """S of one watch, minute by minute; after a restart played again from its signals."""

    def __init__(self) -> None:
        self.sum = 0.0
        self._told: list[tuple[float, float]] = []

    def add(self, mass: float, reference: Reference | None) -> None:
        """Take in one finished minute's capped negative mass."""
        if reference is None:
            self.sum = 0.0
            return
        excess = min(CLIP, (mass - reference.mean) / reference.deviation)
        self.sum = min(CEILING, max(0.0, self.sum + (excess - ALLOWANCE) / 60))

    def restore(self, told: Iterable[tuple[float, float]]) -> None:
        """Take over times and values of S that were told."""
        self._told = sorted(told)

    def replay(self, at: float) -> None:
        """Put S to what it was at `at`."""
        while self._told and self._told[0][0] <= at:
            self.sum = self._told.pop(0)[1]
