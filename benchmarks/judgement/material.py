"""Real posts with their readings, sorted by what a timeline needs them for."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Final

from benchmarks.judgement.reading import Reading
from benchmarks.judgement.sources import SEED, Saying, Sources
from config.records import Kind, Mention
from config.settings import ScoringSettings
from streams.weighing import weigh

HOUR: Final = 3600.0
DAY: Final = 86400.0
BEIJING: Final = 8 * HOUR
RESERVED: Final = 0.8
"""Share of the cascades that crises are made of; the others are the brands' everyday complaints."""
LONGEST: Final = DAY
"""Seconds of a cascade that are used."""
MEDIUM: Final = 200
"""Negative posts from which a crisis counts for the aim."""


@dataclass(frozen=True, slots=True)
class Post:
    """A real post as the enrich stage would have scored it; `at` is seconds since its timeline's start."""

    at: float
    text: str
    author: str
    kind: Kind
    reading: Reading
    weight: float
    negative: bool

    def moved(
        self, at: float, author: str | None = None, text: str | None = None, kind: Kind | None = None
    ) -> Post:
        """Return the same post at another time, by another author, with other words or of another kind."""
        return Post(
            at,
            self.text if text is None else text,
            self.author if author is None else author,
            self.kind if kind is None else kind,
            self.reading,
            self.weight,
            self.negative,
        )


@dataclass(frozen=True)
class Material:
    """Posts by use; cascades begin at 0 with their first post."""

    control: tuple[Post, ...]
    control_times: tuple[float, ...]
    cascades: tuple[tuple[Post, ...], ...]
    complaints: tuple[Post, ...]

    @property
    def small(self) -> list[tuple[Post, ...]]:
        """Cascades of 60 to 199 negative posts."""
        return [c for c in self.cascades if 60 <= negatives(c) < MEDIUM]

    @property
    def bad(self) -> list[tuple[Post, ...]]:
        """Cascades of 60 negative posts and more."""
        return [c for c in self.cascades if negatives(c) >= 60]

    @property
    def medium(self) -> list[tuple[Post, ...]]:
        """Cascades of 200 negative posts and more."""
        return [c for c in self.cascades if negatives(c) >= MEDIUM]

    @cached_property
    def calm(self) -> list[Post]:
        """Posts of the control stream that are not negative, with words of their own."""
        return [post for post in self.control if post.text and not post.negative]

    @cached_property
    def rhythm(self) -> list[float]:
        """Relative rate by hour of the day in Beijing: the median share over the control's days."""
        days: dict[int, list[int]] = {}
        for at in self.control_times:
            day, hour = divmod((at + BEIJING) // HOUR, 24)
            days.setdefault(int(day), [0] * 24)[int(hour)] += 1
        shares = [[n / sum(hours) for n in hours] for hours in days.values() if sum(hours) >= 200]
        medians = [median(share[hour] for share in shares) for hour in range(24)]
        mean = sum(medians) / 24
        return [value / mean for value in medians]


def negatives(posts: Sequence[Post]) -> int:
    """Return how many of the posts are negative."""
    return sum(post.negative for post in posts)


def material(sources: Sources, readings: Mapping[str, Reading], scoring: ScoringSettings) -> Material:
    """Return the posts with their readings."""

    def post(saying: Saying, start: float) -> Post:
        reading = readings[saying.text]
        mention = Mention(platform="weibo", id="0", text="", created_at=0.0)
        weight, _ = weigh(mention, saying.profile, scoring.weight_cap)
        negative = reading.strength >= scoring.negative_from
        return Post(saying.at - start, saying.text, saying.author, saying.kind, reading, weight, negative)

    cascades = [
        tuple(post(saying, c.posts[0].at) for saying in c.posts if saying.at - c.posts[0].at <= LONGEST)
        for c in sources.cascades
    ]
    random.Random(SEED).shuffle(cascades)
    cut = round(RESERVED * len(cascades))
    complaints = tuple(p for cascade in cascades[cut:] for p in cascade if p.negative)
    control = tuple(post(s, 0.0) for s in sources.control)
    return Material(control, sources.control_times, tuple(cascades[:cut]), complaints)
