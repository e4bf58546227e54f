"""What is normal for a watch at this hour: expected velocity and its spread.

History is a list of hours, each the sum of its minutes' negative mass and of its
square. For a moment the *reference hours* are the same hour of the week in the last
eight weeks and its two neighbours (half weight). While there is less than two weeks
of history, the same hour of the days before and the last three hours of the past day
join them. Hours that touch an incident or a known event of the calendar are left out.
Minutes in which nobody said anything are no data, not calm.

From the reference hours:

- the level is the weighted median of their means, drawn towards the stated prior by
  Bühlmann's credibility ``Z = n / (n + K)`` with ``K`` = variance of an hour's mean
  about the level / variance of the prior (Bühlmann 1967, ASTIN Bulletin 4:199-207);
- the spread between hours is ``1.4826 * MAD``, its square drawn towards a prior
  guess (half the level) by ``PRIOR_HOURS`` pseudo-observations, the posterior mean of
  a scaled inverse-chi-square prior (Gelman et al., Bayesian Data Analysis, 2.6);
- the dispersion inside an hour is the quasi-Poisson ``phi`` = variance of the minutes
  / mean of the minutes, never below one mention's own.

The z-score is that of Farrington et al. 1996 (J. R. Stat. Soc. A 159:547-563): the
2/3 power makes counts near symmetric, so that small expectations do not alarm at
every second post:

    z = 3/2 * mu / sigma * ((v / mu)^(2/3) - 1),
    sigma^2 = phi * mu / w + tau^2 + var(mu),    w = window in minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from alerting.capping import MENTION_MASS
from alerting.ramp import SINCE, Reference
from config.records import HourSummary
from config.rules import Rules

HOUR: Final = 3600.0
DAY: Final = 86400.0
WEEK: Final = 7 * DAY
WEEKS: Final = 8
"""Weeks that the reference hours reach back."""
COLD: Final = 2 * WEEK
"""Seconds of history below which a watch is cold."""
RHYTHM: Final = 0.5
"""Prior guess of how much an hour differs from its level, as a share of the level."""
PRIOR_HOURS: Final = 4.0
"""Weight of that guess in hours."""
RECENT: Final = 3
"""Latest hours of the past day that count while a watch is cold."""
BAND_Z: Final = 3.0
"""z of the band's edges."""
HALF_A_DAY: Final = 12
"""Least hours of talk that a day must have to be a cold watch's reference for slow ramps."""
LEAST: Final = 0.01
"""Least expected mass a minute, so that a factor over it stays a number."""
_MAD_TO_SD: Final = 1.4826


@dataclass(frozen=True, slots=True)
class Normal:
    """What is normal at one moment; masses a minute.

    Attributes
    ----------
    mean : expected velocity.
    between : variance of an hour's mean about it, uncertainty of the mean included.
    dispersion : variance of a minute's mass inside an hour, divided by its mean.
    history : clock hours since the first that is known, 0 in that one.
    """

    mean: float
    between: float
    dispersion: float
    history: int

    @property
    def cold_start(self) -> bool:
        """Whether there is less than two weeks of history."""
        return self.history * HOUR < COLD

    def deviation(self, window_min: float) -> float:
        """Return the standard deviation of the velocity over `window_min` minutes."""
        return float((self.dispersion * self.mean / window_min + self.between) ** 0.5)

    def z(self, velocity: float, window_min: float) -> float:
        """Return Farrington's z of a velocity over `window_min` minutes."""
        ratio = self.mean / self.deviation(window_min)
        return float(1.5 * ratio * ((velocity / self.mean) ** (2 / 3) - 1))

    def band(self, window_min: float) -> tuple[float, float]:
        """Return the velocities at ``z = -BAND_Z`` and ``z = +BAND_Z``."""
        step = 2 / 3 * BAND_Z * self.deviation(window_min) / self.mean
        low = self.mean * max(0.0, 1 - step) ** 1.5
        return low, float(self.mean * (1 + step) ** 1.5)


@dataclass(slots=True)
class _Hour:
    minutes: int = 0
    total: float = 0.0
    squares: float = 0.0


