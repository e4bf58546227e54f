"""The embedded index: one SQLite file with full-text search over jieba's words."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from config.records import (
    Act,
    Author,
    DeadLetter,
    HourSummary,
    Incident,
    IncidentState,
    Notification,
    Record,
    ScoredMention,
    Signal,
    Silence,
    decode,
)
from config.settings import RetentionSettings
from streams.index import statements
from streams.index.base import Failure, IndexUnavailable
from streams.index.database import Database
from streams.index.identity import sorted_out
from streams.index.months import DAY, expired_months, month_end, month_start
from streams.index.words import words_of

R = TypeVar("R", bound=Record)

_KINDS = ("mentions", "signals", "incidents", "authors", "notifications", "dead", "acts", "silences")
_MOST_DELETED = 2000


class SqliteIndex:
    """`streams.index.base.Index` in one file, for a laptop.

    Every call runs in a thread of the index's own. A confirmed write is on the disk and is seen by every
    later call of any process. Several processes may read; writers wait for each other.

    Parameters
    ----------
    path : the file; it and its folder are made by `open`.
    retention : days that each kind is kept.
    patience : seconds to wait for another process that holds the file.
    page : mentions read at once by `recent`.
    looking : a file that can't be written is opened all the same, for reading alone.
    """

    def __init__(
        self,
        path: Path | str,
        retention: RetentionSettings | None = None,
        patience: float = 10.0,
        page: int = 1000,
        looking: bool = False,
    ) -> None:
        self._path = Path(path)
        self._retention = retention or RetentionSettings()
        self._patience = patience
        self._page = page
        self._looking = looking
        self._open: Database | None = None
        self._made: list[str] = []

    async def open(self) -> None:
        """Open the file, making it where absent."""
        await self.close()
        database = Database(self._path, self._patience, self._looking)
        self._made = await database.open()
        self._open = database

    async def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            database, self._open = self._open, None
            await database.close()

    async def setup(self) -> list[str]:
        """Return what `open` made; an SQLite file needs no more."""
        made, self._made = self._made, []
        _ = self._database
        return made or [f"index {self._path} is ready (SQLite)"]

    @property
    def _database(self) -> Database:
        if self._open is None:
            raise IndexUnavailable("the index is not open: call open() first")
        return self._open

    # Writing

    async def write_mentions(self, mentions: Sequence[ScoredMention]) -> list[Failure]:
        """Keep each mention under its ``mention_id``."""
        return await self._write(statements.put_mentions, mentions)

    async def write_signals(self, signals: Sequence[Signal]) -> list[Failure]:
        """Keep each signal under its ``signal_id``."""
        return await self._write(statements.put_signals, signals)

    async def write_incidents(self, incidents: Sequence[Incident]) -> list[Failure]:
        """Keep each incident unless a higher `sequence` of it is already there."""
        return await self._write(statements.put_incidents, incidents)

    async def write_authors(self, authors: Sequence[Author]) -> list[Failure]:
        """Merge each profile into the known one."""
        return await self._write(statements.put_authors, authors)

    async def write_dead(self, letters: Sequence[DeadLetter]) -> list[Failure]:
        """Keep each dead letter once."""
        return await self._write(statements.put_dead, letters)

    async def write_acts(self, acts: Sequence[Act]) -> list[Failure]:
        """Keep each act of a person under its id."""
        return await self._write(statements.put_acts, acts)

    async def write_silences(self, silences: Sequence[Silence]) -> list[Failure]:
        """Keep each silence under its id; a later one replaces an earlier one."""
        return await self._write(statements.put_silences, silences)

    async def save_notification(self, notification: Notification) -> None:
        """Enter into the sent-log; ``sent`` never goes back to ``sending``."""
        _, failures = sorted_out([notification])
        if failures:
            raise ValueError(f"the sent-log can't keep {failures[0].id}: {failures[0].reason}")
        await self._database.write(partial(_put_one, notification=notification))

    async def _write(
        self, put: Callable[[sqlite3.Connection, list[R]], None], records: Sequence[R]
    ) -> list[Failure]:
        fine, failures = sorted_out(records)
        database = self._database
        if fine:
            await database.write(lambda connection: put(connection, fine))
        return failures

    # Reading

    async def authors(self, ids: Sequence[str]) -> dict[str, Author]:
        """Return the known profiles of `ids`."""
        return await self._database.read(lambda c: statements.get_authors(c, list(dict.fromkeys(ids))))

    async def mentions(self, ids: Sequence[str]) -> dict[str, ScoredMention]:
        """Return the known mentions of `ids`."""
        return await self._database.read(lambda c: statements.get_mentions(c, list(dict.fromkeys(ids))))

    async def threads(
        self, thread_ids: Sequence[str], limit: int = 2000, fresh: bool = False
    ) -> dict[str, list[ScoredMention]]:
        """Return the earliest `limit` members of each thread that has any; always fresh."""
        marks = ",".join("?" * len(thread_ids))
        rows = await self._records(
            ScoredMention,
            f"""SELECT record FROM (
                SELECT record, ROW_NUMBER() OVER (PARTITION BY thread_id ORDER BY created_at, mention_id) AS place
                FROM mentions WHERE thread_id IN ({marks})
            ) WHERE place <= ? ORDER BY place""",  # noqa: S608
            (*thread_ids, limit),
        )
        found: dict[str, list[ScoredMention]] = {}
        for mention in rows:
            found.setdefault(mention.thread_id, []).append(mention)
        return found

    async def recent(self, watch: str, since: float, until: float) -> AsyncIterator[ScoredMention]:
        """Yield every mention of a watch, oldest first."""
        after = (since, "")
        while True:
            page = await self._records(
                ScoredMention,
                """SELECT record FROM belonging JOIN mentions ON mentions.id = belonging.mention
                WHERE belonging.watch = ? AND (belonging.created_at, belonging.mention_id) > (?, ?)
                    AND belonging.created_at < ?
                ORDER BY belonging.created_at, belonging.mention_id LIMIT ?""",
                (watch, *after, until, self._page),
            )
            for mention in page:
                yield mention
            if len(page) < self._page:
                return
            after = (page[-1].created_at, page[-1].mention_id)

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
        tokens = words_of(query) if query else []
        if query and query.strip() and not tokens:
            return []
        conditions: list[tuple[str, Any]] = []
        if tokens:
            match = " ".join('"' + token.replace('"', '""') + '"' for token in tokens)
            conditions.append(("id IN (SELECT rowid FROM mention_words WHERE mention_words MATCH ?)", match))
        if watch is not None:
            conditions.append(
                (
                    """EXISTS (SELECT 1 FROM belonging b WHERE b.watch = ?
                    AND b.created_at = mentions.created_at AND b.mention_id = mentions.mention_id)""",
                    watch,
                )
            )
        for condition, value in (
            ("emotion = ?", emotion),
            ("intent = ?", intent),
            ("created_at >= ?", since),
            ("created_at < ?", until),
        ):
            if value is not None:
                conditions.append((condition, value))
        where = " AND ".join(condition for condition, _ in conditions) or "TRUE"
        return await self._records(
            ScoredMention,
            f"SELECT record FROM mentions WHERE {where} "  # noqa: S608 - conditions are the constants above
            "ORDER BY created_at DESC, mention_id LIMIT ?",
            (*(value for _, value in conditions), max(limit, 0)),
        )

    async def signals(self, watch: str, since: float, until: float) -> list[Signal]:
        """Return a watch's signals by time ascending."""
        return await self._records(
            Signal,
            "SELECT record FROM signals WHERE watch = ? AND at >= ? AND at < ? ORDER BY at",
            (watch, since, until),
        )

    async def last_signal(self, watch: str) -> Signal | None:
        """Return a watch's newest signal."""
        found = await self._records(
            Signal, "SELECT record FROM signals WHERE watch = ? ORDER BY at DESC LIMIT 1", (watch,)
        )
        return found[0] if found else None

    async def hours(self, watch: str, since: float, until: float) -> list[HourSummary]:
        """Return the hours in which the watch has signals with ``minute_mass``."""
        rows = await self._rows(
            """SELECT CAST(at / 3600 AS INTEGER) * 3600.0 AS hour, count(*), sum(minute_mass),
                sum(minute_mass * minute_mass)
            FROM signals WHERE watch = ? AND at >= ? AND at < ? AND minute_mass IS NOT NULL
            GROUP BY hour ORDER BY hour""",
            (watch, since, until),
        )
        return [
            HourSummary(hour_start=hour, minutes=minutes, mass_sum=mass, mass_sq_sum=squares)
            for hour, minutes, mass, squares in rows
        ]

    async def dead(self, limit: int = 1000) -> list[DeadLetter]:
        """Return the newest dead letters."""
        return await self._records(
            DeadLetter, "SELECT record FROM dead ORDER BY at DESC, id LIMIT ?", (max(limit, 0),)
        )

    async def acts(self, watch: str | None = None, since: float | None = None) -> list[Act]:
        """Return the acts done at or after `since`, by time ascending."""
        return await self._records(
            Act,
            """SELECT record FROM acts WHERE (?1 IS NULL OR watch = ?1) AND (?2 IS NULL OR at >= ?2)
            ORDER BY at, id""",
            (watch, since),
        )

    async def silences(self, since: float | None = None) -> list[Silence]:
        """Return the silences that end after `since`, by start ascending."""
        return await self._records(
            Silence,
            "SELECT record FROM silences WHERE (?1 IS NULL OR ends_at > ?1) ORDER BY starts_at, id",
            (since,),
        )

    async def incidents(
        self,
        watch: str | None = None,
        open_only: bool = False,
        since: float | None = None,
        limit: int = 1000,
    ) -> list[Incident]:
        """Return incidents, the latest started first."""
        return await self._records(
            Incident,
            """SELECT record FROM incidents WHERE (?1 IS NULL OR watch = ?1) AND (?2 IS NULL OR state <> ?2)
                AND (?3 IS NULL OR updated_at >= ?3)
            ORDER BY started_at DESC, id LIMIT ?4""",
            (watch, IncidentState.RESOLVED.value if open_only else None, since, max(limit, 0)),
        )

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident in its newest state."""
        found = await self._records(Incident, "SELECT record FROM incidents WHERE id = ?", (incident_id,))
        return found[0] if found else None

    async def notification(self, key: str, receiver: str) -> Notification | None:
        """Return the sent-log's entry of a notification key at a receiver."""
        found = await self._records(
            Notification,
            "SELECT record FROM notifications WHERE key = ? AND receiver = ?",
            (key, receiver),
        )
        return found[0] if found else None

    async def notifications(self, incident_id: str) -> list[Notification]:
        """Return the sent-log of one incident by time ascending."""
        return await self._records(
            Notification,
            "SELECT record FROM notifications WHERE incident_id = ? ORDER BY at, key",
            (incident_id,),
        )

    async def counts(self) -> dict[str, int]:
        """Return how many of each kind there are."""
        selects = " UNION ALL ".join(f"SELECT '{kind}', count(*) FROM {kind}" for kind in _KINDS)  # noqa: S608
        return dict(await self._rows(selects, ()))

    async def count_by_watch(self) -> dict[str, int]:
        """Return how many mentions belong to each watch."""
        return dict(await self._rows("SELECT watch, count(*) FROM belonging GROUP BY watch", ()))

    async def _rows(self, select: str, values: Sequence[Any]) -> list[Any]:
        return await self._database.read(lambda c: c.execute(select, values).fetchall())

    async def _records(self, kind: type[R], select: str, values: Sequence[Any]) -> list[R]:
        def read(connection: sqlite3.Connection) -> list[R]:
            return [decode(found, kind) for (found,) in connection.execute(select, values)]

        return await self._database.read(read)

    # Retention

    async def expired(self, now: float) -> list[str]:
        """Return the months that have been kept long enough, and the old dead letters."""
        names = [f"{table}-{month}" for table, _, month in await self._expired_months(now)]
        [(dead,)] = await self._rows("SELECT count(*) FROM dead WHERE at < ?", (self._dead_before(now),))
        return names + ([f"dead ({dead} letters)"] if dead else [])

    async def drop_expired(self, now: float) -> list[str]:
        """Delete what `expired` names."""
        names = await self.expired(now)
        for table, column, month in await self._expired_months(now):
            await self._delete(table, column, month_start(month), month_end(month))
        await self._delete("dead", "at", 0.0, self._dead_before(now))
        if names:
            await self._database.shrink()
        return names

    def _dead_before(self, now: float) -> float:
        return now - self._retention.dead_days * DAY

    async def _expired_months(self, now: float) -> list[tuple[str, str, str]]:
        """Return table, column of time and month of what has expired."""
        found = []
        for table, column, days in (
            ("mentions", "created_at", self._retention.mentions_days),
            ("signals", "at", self._retention.signals_days),
        ):
            rows = await self._rows(
                f"SELECT DISTINCT strftime('%Y.%m', CAST({column} AS INTEGER), 'unixepoch') "  # noqa: S608
                f"FROM {table} WHERE {column} < ?",
                (now - days * DAY,),
            )
            months = expired_months((month for (month,) in rows), days, now)
            found += [(table, column, month) for month in months]
        return found

    async def _delete(self, table: str, column: str, since: float, until: float) -> None:
        """Delete by portions, so that writing goes on in between."""
        statement = (
            f"DELETE FROM {table} WHERE rowid IN "  # noqa: S608 - names are the constants above
            f"(SELECT rowid FROM {table} WHERE {column} >= ? AND {column} < ? LIMIT {_MOST_DELETED})"
        )
        deleted = _MOST_DELETED
        while deleted == _MOST_DELETED:
            deleted = await self._database.write(lambda c: c.execute(statement, (since, until)).rowcount)


def _put_one(connection: sqlite3.Connection, notification: Notification) -> None:
    statements.put_notification(connection, notification)
