"""Sliding windows over the ring: counts, capped negative mass and what is made of them.

A window is moved, never recomputed: buckets that enter are added, buckets that leave
are taken off again, a late post is added where it belongs. All sums are of whole
numbers (masses in millionths), so the result depends on what is in the window alone,
not on the way it got there: a restarted watch sees exactly the same numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from alerting.buckets import Post, Ring
from alerting.capping import MICRO, capped_sum
from alerting.copies import damped_sum

K = TypeVar("K", bound=Hashable)


class Crowd:
    """Negative mass by author and by text: one account and one text are each no crowd."""

    def __init__(self) -> None:
        self.masses: dict[str, int] = {}
        self.voices: dict[str, int] = {}
        self._texts: dict[str, dict[str, int]] = {}
        self._plain = 0
        self._exclaiming: dict[str, int] = {}

    def capped(self, share: float) -> float:
        """Return the mass with no author above `share` and no text above its root.

        The lesser of the two sums (`capping`, `copies`): each grows with every mass
        that is added, hence so does the lesser.
        """
        by_author = capped_sum(self.masses.values(), share)
        return min(by_author, damped_sum(self._texts.values(), self._plain)) / MICRO

    @property
    def mass(self) -> float:
        """The mass before any cut: an upper bound of `capped`."""
        return sum(self.masses.values()) / MICRO

    @property
    def top_share(self) -> float:
        """Share of the uncut mass that the loudest author holds."""
        total = sum(self.masses.values())
        return max(self.masses.values()) / total if total else 0.0

    @property
    def texts(self) -> int:
        """Different texts; those that are too short to compare count once an author."""
        return len(self._texts) + len(self._exclaiming)

    def put(self, post: Post) -> None:
        """Take in a negative post."""
        self._change(post, 1)

    def take(self, post: Post) -> None:
        """Take a negative post off again."""
        self._change(post, -1)

    def _change(self, post: Post, by: int) -> None:
        mass = by * post.mass
        _bump(self.voices, post.author, by)
        _bump(self.masses, post.author, mass)
        if post.saying is None:
            self._plain += mass
            _bump(self._exclaiming, post.author, by)
        else:
            authors = self._texts.setdefault(post.saying, {})
            _bump(authors, post.author, mass)
            if not authors:
                del self._texts[post.saying]


def mass_of(posts: Iterable[Post], share: float) -> float:
    """Return the negative mass of `posts`, cut as in `Crowd.capped`."""
    crowd = Crowd()
    for post in posts:
        if post.negative:
            crowd.put(post)
    return crowd.capped(share)


class Window:
    """Mentions, negative mentions and negative mass by author over the last `seconds`."""

    def __init__(self, ring: Ring, seconds: float) -> None:
        self.mentions = 0
        self.negative = 0
        self.wordless = 0
        self.crowd = Crowd()
        self._ring = ring
        self._width = round(seconds / ring.size)
        self.low = self.high = 0

    def slide(self, high: int) -> None:
        """Move the window so that it ends before bucket `high`; never backwards."""
        low = high - self._width
        if self.mentions:
            for _, bucket in self._ring.between(self.low, min(low, self.high)):
                for post in bucket.posts:
                    self._remove(post)
        if self._ring.newest >= max(self.high, low):
            for _, bucket in self._ring.between(max(self.high, low), high):
                for post in bucket.posts:
                    self._add(post)
        self.low, self.high = low, high

    def join(self, number: int, post: Post) -> None:
        """Take in a post that was just put into bucket `number`, if that lies inside."""
        if self.low <= number < self.high:
            self._add(post)

    @property
    def negative_share(self) -> float:
        """Share of negative among the mentions that say anything, 0 where none does."""
        speaking = self.mentions - self.wordless
        return self.negative / speaking if speaking else 0.0

    def _add(self, post: Post) -> None:
        self.mentions += 1
        self.wordless += post.wordless
        if post.negative:
            self.negative += 1
            self.crowd.put(post)

    def _remove(self, post: Post) -> None:
        self.mentions -= 1
        self.wordless -= post.wordless
        if post.negative:
            self.negative -= 1
            self.crowd.take(post)


class WideWindow(Window):
    """The evidence window: also who, where, in what mood, of which stories, and how much of it is copied."""

    def __init__(self, ring: Ring, seconds: float) -> None:
        super().__init__(ring, seconds)
        self.authors: dict[str, int] = {}
        self.platforms: dict[str, int] = {}
        self.emotions: dict[str, int] = {}
        self.intents: dict[str, int] = {}
        self.stories: dict[str, int] = {}
        self._followers: dict[int, int] = {}
        self._authorities = 0
        self._copies: dict[str, dict[str, int]] = {}

    @property
    def coordination(self) -> float:
        """Share of negative mentions that repeat another author's text word for word.

        Plain reposts and short exclamations are no copies.
        """
        if not self.negative:
            return 0.0
        copied = sum(sum(by.values()) for by in self._copies.values() if len(by) > 1)
        return copied / self.negative

    @property
    def largest_account(self) -> int:
        """Most followers that the author of a negative mention has, 0 where nobody's are known."""
        return max(self._followers, default=0)

    @property
    def authority(self) -> bool:
        """Whether a government or media account wrote one of the negative mentions."""
        return self._authorities > 0

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
        if post.negative:
            _bump(self.stories, post.story, by)
            _bump(self._followers, post.followers, by)
            self._authorities += by * post.authority
        if post.saying is not None and not post.quoting:
            authors = self._copies.setdefault(post.saying, {})
            _bump(authors, post.author, by)
            if not authors:
                del self._copies[post.saying]


def _bump(counts: dict[K, int], key: K, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)


def shares(counts: dict[str, int]) -> dict[str, float]:
    """Return the counts as shares of their sum, largest first (by name where equal)."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(count / total, 4) for name, count in ordered}