class Baseline:
    """Hourly history of one watch and what it says is normal.

    Hours are numbered by the time at which a minute's signal is given (the minute
    12:59 is reported at 13:00 and belongs to hour 13), as the index sums them.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._hours: dict[int, _Hour] = {}
        self._spans: list[tuple[float, float]] = []
        self._cached: tuple[int, Normal] | None = None
        self._reference: tuple[int, Reference | None] | None = None

    def restore(self, hours: Iterable[HourSummary]) -> None:
        """Take over the history that the index kept; replaces what was there."""
        self._hours = {
            int(h.hour_start // HOUR): _Hour(h.minutes, h.mass_sum, h.mass_sq_sum)
            for h in sorted(hours, key=lambda h: h.hour_start)
            if h.minutes > 0
        }
        self._cached = self._reference = None

    def exclude(self, spans: Sequence[tuple[float, float]]) -> None:
        """Leave out the hours that touch these spans (incidents and known events: start, end or infinity)."""
        self._spans = list(spans)
        self._cached = self._reference = None

    def add(self, at: float, mass: float) -> None:
        """Take in one finished minute's capped negative mass, reported at `at`."""
        number = int(at // HOUR)
        hour = self._hours.get(number)
        if hour is None:
            hour = self._hours[number] = _Hour()
            self._prune(number)
        hour.minutes += 1
        hour.total += mass
        hour.squares += mass * mass

    def at(self, at: float) -> Normal:
        """Return what is normal at `at`; only hours that were over by then are used."""
        number = int(at // HOUR)
        if self._cached is None or self._cached[0] != number:
            self._cached = (number, self._normal(number))
        return self._cached[1]

    def hour_at(self, at: float) -> Reference | None:
        """Return what a whole hour at `at` is held against by the slow-ramp test (`ramp`)."""
        number = int(at // HOUR)
        if self._reference is None or self._reference[0] != number:
            self._reference = (number, self._hour(number, self.at(at)))
        return self._reference[1]

    def _hour(self, number: int, normal: Normal) -> Reference | None:
        if not normal.cold_start:
            return Reference(normal.mean, max(normal.deviation(60), RHYTHM * normal.mean))
        day = [
            hour.total / hour.minutes
            for n in range(number - SINCE - 24, number - SINCE)
            if (hour := self._hours.get(n)) is not None and not self._left_out(n)
        ]
        whole = next(iter(self._hours), number) <= number - SINCE - 24
        if not whole or len(day) < HALF_A_DAY:
            return None
        mean = max(normal.mean, LEAST, *day)
        deviation = (normal.dispersion * mean / 60 + (RHYTHM * mean) ** 2) ** 0.5
        return Reference(mean, float(deviation))

    def _prune(self, number: int) -> None:
        oldest = number - WEEKS * 168 - 1
        while (first := next(iter(self._hours))) < oldest:
            del self._hours[first]

    def _normal(self, number: int) -> Normal:
        oldest = next((n for n in self._hours if n >= number - WEEKS * 168 - 1), number)
        history = number - oldest
        prior_mean, prior_var = self._rules.prior_velocity, self._rules.prior_spread**2
        hours = [
            (hour, weight * min(1.0, hour.minutes / 60))
            for n, weight in self._references(number, cold=history * HOUR < COLD).items()
            if (hour := self._hours.get(n)) is not None and not self._left_out(n)
        ]
        weight = sum(w for _, w in hours)
        dispersion = _dispersion(hours)
        if not weight:
            between = (RHYTHM * prior_mean) ** 2 + prior_var
            return Normal(prior_mean, between, dispersion, history)
        rates = [(hour.total / hour.minutes, w) for hour, w in hours]
        median = _weighted_median(rates)
        mad = _weighted_median([(abs(rate - median), w) for rate, w in rates])
        doubt = ((RHYTHM * prior_mean) ** 2 + dispersion * prior_mean / 60) / prior_var
        credibility = weight / (weight + doubt)
        mean = max(LEAST, credibility * median + (1 - credibility) * prior_mean)
        spread = (weight * (_MAD_TO_SD * mad) ** 2 + PRIOR_HOURS * (RHYTHM * mean) ** 2) / (
            weight + PRIOR_HOURS
        )
        return Normal(mean, spread + (1 - credibility) * prior_var, dispersion, history)

    def _references(self, number: int, *, cold: bool) -> dict[int, float]:
        weights: dict[int, float] = {}
        for week in range(1, WEEKS + 1):
            _around(weights, number - week * 168, 1.0)
        if cold:
            for day in range(1, 14):
                _around(weights, number - day * 24, 0.5)
            today = (n for n in range(number - 1, number - 25, -1) if n in self._hours)
            for n in islice((n for n in today if not self._left_out(n)), RECENT):
                weights[n] = 1.0
        return {n: weight for n, weight in weights.items() if n < number}

    def _left_out(self, number: int) -> bool:
        start, end = number * HOUR, (number + 1) * HOUR
        return any(first < end and start <= last for first, last in self._spans)


def _around(weights: dict[int, float], number: int, weight: float) -> None:
    for n, w in ((number - 1, weight / 2), (number, weight), (number + 1, weight / 2)):
        weights[n] = max(w, weights.get(n, 0.0))


def _dispersion(hours: list[tuple[_Hour, float]]) -> float:
    variance = mean = 0.0
    for hour, weight in hours:
        rate = hour.total / hour.minutes
        mean += weight * rate
        variance += weight * max(0.0, hour.squares / hour.minutes - rate * rate)
    return max(MENTION_MASS, variance / mean) if mean else MENTION_MASS


def _weighted_median(values: list[tuple[float, float]]) -> float:
    ordered = sorted(values)
    half = sum(weight for _, weight in ordered) / 2
    passed = 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= half:
            return value
    return ordered[-1][0]
