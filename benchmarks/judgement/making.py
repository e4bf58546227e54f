"""What timelines are composed of: a brand's ordinary talk, crises, and what only looks like one.

Each function gives posts with times in seconds since the timeline's start, which is
midnight in Beijing. All randomness comes from the generator that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from benchmarks.judgement.material import HOUR, Material, Post
from config.records import HourSummary, Kind

START: Final = 1_704_038_400.0
"""Monday 2024-01-01 00:00 in Beijing."""
UNREST: Final = 4.0
"""Shape of the gamma law by which an hour's rate differs from its rhythm: by half of itself."""
MINUTE: Final = 60.0

Rng = np.random.Generator


@dataclass(frozen=True)
class Brand:
    """How much is said of a brand.

    Attributes
    ----------
    per_minute : posts a minute, on average over the day.
    complaints : share of its ordinary posts that are complaints.
    rules : the rule set that an operator would choose for it.
    """

    per_minute: float
    complaints: float
    rules: str


def small_brand(rng: Rng) -> Brand:
    """Return a brand of 3 to 30 posts an hour."""
    return Brand(
        float(np.exp(rng.uniform(np.log(0.05), np.log(0.5)))), float(rng.uniform(0.03, 0.2)), "sensitive"
    )


def middle_brand(rng: Rng) -> Brand:
    """Return a brand of one post in two minutes to five a minute."""
    return Brand(float(np.exp(rng.uniform(np.log(0.5), np.log(5)))), float(rng.uniform(0.03, 0.2)), "default")


def ordinary(material: Material, brand: Brand, hours: int, rng: Rng) -> list[Post]:
    """Return ordinary talk: consecutive posts of the control stream, some of them complaints, in a daily rhythm."""
    rates = _rates(material, brand, hours, rng)
    counts = rng.poisson(rates)
    first = int(rng.integers(len(material.control)))
    posts: list[Post] = []
    for hour, count in enumerate(counts):
        for at in sorted(hour * HOUR + rng.uniform(0, HOUR, count)):
            if rng.random() < brand.complaints:
                posts.append(_any(material.complaints, rng).moved(at))
            else:
                posts.append(material.control[(first + len(posts)) % len(material.control)].moved(at))
    return posts


def history(material: Material, brand: Brand, weeks: int, rng: Rng) -> list[HourSummary]:
    """Return what the index would have summed of `weeks` before the start."""
    masses = np.array([p.reading.strength * p.weight if p.negative else 0.0 for p in material.control])
    worse = np.array([p.reading.strength * p.weight for p in material.complaints])
    summaries = []
    for number, rate in enumerate(_rates(material, brand, weeks * 168, rng)):
        counts = rng.poisson(rate / 60, 60)
        talk = counts > 0
        complaining = rng.binomial(counts, brand.complaints)
        minutes = [
            rng.choice(worse, bad).sum() + rng.choice(masses, all_ - bad).sum()
            for all_, bad in zip(counts[talk], complaining[talk], strict=True)
        ]
        if minutes:
            total = float(sum(minutes))
            squares = float(sum(m * m for m in minutes))
            begun = START + (number - weeks * 168) * HOUR
            summaries.append(
                HourSummary(hour_start=begun, minutes=len(minutes), mass_sum=total, mass_sq_sum=squares)
            )
    return summaries


def crisis(cascades: Sequence[Sequence[Post]], at: float, spread: float, rng: Rng) -> list[Post]:
    """Return real cascades, the first beginning at `at`, the others at random within `spread` seconds."""
    starts = [0.0, *rng.uniform(0, spread, len(cascades) - 1)]
    return [
        post.moved(at + start + post.at)
        for start, cascade in zip(starts, cascades, strict=True)
        for post in cascade
    ]


def ramp(cascades: Sequence[Sequence[Post]], at: float, hours: float, rng: Rng) -> list[Post]:
    """Return the negative posts of cascades, their rate growing evenly from nothing over `hours`."""
    negative = [post for cascade in cascades for post in cascade if post.negative]
    times = np.sort(at + hours * HOUR * np.sqrt(rng.uniform(0, 1, len(negative))))
    return [post.moved(float(t)) for post, t in zip(negative, times, strict=True)]


def launch(material: Material, brand: Brand, at: float, rng: Rng) -> list[Post]:
    """Return a burst of 15 to 40 times the ordinary rate for 1 to 3 hours, with the ordinary share of complaints."""
    hours, times = rng.uniform(1, 3), rng.uniform(15, 40)
    count = int(rng.poisson(brand.per_minute * 60 * times * hours))
    posts = []
    for when in np.sort(at + hours * HOUR * rng.beta(1.5, 3, count)):
        pool = material.complaints if rng.random() < brand.complaints else material.calm
        posts.append(_any(pool, rng).moved(float(when)))
    return posts


def spam(material: Material, at: float, rng: Rng) -> list[Post]:
    """Return one negative text that 100 to 500 accounts paste within 20 to 60 minutes."""
    post = _long(material.complaints, rng)
    count, minutes = int(rng.integers(100, 501)), rng.uniform(20, 60)
    times = np.sort(at + minutes * MINUTE * rng.uniform(0, 1, count))
    return [
        post.moved(float(t), f"spam-{n}", f"{post.text} {int(rng.integers(10))}", Kind.POST)
        for n, t in enumerate(times)
    ]


def loud(material: Material, at: float, rng: Rng) -> list[Post]:
    """Return 100 to 300 different negative posts of a single account within an hour."""
    count = int(rng.integers(100, 301))
    times = np.sort(at + HOUR * rng.uniform(0, 1, count))
    return [_any(material.complaints, rng).moved(float(t), "the-loud-one") for t in times]


def bots(material: Material, at: float, rng: Rng) -> list[Post]:
    """Return 6 to 12 accounts that repeat five negative texts, 20 to 40 times each within two hours."""
    texts = [_long(material.complaints, rng) for _ in range(5)]
    posts = []
    for account in range(int(rng.integers(6, 13))):
        for t in at + 2 * HOUR * rng.uniform(0, 1, int(rng.integers(20, 41))):
            posts.append(texts[int(rng.integers(5))].moved(float(t), f"bot-{account}", kind=Kind.POST))
    return posts


def without(posts: Sequence[Post], start: float, end: float) -> list[Post]:
    """Return the posts without those of an outage of the feed."""
    return [post for post in posts if not start <= post.at < end]


def _rates(material: Material, brand: Brand, hours: int, rng: Rng) -> np.ndarray:
    rhythm = np.tile(material.rhythm, ceil(hours / 24))[:hours]
    return brand.per_minute * 60 * rhythm * rng.gamma(UNREST, 1 / UNREST, hours)


def _any(pool: Sequence[Post], rng: Rng) -> Post:
    return pool[int(rng.integers(len(pool)))]


def _long(pool: Sequence[Post], rng: Rng) -> Post:
    while len((post := _any(pool, rng)).text) < 16:
        pass
    return post
