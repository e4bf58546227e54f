"""The ring: small buckets of event time that a watch's mentions are counted in.

A mention belongs to the bucket of its own `created_at`, whenever it arrives, and is
counted once by its id. Behind the newest mention by more than the allowed lateness it
is only counted as late. What is kept of a mention is a compact `Post`; whole mentions
are kept only for the few that may be cited, terms only for a sample, so a bucket's
memory is bounded but for one small tuple and one id a mention.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from alerting.capping import MICRO
from alerting.copies import is_wordless, saying, wording
from config.records import ScoredMention

CITED: Final = 16
"""Negative mentions a bucket keeps whole, by words and again by author."""

WORDED: Final = 64
"""Mentions a bucket keeps the terms of, negative and other each."""

AUTHORITIES: Final = frozenset({1, 3})
"""Weibo's verified types of government and media."""


class Outcome(StrEnum):
    """What became of a mention that was given to the ring."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    LATE = "late"


class Post(NamedTuple):
    """What the windows count of one mention; `mass` in millionths, 0 unless negative.

    `quoting` tells that `saying` is another's words. `wordless` marks a repost without any
    words, which says neither yes nor no.
    """

    author: str
    negative: bool
    mass: int
    platform: str
    emotion: str
    intent: str
    saying: str | None
    quoting: bool
    story: str
    followers: int
    authority: bool
    wordless: bool


@dataclass(slots=True)
class Bucket:
    """The mentions of one slice of event time."""

    ids: list[str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    cited: list[ScoredMention] = field(default_factory=list)
    first: ScoredMention | None = None
    negative_terms: list[list[str]] = field(default_factory=list)
    other_terms: list[list[str]] = field(default_factory=list)
    negative: int = 0


def voice_of(mention: ScoredMention) -> str:
    """Return whose voice a mention is: its author, else its name, else its words.

    Where a feed tells no author, copies of one text count as one voice and different
    texts as different ones: neither deaf nor fooled by one account that repeats itself.
    """
    if mention.author_id:
        return mention.author_id
    if mention.author_name:
        return f"{mention.platform}/{mention.author_name}"
    return f"{mention.platform}?{wording(mention.text)}"


def compact(mention: ScoredMention) -> Post:
    """Return what the windows count of `mention`.

    Mass counts only where the mention is judged negative: the residual probabilities
    of a crowd of happy posts must not add up to a crisis.
    """
    score = mention.score
    said = saying(mention.text) if score.negative else None
    return Post(
        author=voice_of(mention),
        negative=score.negative,
        mass=round(score.mass * MICRO) if score.negative else 0,
        platform=mention.platform,
        emotion=score.emotion,
        intent=score.intent,
        saying=None if said is None else said.words,
        quoting=said is not None and said.quoted,
        story=mention.story,
        followers=mention.followers or 0,
        authority=mention.verified_type in AUTHORITIES,
        wordless=not score.negative and is_wordless(mention.text),
    )


def heaviest_first(mention: ScoredMention) -> tuple[float, float, str]:
    """Sort key: most mass, then earliest, then by id, so that the order never depends on arrival."""
    return (-mention.score.mass, mention.created_at, mention.mention_id)


def prune(mentions: list[ScoredMention], keep: int) -> list[ScoredMention]:
    """Return the heaviest `keep` of distinct words and the heaviest `keep` of distinct author."""
    said: set[str] = set()
    authors: set[str] = set()
    kept = []
    for mention in sorted(mentions, key=heaviest_first):
        voice = voice_of(mention)
        words = wording(mention.text)
        new_words = len(said) < keep and words not in said
        new_author = len(authors) < keep and voice not in authors
        if new_words:
            said.add(words)
        if new_author:
            authors.add(voice)
        if new_words or new_author:
            kept.append(mention)
    return kept


class Ring:
    """Buckets of `size` seconds, kept for `span` seconds behind the last evaluated tick."""

    def __init__(self, size: float, span: float, allowed_lateness: float) -> None:
        self.size = size
        self.negative = 0
        self.late = 0
        self.newest = -1
        self.watermark: float | None = None
        self._keep = int(-(-(span + allowed_lateness) // size))
        self._lateness = allowed_lateness
        self._buckets: dict[int, Bucket] = {}
        self._ids: set[str] = set()
        self._tail: int | None = None

    def __len__(self) -> int:
        return len(self._buckets)

    def index(self, at: float) -> int:
        """Return the number of the bucket that holds the moment `at`."""
        return int(at // self.size)

    def add(self, mention: ScoredMention, post: Post) -> Outcome:
        """Count the mention in its own bucket, unless it is known already or too late."""
        if mention.mention_id in self._ids:
            return Outcome.DUPLICATE
        at = mention.created_at
        number = self.index(at)
        if self.watermark is not None and at < self.watermark - self._lateness:
            self.late += 1
            return Outcome.LATE
        if self._tail is not None and number < self._tail:
            self.late += 1
            return Outcome.LATE
        if self.watermark is None or at > self.watermark:
            self.watermark = at
        self._ids.add(mention.mention_id)
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = Bucket()
            self.newest = max(self.newest, number)
        bucket.ids.append(mention.mention_id)
        bucket.posts.append(post)
        terms = bucket.negative_terms if post.negative else bucket.other_terms
        if len(terms) < WORDED:
            terms.append(mention.terms)
        if post.negative:
            self.negative += 1
            bucket.negative += 1
            self._cite(bucket, mention)
        return Outcome.COUNTED

    @staticmethod
    def _cite(bucket: Bucket, mention: ScoredMention) -> None:
        bucket.cited.append(mention)
        if len(bucket.cited) >= 4 * CITED:
            bucket.cited = prune(bucket.cited, CITED)
        first = bucket.first
        if first is None or (mention.created_at, mention.mention_id) < (first.created_at, first.mention_id):
            bucket.first = mention

    def between(self, low: int, high: int) -> Iterator[tuple[int, Bucket]]:
        """Give the occupied buckets ``low <= number < high`` in order, silent gaps at no cost."""
        if high - low <= len(self._buckets):
            numbers = [n for n in range(low, high) if n in self._buckets]
        else:
            numbers = sorted(n for n in self._buckets if low <= n < high)
        for number in numbers:
            yield number, self._buckets[number]

    def drop_before(self, head: int) -> list[Bucket]:
        """Forget what is older than the ring's span behind bucket `head`; return what fell out."""
        tail = head - self._keep
        if self._tail is not None and tail <= self._tail:
            return []
        start = self._tail
        self._tail = tail
        if not self._buckets:
            return []
        if start is None or tail - start > len(self._buckets):
            numbers = sorted(n for n in self._buckets if n < tail)
        else:
            numbers = [n for n in range(start, tail) if n in self._buckets]
        gone = [self._buckets.pop(n) for n in numbers]
        for bucket in gone:
            self._ids.difference_update(bucket.ids)
            self.negative -= bucket.negative
        return gone
