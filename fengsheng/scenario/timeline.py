"""When what happens: the scenario's clock, the rate of each strand and what is true of it.

Times are minutes since the start unless a name says otherwise; rates are mentions a minute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Final

from fengsheng.scenario.dice import Dice

SHANGHAI: Final = timezone(timedelta(hours=8))
START: Final = datetime(2026, 10, 17, 6, 0, tzinfo=SHANGHAI).timestamp()
LENGTH: Final = 39 * 60.0
LAUNCH: Final = 8 * 60.0
"""Saturday 14:00: the autumn drink goes on sale."""
CRISIS: Final = 29 * 60.0 + 20
"""Sunday 11:20: a customer's post with pictures."""
STATEMENT: Final = CRISIS + 55
"""The brand's apology."""
WAVE: Final = CRISIS + 275
"""Sunday 15:55: the video that contradicts the apology."""

# Rate of the brand's ordinary talk by hour of the day: breakfast, lunch, afternoon tea, the long evening.
RHYTHM: Final = (
    (0.0, 0.22), (1.0, 0.06), (5.0, 0.03), (6.5, 0.1), (8.0, 0.45), (9.0, 0.25), (10.5, 0.25),
    (11.5, 0.7), (12.3, 2.4), (13.0, 1.3), (14.0, 0.5), (15.3, 1.3), (16.2, 0.7), (17.5, 0.4),
    (19.0, 0.7), (20.5, 2.2), (21.5, 1.2), (23.0, 0.4), (24.0, 0.22),
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """One thing that truly happens, for judging what the system says.

    Attributes
    ----------
    name : ``launch``, ``crisis`` or ``second-wave``.
    start, end : epoch seconds, UTC, of its first post and of the end of its excited part.
    page : whether the PR team must be paged.
    """

    name: str
    start: float
    end: float
    page: bool


TRUTH: Final = {
    "launch": Truth("launch", START + LAUNCH * 60, START + (LAUNCH + 40) * 60, page=False),
    "crisis": Truth("crisis", START + CRISIS * 60, START + (CRISIS + 60) * 60, page=True),
    "second-wave": Truth("second-wave", START + WAVE * 60, START + (WAVE + 40) * 60, page=True),
}
CALM_FROM: Final = START + (LENGTH - 110) * 60
"""Epoch seconds from which there is only ordinary talk, to the end."""


def _linear(points: tuple[tuple[float, float], ...], x: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return 0.0


def ordinary(minute: float) -> float:
    """Return the rate of ordinary talk; on the day of the crisis people praise less."""
    usual = 0.92 * _linear(RHYTHM, (6 + minute / 60) % 24)
    return usual * (0.7 if minute >= CRISIS else 1.0)


def rival(minute: float) -> float:
    """Return the rate of the competitor's ordinary talk."""
    return 0.14 * _linear(RHYTHM, (6 + minute / 60) % 24)


def noise(minute: float) -> float:
    """Return the rate of talk that belongs to no watch."""
    return 0.08 * _linear(RHYTHM, (6 + minute / 60) % 24) + 0.01


def launch(minute: float) -> float:
    """Return the rate of talk about the launch: half an hour of rush, then an echo."""
    t = minute - LAUNCH
    rush = _linear(((0, 3), (4, 42), (34, 42), (39, 5), (40, 0)), t)
    return rush + (1.2 * math.exp(-(t - 40) / 30) if t > 40 else 0.0)


def crisis(minute: float) -> float:
    """Return the rate of the first wave: minutes of murmur, an outbreak, hours of decline."""
    t = minute - CRISIS
    if t < 19:
        return _linear(((0, 1.5), (2, 5), (4, 15), (7, 34), (10.5, 62), (13, 74), (19.1, 74)), t)
    return 74 * math.exp(-(t - 19) / 11) + 3.5 * math.exp(-(t - 19) / 55)


def statement(minute: float) -> float:
    """Return the rate of talk about the brand's apology."""
    t = minute - STATEMENT
    return 5 * math.exp(-t / 10) if t > 0 else 0.0


def wave(minute: float) -> float:
    """Return the rate of the second wave: sharper and smaller; over well before the end."""
    t = minute - WAVE
    if t < 13:
        return _linear(((0, 1.5), (3, 5), (8, 35), (13.1, 35)), t)
    return 35 * math.exp(-(t - 13) / 7.5) + 1.5 * math.exp(-(t - 13) / 18) if t < 75 else 0.0


def moments(rate: Callable[[float], float], dice: Dice) -> Iterator[float]:
    """Yield the minutes at which a strand speaks: a Poisson process, by thinning each minute."""
    step = 0.25
    for number in range(int(LENGTH / step)):
        expected = rate((number + 0.5) * step) * step
        draw, product = 0, dice.between(0, 1)
        while product > math.exp(-expected):
            draw, product = draw + 1, product * dice.between(0, 1)
        yield from sorted((number + dice.between(0, 1)) * step for _ in range(draw))
