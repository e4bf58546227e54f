"""Mentions and their authors, as they come and as they are scored."""

from __future__ import annotations

from enum import StrEnum

from config.records.base import FORMAT_VERSION, Record


class Kind(StrEnum):
    """What a mention is to its thread; `hot` is no post but an entry of a platform's hot list."""

    POST = "post"
    REPOST = "repost"
    COMMENT = "comment"
    HOT = "hot"


class WeightSource(StrEnum):
    """Where an author's weight was taken from, best source first."""

    PROFILE = "profile"
    BADGE = "badge"
    ENGAGEMENT = "engagement"
    NEUTRAL = "neutral"


class MatchReason(StrEnum):
    """Why a mention belongs to a watch."""

    KEYWORD = "keyword"
    PARENT = "parent"
    ROOT = "root"


class Author(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A public account's profile, as far as a feed knows it.

    `verified_type` follows Weibo: -1 none, 0 person (yellow V), 1..7 organisations
    (blue V: 1 government, 2 company, 3 media, 4 campus, 5 site, 6 app, 7 group),
    200/220 talent. `badge` is the platform's own word for it where there is no number.
    """

    id: str
    platform: str = ""
    name: str | None = None
    followers: int | None = None
    friends: int | None = None
    statuses: int | None = None
    verified: bool | None = None
    verified_type: int | None = None
    badge: str | None = None
    updated_at: float | None = None


class Mention(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One public post, repost or comment: what a producer writes to ``mentions.raw``.

    `created_at` is epoch seconds, UTC. `parent_id` and `root_id` are ids on the same
    platform, absent for an original post. `mention_id` is its identity everywhere. `rank` is an entry's place
    on its hot list, 1 the top.
    """

    platform: str
    id: str
    text: str
    created_at: float
    kind: Kind = Kind.POST
    parent_id: str | None = None
    root_id: str | None = None
    author: Author | None = None
    title: str | None = None
    url: str | None = None
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None
    feed: str | None = None
    source_keyword: str | None = None
    rank: int | None = None
    v: int = FORMAT_VERSION

    @property
    def mention_id(self) -> str:
        """``platform:id``, the identity of a mention in Kafka, index and buckets."""
        return f"{self.platform}:{self.id}"

    @property
    def thread_id(self) -> str:
        """Identity of the mention that started the thread; its own for a post."""
        return f"{self.platform}:{self.root_id or self.parent_id or self.id}"


class Match(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A watch that a mention belongs to, and why."""

    watch: str
    reason: MatchReason
    keyword: str | None = None


class Score(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What the classifier and the weigher said of one mention.

    `emotions`, `intents` and `polarities` map label to probability (each sums to 1).
    `weight` is the author's influence (1.0 = a neutral account); `mass` is the
    negative mass: weight x sum(p(emotion) x severity) x intent factor.
    """

    emotion: str
    intent: str
    polarity: str
    emotions: dict[str, float]
    intents: dict[str, float]
    polarities: dict[str, float]
    weight: float
    weight_source: WeightSource
    mass: float
    negative: bool
    model: str = ""


class ScoredMention(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A mention after enrichment: masked, matched, scored; what the index keeps.

    Author ids are pseudonyms, private numbers in `text` are masked. `watch` is set on
    the copies in ``mentions.scored`` (one a watch, which is their key) and absent in
    the index. `matches` names all watches with the reason. `words` are all words, for search;
    `terms` those that say what the mention is about, for alerts and charts.
    """

    mention_id: str
    platform: str
    kind: Kind
    created_at: float
    thread_id: str
    text: str
    words: list[str]
    score: Score
    story: str
    terms: list[str] = []
    matches: list[Match] = []
    parent_id: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    followers: int | None = None
    verified_type: int | None = None
    title: str | None = None
    url: str | None = None
    reposts: int | None = None
    comments: int | None = None
    likes: int | None = None
    feed: str | None = None
    ingested_at: float | None = None
    rank: int | None = None
    watch: str | None = None
    v: int = FORMAT_VERSION

    @property
    def watches(self) -> list[str]:
        """Ids of all watches the mention belongs to."""
        return [m.watch for m in self.matches]
