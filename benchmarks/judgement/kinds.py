"""The kinds of timelines, and how each is composed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.judgement import making
from benchmarks.judgement.making import Brand, Rng
from benchmarks.judgement.material import DAY, HOUR, MEDIUM, Material, Post
from config.records import HourSummary

ONSET_POSTS: Final = 10
ONSET_WINDOW: Final = 1800.0
TAIL: Final = HOUR
WARM_WEEKS: Final = 4


@dataclass(frozen=True)
class Truth:
    """One crisis that was laid in; seconds since the timeline's start.

    Attributes
    ----------
    start, end : its first post; its last negative one and an hour.
    onset : the first of the earliest 10 negative posts within half an hour, whatever any
        rule asks for; `start` where it never comes to that.
    negatives : its negative posts.
    """

    start: float
    onset: float
    end: float
    negatives: int

    @property
    def counts(self) -> bool:
        """Whether it is large enough for the aim."""
        return self.negatives >= MEDIUM


@dataclass(frozen=True)
class Timeline:
    """A brand's days: posts in order of time, and what is true of them."""

    kind: str
    number: int
    brand: Brand
    days: int
    posts: Sequence[Post]
    truth: Sequence[Truth] = ()
    history: Sequence[HourSummary] = field(default=(), repr=False)


def truth_of(posts: Sequence[Post]) -> Truth:
    """Return what is true of a crisis."""
    times = sorted(post.at for post in posts if post.negative)
    onset = next(
        (a for a, b in zip(times, times[ONSET_POSTS - 1 :], strict=False) if b - a <= ONSET_WINDOW), None
    )
    start = min(post.at for post in posts)
    return Truth(start, start if onset is None else onset, times[-1] + TAIL, len(times))


Added = tuple[list[Post], list[Truth]]
Adding = Callable[[Material, Brand, float, Rng], Added]


def _crisis(
    sizes: Callable[[Material], Sequence[Sequence[Post]]], least: int, most: int, spread: float
) -> Adding:
    def add(material: Material, _: Brand, at: float, rng: Rng) -> Added:
        pool = sizes(material)
        many = int(rng.integers(least, most + 1))
        taken = [pool[int(n)] for n in rng.choice(len(pool), min(many, len(pool)), replace=False)]
        posts = making.crisis(taken, at, spread, rng)
        return posts, [truth_of(posts)]

    return add


def _waves(material: Material, brand: Brand, at: float, rng: Rng) -> Added:
    first, (one,) = _large(material, brand, at, rng)
    second, (other,) = _large(material, brand, at + rng.uniform(3, 5) * HOUR, rng)
    return first + second, [one, other]


def _ramp(material: Material, _: Brand, at: float, rng: Rng) -> Added:
    pool = material.bad
    taken = [pool[int(n)] for n in rng.choice(len(pool), min(4, len(pool)), replace=False)]
    posts = making.ramp(taken, at, rng.uniform(6, 12), rng)
    return posts, [truth_of(posts)]


def _no_crisis(make: Callable[[Material, float, Rng], list[Post]]) -> Adding:
    return lambda material, _, at, rng: (make(material, at, rng), [])


_large = _crisis(lambda m: m.bad, 3, 5, 1200.0)


@dataclass(frozen=True)
class Kind:
    """A kind of timeline.

    Attributes
    ----------
    many : timelines of each brand size.
    warm : whether weeks of history lie before it.
    add : what is laid into the ordinary talk, None for nothing.
    outage : hours without any post that end half an hour before what is laid in.
    """

    name: str
    many: int
    warm: bool
    add: Adding | None = None
    outage: bool = False


KINDS: Final = (
    Kind("quiet, cold start", 12, warm=False),
    Kind("quiet, warm", 12, warm=True),
    Kind("crisis of 60-199, warm", 8, warm=True, add=_crisis(lambda m: m.small, 1, 1, 0)),
    Kind("crisis of one cascade, warm", 10, warm=True, add=_crisis(lambda m: m.medium, 1, 1, 0)),
    Kind("crisis of one cascade, cold", 6, warm=False, add=_crisis(lambda m: m.medium, 1, 1, 0)),
    Kind("crisis of 3-5 cascades, warm", 10, warm=True, add=_large),
    Kind("crisis of 3-5 cascades, cold", 6, warm=False, add=_large),
    Kind("crisis of 10-15 cascades, warm", 6, warm=True, add=_crisis(lambda m: m.bad, 10, 15, HOUR)),
    Kind("second wave", 6, warm=True, add=_waves),
    Kind("slow ramp", 6, warm=True, add=_ramp),
    Kind("crisis after a feed outage", 5, warm=True, add=_large, outage=True),
    Kind("feed outage", 6, warm=True, add=lambda *_: ([], []), outage=True),
    Kind("launch", 6, warm=True, add=lambda m, b, at, rng: (making.launch(m, b, at, rng), [])),
    Kind("spam burst", 6, warm=True, add=_no_crisis(making.spam)),
    Kind("one loud account", 5, warm=True, add=_no_crisis(making.loud)),
    Kind("bot repeats", 5, warm=True, add=_no_crisis(making.bots)),
)

BRANDS: Final = {"small": (making.small_brand, 7), "middle": (making.middle_brand, 4)}
"""Brand sizes, with the days of their timelines."""


@dataclass(frozen=True)
class Plan:
    """Which timeline: places in `KINDS` and `BRANDS`, and its number among its like."""

    kind: int
    brand: int
    number: int


def plans() -> list[Plan]:
    """Return the plan of every timeline."""
    return [
        Plan(place, brand, number)
        for place, kind in enumerate(KINDS)
        for brand in range(len(BRANDS))
        for number in range(kind.many)
    ]


def make(material: Material, seed: int, plan: Plan) -> Timeline:
    """Make a timeline; the same from the same seed, whatever else is made."""
    rng = np.random.default_rng([seed, plan.kind, plan.brand, plan.number])
    brand_of, days = list(BRANDS.values())[plan.brand]
    return _compose(material, KINDS[plan.kind], plan.number, brand_of(rng), days, rng)


def _compose(material: Material, kind: Kind, number: int, brand: Brand, days: int, rng: Rng) -> Timeline:
    posts = making.ordinary(material, brand, days * 24, rng)
    truth: list[Truth] = []
    if kind.add is not None:
        # By day, early enough that a day of aftermath is seen.
        day = 0 if not kind.warm else days - 2
        at = day * DAY + rng.uniform(9, 20) * HOUR
        if kind.outage:
            posts = making.without(posts, at - 0.5 * HOUR - rng.uniform(2, 12) * HOUR, at - 0.5 * HOUR)
        added, truth = kind.add(material, brand, at, rng)
        posts += [post for post in added if post.at < days * DAY]
    posts.sort(key=lambda post: post.at)
    past = making.history(material, brand, WARM_WEEKS, rng) if kind.warm else []
    return Timeline(kind.name, number, brand, days, posts, truth, past)
