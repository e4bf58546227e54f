"""The records that travel between the parts, and their versioned JSON form.

Every record is an immutable msgspec ``Struct``; `encode` and `decode` give and
take its JSON form, which ``docs/mention-format.md`` documents field by field.
Unknown fields are ignored so that a newer producer can talk to an older worker;
missing or wrongly typed ones raise ``msgspec.ValidationError``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

import msgspec

FORMAT_VERSION: Final = 1


class Kind(StrEnum):
    """What a mention is to its thread."""

    POST = "post"
    REPOST = "repost"
    COMMENT = "comment"


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


class Level(StrEnum):
    """Severity of an incident, in the order of China's alert colours."""

    IV = "IV"
    III = "III"
    II = "II"
    I = "I"  # noqa: E741 - the Roman numeral is the field's name for it

    @property
    def rank(self) -> int:
        """1 for Ⅳ 蓝 up to 4 for Ⅰ 红."""
        return {"IV": 1, "III": 2, "II": 3, "I": 4}[self.value]


class IncidentState(StrEnum):
    """Where an incident is in its life."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Transition(StrEnum):
    """What happened to an incident; one transition is told at most once."""

    FIRED = "fired"
    ESCALATED = "escalated"
    UPDATED = "updated"
    RECOVERING = "recovering"
    DOWNGRADED = "downgraded"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class NotificationState(StrEnum):
    """`sending` is written before a send, `sent` after it: between them a crash is ambiguous."""

    SENDING = "sending"
    SENT = "sent"


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records: immutable, keyword-only, defaults left out of the JSON."""


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
    platform, absent for an original post. `mention_id` is its identity everywhere.
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
    the index. `matches` names all watches with the reason.
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
    watch: str | None = None
    v: int = FORMAT_VERSION

    @property
    def watches(self) -> list[str]:
        """Ids of all watches the mention belongs to."""
        return [m.watch for m in self.matches]


class Signal(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a watch looked like at one tick of event time.

    `velocity` and `velocity_raw` are negative mass (weighted, capped) and negative
    mentions (unweighted) a minute over the short window; `expected`, `band_low`,
    `band_high` are the same unit as `velocity`. Shares are 0..1.
    """

    watch: str
    at: float
    window_s: float
    mentions: int
    negative: int
    mass: float
    velocity: float
    velocity_raw: float
    acceleration: float
    expected: float
    band_low: float
    band_high: float
    z: float
    factor: float
    negative_share: float
    authors: int
    negative_authors: int
    top_author_share: float
    platforms: int
    late: int = 0
    emotions: dict[str, float] = {}
    intents: dict[str, float] = {}
    by_platform: dict[str, int] = {}
    coordination: float = 0.0
    cold_start: bool = False
    level: Level | None = None
    incident: str | None = None
    minute_mass: float | None = None
    v: int = FORMAT_VERSION

    @property
    def signal_id(self) -> str:
        """Identity: one signal a watch and tick."""
        return f"{self.watch}@{self.at:.0f}"


class Quote(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One mention cited as evidence."""

    mention_id: str
    text: str
    created_at: float
    platform: str
    mass: float
    emotion: str
    intent: str
    url: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    followers: int | None = None


class Amplifier(Record, frozen=True, kw_only=True, omit_defaults=True):
    """An author and the share (0..1) of the window's negative mass that is theirs."""

    author_id: str
    share: float
    mentions: int
    author_name: str | None = None
    followers: int | None = None
    verified_type: int | None = None
    mention_id: str | None = None
    url: str | None = None


class Term(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A word that the negative mentions use more than the watch's usual talk."""

    word: str
    count: int
    lift: float


class Evidence(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert may say: every number and sentence in it is extracted, none invented."""

    mentions: int
    negative: int
    negative_share: float
    authors: int
    platforms: dict[str, int]
    emotions: dict[str, float]
    intents: dict[str, float]
    first: Quote | None = None
    quotes: list[Quote] = []
    amplifiers: list[Amplifier] = []
    terms: list[Term] = []
    reason: str = ""


class AuditEntry(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Who changed an incident, when, from what to what, and why."""

    at: float
    who: str
    change: str
    why: str
    level: Level | None = None
    state: IncidentState | None = None


class Incident(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One crisis of one watch, from its first pending tick to its resolution.

    All times are epoch seconds of the events. `sequence` counts the transitions, so
    that ``id:sequence:transition`` is the deterministic key of a notification.
    """

    id: str
    watch: str
    watch_name: str
    level: Level
    peak_level: Level
    state: IncidentState
    transition: Transition
    sequence: int
    started_at: float
    updated_at: float
    signal: Signal
    evidence: Evidence
    detected_at: float | None = None
    resolved_at: float | None = None
    owner: str | None = None
    acknowledged_by: str | None = None
    pages: int = 0
    audit: list[AuditEntry] = []
    v: int = FORMAT_VERSION

    @property
    def notification_key(self) -> str:
        """Deterministic key of the notification of this incident's newest transition."""
        return f"{self.id}:{self.sequence}:{self.transition}"


class DeadLetter(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Something that could not be processed: where it came from and why.

    `payload` is the beginning of the offending bytes, decoded with replacement and
    masked; `size` its whole length in bytes.
    """

    code: str
    reason: str
    stage: str
    at: float
    topic: str
    partition: int
    offset: int
    size: int
    payload: str
    key: str | None = None
    v: int = FORMAT_VERSION


class Notification(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the sent-log: a notification key at a receiver, claimed or sent.

    `ts` and `channel` are Slack's; `text` is what was said, for the terminal's store.
    """

    key: str
    incident_id: str
    receiver: str
    state: NotificationState
    at: float
    watch: str = ""
    transition: Transition | None = None
    page: bool = False
    ts: str | None = None
    channel: str | None = None
    text: str | None = None
    v: int = FORMAT_VERSION


class HourSummary(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One hour of a watch, summed from its one-a-minute signals.

    `mass_sum` and `mass_sq_sum` are the sums of the minutes' negative mass and of its square.
    """

    hour_start: float
    minutes: int
    mass_sum: float
    mass_sq_sum: float


R = TypeVar("R", bound=Record)


def encode(record: Record) -> bytes:
    """Return the record's JSON form (UTF-8)."""
    return msgspec.json.encode(record)


def decode(data: bytes | str, kind: type[R]) -> R:
    """Return the record that `data` holds.

    Raises
    ------
    msgspec.DecodeError
        `data` is not JSON.
    msgspec.ValidationError
        It is JSON but not a `kind`; the message names the field.
    """
    return msgspec.json.decode(data, type=kind)
