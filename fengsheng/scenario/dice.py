"""Reproducible chance: the same seed gives the same scenario on every Python."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A seeded source of chance.

    Built on ``random.Random.random`` alone: it is the only method whose sequence Python
    promises to keep between versions.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - a story, not a secret

    def chance(self, probability: float) -> bool:
        """Return True with `probability` (0..1)."""
        return self._random() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number drawn evenly from [low, high)."""
        return low + (high - low) * self._random()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number drawn evenly from low..high, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`, each as likely."""
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Sequence[T], weights: Sequence[float]) -> T:
        """Return one of `choices`, as likely as its weight.

        Raises
        ------
        ValueError
            The weights do not sum to more than zero.
        """
        sums = list(accumulate(weights))
        if not sums or sums[-1] <= 0:
            raise ValueError("weights that sum to more than zero are needed to choose by weight")
        mark = self._random() * sums[-1]
        for choice, upto in zip(choices, sums, strict=True):
            if mark < upto:
                return choice
        return choices[-1]

    def lognormal(self, median: float, sigma: float) -> float:
        """Return a log-normal number (Box-Muller transform); `sigma` is that of the logarithm."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._random()))
        return median * math.exp(sigma * radius * math.cos(2.0 * math.pi * self._random()))

    def skewed(self, size: int, power: float) -> int:
        """Return an index below `size`; the larger `power`, the more the first are preferred."""
        return int(size * self._random() ** power)
