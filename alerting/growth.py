"""How many negative mentions the next hour may bring: two projections, each with a 90 % interval.

`scaling` supposes that the logarithms of earlier and later popularity differ by a
constant and noise (Szabo and Huberman 2010, Commun. ACM 53(8):80-88): the next hour is
what the last minutes make in an hour, times a ratio that is log-normal over crises.

`self_exciting` fits a Hawkes process with an exponential kernel to the counts so far
(Hawkes 1971, Biometrika 58:83-90): each mention brings `n` others on average, sooner
rather than later. The expected intensity after `s` seconds is

    m + (lambda - m) exp(-beta (1 - n) s),    m = mu / (1 - n),

and the count's variance is its mean / (1 - n)^2 (for long times; Hawkes and Oakes 1974,
J. Appl. Probab. 11:493-503).

On the benchmark `scaling` has the smaller error and the right coverage, so it is what people
are shown (`project`); `self_exciting` stays as what it is measured against (``docs/judgement.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, log, log10, sqrt
from typing import Final

from config.records import Growth

HORIZON: Final = 3600.0
"""Seconds that are projected."""
Z90: Final = 1.645
"""Quantile of the normal law at 95 %: half of the 90 % interval."""
MEDIAN_RATIO: Final = 0.71
"""Median of (next hour) / (what the last minutes make in an hour), over the benchmark's crises."""
LOG_SPREAD: Final = 0.42
"""Standard deviation of that ratio's logarithm."""
WINDOW: Final = 600.0
"""Seconds whose count `scaling` goes by."""
SHOWN_FROM: Final = 1200.0
SHOWN_UNTIL: Final = 3600.0
"""Seconds since the onset between which 85 to 95 of 100 intervals hold what comes."""
STEP: Final = 300.0
"""Seconds of a count that `self_exciting` is given."""
_BRANCHING: Final = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_MEMORY: Final = (300.0, 900.0, 2700.0, 7200.0)
_GROUND: Final = (0.1, 0.5, 1.0)
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Projection:
    """Negative mentions in the next `HORIZON` seconds: median and the ends of a 90 % interval."""

    median: float
    low: float
    high: float


def project(since_onset: float, count: int) -> Projection | None:
    """Return what people may be told; None where the interval's coverage is not right.

    Parameters
    ----------
    since_onset : seconds since the rise began.
    count : negative mentions of the last `WINDOW` seconds.

    Examples
    --------
    >>> project(300, 40) is None  # too early: the intervals of such moments hold too little
    True
    >>> told = project(1800, 40)
    >>> round(told.low), round(told.median), round(told.high)
    (82, 173, 365)
    """
    return scaling(count) if SHOWN_FROM <= since_onset <= SHOWN_UNTIL else None


def outlook(at: float, since_onset: float, count: int) -> Growth | None:
    """Return `project` at event time `at` as an incident carries it, None where nothing may be told.

    Two digits are kept, for more would feign a precision; the interval is rounded outwards.

    Examples
    --------
    >>> told = outlook(at=7200.0, since_onset=1800, count=40)
    >>> told.until, told.low, told.median, told.high
    (10800.0, 81, 170, 370)
    """
    told = project(since_onset, count)
    if told is None:
        return None
    low, median, high = _digits(told.low, floor), _digits(told.median, round), _digits(told.high, ceil)
    return Growth(until=at + HORIZON, median=median, low=low, high=high)


def _digits(value: float, rounded: Callable[[float], int]) -> int:
    """Return `value` as a whole number of at most two digits that are not zero."""
    step = 10 ** max(0, floor(log10(value)) - 1) if value >= 1 else 1
    return rounded(value / step) * step


def scaling(count: int, ratio: float = MEDIAN_RATIO, log_spread: float = LOG_SPREAD) -> Projection:
    """Return the projection from `count` negative mentions in the last `WINDOW` seconds.

    Parameters
    ----------
    ratio, log_spread : the law of the ratio.

    Examples
    --------
    >>> few, many = scaling(10), scaling(100)
    >>> few.low < few.median < few.high < many.high
    True
    """
    median = ratio * (count + 0.5) * HORIZON / WINDOW
    # The count that is seen, and the one that will be, are each Poisson about their rates.
    spread = sqrt(log_spread**2 + 1 / (count + 0.5) + 1 / median)
    return _log_normal(median, spread)


def self_exciting(counts: Sequence[int]) -> Projection:
    """Return the projection from the counts of consecutive `STEP` s, the newest last.

    The likeliest of a grid of parameters is taken (Poisson counts given the steps before).

    Raises
    ------
    ValueError
        There are no counts.
    """
    if not counts:
        raise ValueError("no counts to project from")
    mean_count = max(sum(counts) / len(counts), 0.1)
    best: tuple[float, Projection] | None = None
    for memory in _MEMORY:
        decay = exp(-STEP / memory)
        for branching in _BRANCHING:
            for share in _GROUND:
                ground = share * (1 - branching) * mean_count
                likelihood, excited = 0.0, 0.0
                for count in counts:
                    rate = max(ground + branching * (1 - decay) * excited, _LEAST)
                    likelihood += count * log(rate) - rate
                    excited = decay * excited + count
                if best is None or likelihood > best[0]:
                    now = ground + branching * (1 - decay) * excited
                    best = likelihood, _ahead(ground, branching, memory, now)
    assert best is not None
    return best[1]


def _ahead(ground: float, branching: float, memory: float, now: float) -> Projection:
    calm = ground / (1 - branching)
    fade = (1 - branching) / memory
    steps = HORIZON / STEP
    total = calm * steps + (now - calm) * (1 - exp(-fade * HORIZON)) / (fade * STEP)
    mean = max(total, 0.1)
    variance = mean / (1 - branching) ** 2
    spread = sqrt(log(1 + variance / mean**2))
    return _log_normal(mean * exp(-(spread**2) / 2), spread)


def _log_normal(median: float, spread: float) -> Projection:
    return Projection(median, median * exp(-Z90 * spread), median * exp(Z90 * spread))
