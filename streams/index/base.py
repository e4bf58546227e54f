"""What the rest of Fengsheng may ask of an index, whichever kind it is.

An index keeps what the enrich stage made of each mention, what the detectors saw and decided,
the authors' profiles, the sent-log and the dead letters. Every write is idempotent by identity:
writing the same batch again changes nothing, so a replayed offset is harmless. What a write call
returned from is confirmed: it survives a crash of this process and, in Elasticsearch, of the server.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.records import (
    Act,
    Author,
    DeadLetter,
    HourSummary,
    Incident,
    Notification,
    ScoredMention,
    Signal,
    Silence,
)
from streams.retrying import Hopeless

__all__ = ["Failure", "HourSummary", "Index", "IndexLost", "IndexUnavailable", "Notification"]


class IndexUnavailable(Exception):  # noqa: N818 - the contract's name; it is a state, not a mistake
    """The index as a whole can't do its work now; the message says what, where and what to do."""


class IndexLost(IndexUnavailable, Hopeless):
    """The index is damaged or gone: no waiting brings it back."""


@dataclass(frozen=True)
class Failure:
    """One item of a batch that the index will never take, however often it is tried.

    Attributes
    ----------
    id : identity of the item (``mention_id``, ``signal_id``, ...).
    code : short machine-readable cause, for the dead letter's ``code``.
    reason : what is wrong with the item, in a sentence.
    """

    id: str
    code: str
    reason: str


class Index(Protocol):
    """Where records are kept and searched; all times are epoch seconds, ranges are ``[since, until)``.

    Every method may raise `IndexUnavailable`; a method that writes may then have written part of
    its batch and is to be called again with the same batch.
    """

    async def open(self) -> None:
        """Connect, and fail at once with a reason where that is not possible."""
        ...

    async def close(self) -> None:
        """Let go of connections and files; further calls need `open` again."""
        ...

    async def setup(self) -> list[str]:
        """Make (or bring up to date) what the records need; return what was done, a sentence each.

        Idempotent. The index must be open.
        """
        ...

    async def write_mentions(self, mentions: Sequence[ScoredMention]) -> list[Failure]:
        """Keep each mention under its ``mention_id``; a later one replaces an earlier one."""
        ...

    async def write_signals(self, signals: Sequence[Signal]) -> list[Failure]:
        """Keep each signal under its ``signal_id``."""
        ...

    async def write_incidents(self, incidents: Sequence[Incident]) -> list[Failure]:
        """Keep each incident under its id unless a higher `sequence` of it is already there."""
        ...

    async def write_authors(self, authors: Sequence[Author]) -> list[Failure]:
        """Merge each profile into the known one: newer values win, absent ones erase nothing."""
        ...

    async def write_dead(self, letters: Sequence[DeadLetter]) -> list[Failure]:
        """Keep what could not be processed, once however often it is replayed."""
        ...

    async def dead(self, limit: int = 1000) -> list[DeadLetter]:
        """Return the newest dead letters, newest first."""
        ...

    async def authors(self, ids: Sequence[str]) -> dict[str, Author]:
        """Return the known profiles of `ids`."""
        ...

    async def mentions(self, ids: Sequence[str]) -> dict[str, ScoredMention]:
        """Return the known mentions of `ids`, what this index object confirmed included."""
        ...

    async def threads(
        self, thread_ids: Sequence[str], limit: int = 2000, fresh: bool = False
    ) -> dict[str, list[ScoredMention]]:
        """Return the earliest `limit` members of each thread that has any, in one request.

        The index stage asks this for every batch, so it must be one query (``terms`` on
        ``thread_id``), not one a thread. Threads without members are absent. With `fresh` it sees
        what any worker has confirmed; without, what was confirmed a second ago, at less cost.
        """
        ...

    def recent(self, watch: str, since: float, until: float) -> AsyncIterator[ScoredMention]:
        """Yield every confirmed mention of a watch by ``(created_at, mention_id)`` ascending."""
        ...

    async def search(
        self,
        query: str | None,
        watch: str | None = None,
        emotion: str | None = None,
        intent: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> list[ScoredMention]:
        """Return the newest mentions that hold every word of `query` and pass the filters."""
        ...

    async def signals(self, watch: str, since: float, until: float) -> list[Signal]:
        """Return a watch's signals by time ascending."""
        ...

    async def last_signal(self, watch: str) -> Signal | None:
        """Return a watch's newest signal."""
        ...

    async def hours(self, watch: str, since: float, until: float) -> list[HourSummary]:
        """Return the hours (UTC) in which the watch has signals with ``minute_mass``, ascending."""
        ...

    async def incidents(
        self,
        watch: str | None = None,
        open_only: bool = False,
        since: float | None = None,
        limit: int = 1000,
    ) -> list[Incident]:
        """Return incidents, the latest started first; `since` keeps those updated at or after it."""
        ...

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident in its newest state."""
        ...

    async def notification(self, key: str, receiver: str) -> Notification | None:
        """Return the sent-log's entry of a notification key at a receiver."""
        ...

    async def save_notification(self, notification: Notification) -> None:
        """Enter into the sent-log; an entry that says ``sent`` never goes back to ``sending``."""
        ...

    async def notifications(self, incident_id: str) -> list[Notification]:
        """Return the sent-log of one incident by time ascending."""
        ...

    async def write_acts(self, acts: Sequence[Act]) -> list[Failure]:
        """Keep each act of a person under its id."""
        ...

    async def acts(self, watch: str | None = None, since: float | None = None) -> list[Act]:
        """Return the acts done at or after `since`, by time ascending; sees everything confirmed."""
        ...

    async def write_silences(self, silences: Sequence[Silence]) -> list[Failure]:
        """Keep each silence under its id; a later one replaces an earlier one."""
        ...

    async def silences(self, since: float | None = None) -> list[Silence]:
        """Return the silences that end after `since`, by start ascending; sees everything confirmed."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return how many records of each kind there are."""
        ...

    async def count_by_watch(self) -> dict[str, int]:
        """Return how many mentions belong to each watch."""
        ...

    async def expired(self, now: float) -> list[str]:
        """Return the names of what `drop_expired` would drop."""
        ...

    async def drop_expired(self, now: float) -> list[str]:
        """Drop every month of mentions and signals, and the dead letters, kept for long enough."""
        ...
