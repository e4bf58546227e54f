"""What people do to incidents: acts on one of them, silences over many."""

from __future__ import annotations

from enum import StrEnum

from config.records.base import FORMAT_VERSION, Record
from config.records.signals import Level


class ActKind(StrEnum):
    """What a person may do to one incident."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    FALSE_ALARM = "false_alarm"
    NO_FALSE_ALARM = "no_false_alarm"


class Act(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a person did to an incident.

    It is kept in the index; the worker that owns the watch applies it, once by its `id`,
    and the incident's audit trail names it. `at` is the wall clock, epoch seconds.
    """

    id: str
    kind: ActKind
    incident_id: str
    watch: str
    by: str
    at: float
    why: str = ""
    v: int = FORMAT_VERSION


class Silence(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Incidents that nobody is to be paged for, from `starts_at` up to `ends_at`.

    An incident must pass every matcher that is set: its id, its watch among `watches`, its
    level among `levels`, `intent` as its leading intent, `keyword` in its evidence. Times
    are epoch seconds of the events.
    """

    id: str
    author: str
    reason: str
    starts_at: float
    ends_at: float
    created_at: float
    incident_id: str | None = None
    watches: list[str] = []
    levels: list[Level] = []
    keyword: str | None = None
    intent: str | None = None
    v: int = FORMAT_VERSION
