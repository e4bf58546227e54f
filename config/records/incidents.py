"""Incidents, their evidence and their audit trail."""

from __future__ import annotations

from enum import StrEnum

from config.records.base import FORMAT_VERSION, Record
from config.records.signals import Level, Signal


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
    UNMUTED = "unmuted"
    HANDED_ON = "handed_on"


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


class HotPlace(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The best place that a watch had on one platform's hot list, and what stood there."""

    platform: str
    rank: int
    title: str
    at: float
    url: str | None = None


class Growth(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How many negative mentions may still come until `until`: median, and the ends of a 90 % interval.

    A projection (`alerting.growth`), so no evidence; `until` is an event time, an hour after it was made.
    """

    until: float
    median: int
    low: int
    high: int


class Evidence(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert may say: every number and sentence in it is extracted, none invented.

    `wordless` of the mentions are reposts without a word of their own; `negative_share`
    is of the others.
    """

    mentions: int
    negative: int
    negative_share: float
    wordless: int = 0
    authors: int
    platforms: dict[str, int]
    emotions: dict[str, float]
    intents: dict[str, float]
    first: Quote | None = None
    quotes: list[Quote] = []
    amplifiers: list[Amplifier] = []
    terms: list[Term] = []
    hot: list[HotPlace] = []
    reason: str = ""


class AuditEntry(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Who changed an incident, when, from what to what, and why.

    `at` is the time of the events for what the detector did, the wall clock for what a
    person did; then `act` is the id of the act, which is applied once. `level` and `state`
    are those after the change, `level_before` and `state_before` those before it.
    """

    at: float
    who: str
    change: str
    why: str
    level: Level | None = None
    state: IncidentState | None = None
    level_before: Level | None = None
    state_before: IncidentState | None = None
    act: str | None = None


class Incident(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One crisis of one watch, from its first pending tick to its resolution.

    All times are epoch seconds of the events. `sequence` counts the transitions, so
    that ``id:sequence:transition`` is the deterministic key of a notification.

    `muted` says why nobody is paged now, None where people are. `silenced_by` are the ids of the
    silences that have muted it: each holds to its end, whatever the talk turns to. `closed_by` is
    who ended it by hand, until the talk has calmed down by itself. `called` counts how often the
    next person was called because nobody acknowledged; with `owner_due` the owner comes first,
    since a second wave was told without a call. `growth` is absent where its interval is not known
    to be right.
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
    growth: Growth | None = None
    detected_at: float | None = None
    resolved_at: float | None = None
    owner: str | None = None
    acknowledged_by: str | None = None
    closed_by: str | None = None
    false_alarm: bool = False
    muted: str | None = None
    silenced_by: list[str] = []
    called: int = 0
    owner_due: bool = False
    pages: int = 0
    audit: list[AuditEntry] = []
    v: int = FORMAT_VERSION

    @property
    def notification_key(self) -> str:
        """Deterministic key of the notification of this incident's newest transition."""
        return f"{self.id}:{self.sequence}:{self.transition}"
