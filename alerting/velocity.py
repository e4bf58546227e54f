"""Sliding windows over the ring: counts, capped negative mass and what is made of them.

A window is moved, never recomputed: buckets that enter are added, buckets that leave
are taken off again, a late post is added where it belongs. All sums are of whole
numbers (masses in millionths), so the result depends on what is in the window alone,
not on the way it got there: a restarted watch sees exactly the same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from alerting.buckets import Post, Ring
from alerting.capping import MICRO, capped_sum


def mass_of(posts: Iterable[Post], share: float) -> float:
    """Return the negative mass of `posts`, no author above `share` of it (see `capping`)."""
    masses: dict[str, int] = defaultdict(int)
    for post in posts:
        if post.negative:
            masses[post.author] += post.mass
    return capped_sum(masses.values(), share) / MICRO


class Window:
    """Mentions, negative mentions and negative mass by author over the last `seconds`."""

    def __init__(self, ring: Ring, seconds: float) -> None:
        self.mentions = 0
        self.negative = 0
        self.masses: dict[str, int] = {}
        self.voices: dict[str, int] = {}
        self._ring = ring
        self._width = round(seconds / ring.size)
        self.low = self.high = 0

    def slide(self, high: int) -> None:
        """Move the window so that it ends before bucket `high`; never backwards."""
        low = high - self._width
        for _, bucket in self._ring.between(self.low, min(low, self.high)):
            for post in bucket.posts:
                self._remove(post)
        for _, bucket in self._ring.between(max(self.high, low), high):
            for post in bucket.posts:
                self._add(post)
        self.low, self.high = low, high

    def join(self, number: int, post: Post) -> None:
        """Take in a post that was just put into bucket `number`, if that lies inside."""
        if self.low <= number < self.high:
            self._add(post)

    def capped(self, share: float) -> float:
        """Return the window's negative mass, no author above `share` of it."""
        return capped_sum(self.masses.values(), share) / MICRO

    @property
    def mass(self) -> float:
        """The window's negative mass before the cut: an upper bound of `capped`."""
        return sum(self.masses.values()) / MICRO

    @property
    def negative_share(self) -> float:
        """Share of negative among the mentions, 0 for an empty window."""
        return self.negative / self.mentions if self.mentions else 0.0

    @property
    def top_share(self) -> float:
        """Share of the uncut negative mass that the loudest author holds."""
        total = sum(self.masses.values())
        return max(self.masses.values()) / total if total else 0.0

    def _add(self, post: Post) -> None:
        self.mentions += 1
        if post.negative:
            self.negative += 1
            self.masses[post.author] = self.masses.get(post.author, 0) + post.mass
            self.voices[post.author] = self.voices.get(post.author, 0) + 1

    def _remove(self, post: Post) -> None:
        self.mentions -= 1
        if post.negative:
            self.negative -= 1
            left = self.voices[post.author] - 1
            if left:
                self.voices[post.author] = left
                self.masses[post.author] -= post.mass
            else:
                del self.voices[post.author], self.masses[post.author]


class WideWindow(Window):
    """The evidence window: also who, where, in what mood, and how much of it is copied."""

    def __init__(self, ring: Ring, seconds: float) -> None:
        super().__init__(ring, seconds)
        self.authors: dict[str, int] = {}
        self.platforms: dict[str, int] = {}
        self.emotions: dict[str, int] = {}
        self.intents: dict[str, int] = {}
        self._copies: dict[tuple[str, str], dict[str, int]] = {}

    @property
    def coordination(self) -> float:
        """Share of negative mentions that repeat another author's text word for word.

        Plain reposts and short exclamations are no copies (`buckets.compact`).
        """
        if not self.negative:
            return 0.0
        copied = sum(sum(by.values()) for by in self._copies.values() if len(by) > 1)
        return copied / self.negative

    def _add(self, post: Post) -> None:
        super()._add(post)
        self._count(post, 1)

    def _remove(self, post: Post) -> None:
        super()._remove(post)
        self._count(post, -1)

    def _count(self, post: Post, by: int) -> None:
        _bump(self.authors, post.author, by)
        _bump(self.platforms, post.platform, by)
        _bump(self.emotions, post.emotion, by)
        _bump(self.intents, post.intent, by)
        if post.copy is not None:
            authors = self._copies.setdefault(post.copy, {})
            _bump(authors, post.author, by)
            if not authors:
                del self._copies[post.copy]


def _bump(counts: dict[str, int], key: str, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        del counts[key]


def shares(counts: dict[str, int]) -> dict[str, float]:
    """Return the counts as shares of their sum, largest first (by name where equal)."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(count / total, 4) for name, count in ordered}
