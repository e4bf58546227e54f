"""How long to wait before the next attempt: exponential back-off with full jitter above half."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Delays that double from `first` to `most` seconds, each shortened at random by up to half.

    The jitter keeps many workers from coming back at the same moment (Amazon's
    "equal jitter": half of the delay is fixed, half is random).

    Attributes
    ----------
    first, most : seconds.
    chance : gives a number in 0..1.
    """

    first: float = 1.0
    most: float = 60.0
    chance: Callable[[], float] = random.random

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after `failures` failures in a row (1 is the first).

        >>> Backoff(chance=lambda: 1.0).delay(4)
        8.0
        """
        whole = min(self.most, self.first * 2.0 ** min(failures - 1, 30))
        return whole / 2 + whole / 2 * self.chance()
