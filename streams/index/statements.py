"""Writing each kind of record into the SQLite index; every function runs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from config.records import (
    Act,
    Author,
    DeadLetter,
    Incident,
    Notification,
    NotificationState,
    ScoredMention,
    Signal,
    Silence,
    decode,
    encode,
)
from streams.index.identity import dead_id
from streams.index.merging import fold_authors, merge_authors


def put_mentions(connection: sqlite3.Connection, mentions: Iterable[ScoredMention]) -> None:
    """Insert or replace mentions and the watches that they belong to."""
    for mention in mentions:
        [(row,)] = connection.execute(
            """INSERT INTO mentions (mention_id, created_at, thread_id, emotion, intent, words, record)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (mention_id) DO UPDATE SET created_at = excluded.created_at,
                thread_id = excluded.thread_id, emotion = excluded.emotion, intent = excluded.intent,
                words = excluded.words, record = excluded.record
            RETURNING id""",
            (
                mention.mention_id,
                mention.created_at,
                mention.thread_id,
                mention.score.emotion,
                mention.score.intent,
                " ".join(mention.words),
                encode(mention),
            ),
        ).fetchall()
        connection.execute("DELETE FROM belonging WHERE mention = ?", (row,))
        connection.executemany(
            "INSERT INTO belonging (watch, created_at, mention_id, mention) VALUES (?, ?, ?, ?)",
            [(watch, mention.created_at, mention.mention_id, row) for watch in set(mention.watches)],
        )


def put_signals(connection: sqlite3.Connection, signals: Iterable[Signal]) -> None:
    """Insert or replace signals."""
    connection.executemany(
        "INSERT OR REPLACE INTO signals (signal_id, watch, at, minute_mass, record) VALUES (?, ?, ?, ?, ?)",
        [(s.signal_id, s.watch, s.at, s.minute_mass, encode(s)) for s in signals],
    )


def put_incidents(connection: sqlite3.Connection, incidents: Iterable[Incident]) -> None:
    """Insert incidents, replacing only the same or a lower sequence."""
    connection.executemany(
        """INSERT INTO incidents (id, watch, state, sequence, started_at, updated_at, record)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET watch = excluded.watch, state = excluded.state,
            sequence = excluded.sequence, started_at = excluded.started_at,
            updated_at = excluded.updated_at, record = excluded.record
        WHERE excluded.sequence >= incidents.sequence""",
        [
            (i.id, i.watch, i.state.value, i.sequence, i.started_at, i.updated_at, encode(i))
            for i in incidents
        ],
    )


def put_authors(connection: sqlite3.Connection, authors: Iterable[Author]) -> None:
    """Merge profiles into the known ones."""
    news = fold_authors(authors)
    known = get_authors(connection, list(news))
    connection.executemany(
        "INSERT OR REPLACE INTO authors (id, record) VALUES (?, ?)",
        [(name, encode(merge_authors(known.get(name), author))) for name, author in news.items()],
    )


def put_dead(connection: sqlite3.Connection, letters: Iterable[DeadLetter]) -> None:
    """Insert or replace dead letters."""
    connection.executemany(
        "INSERT OR REPLACE INTO dead (id, at, record) VALUES (?, ?, ?)",
        [(dead_id(letter), letter.at, encode(letter)) for letter in letters],
    )


def put_acts(connection: sqlite3.Connection, acts: Iterable[Act]) -> None:
    """Insert or replace what people did."""
    connection.executemany(
        "INSERT OR REPLACE INTO acts (id, watch, at, record) VALUES (?, ?, ?, ?)",
        [(act.id, act.watch, act.at, encode(act)) for act in acts],
    )


def put_silences(connection: sqlite3.Connection, silences: Iterable[Silence]) -> None:
    """Insert or replace silences."""
    connection.executemany(
        "INSERT OR REPLACE INTO silences (id, starts_at, ends_at, record) VALUES (?, ?, ?, ?)",
        [(s.id, s.starts_at, s.ends_at, encode(s)) for s in silences],
    )


def put_notification(connection: sqlite3.Connection, notification: Notification) -> None:
    """Insert a sent-log entry, never replacing a sent one by one that is only being sent."""
    connection.execute(
        """INSERT INTO notifications (key, receiver, incident_id, at, sent, record)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key, receiver) DO UPDATE SET incident_id = excluded.incident_id, at = excluded.at,
            sent = excluded.sent, record = excluded.record
        WHERE excluded.sent >= notifications.sent""",
        (
            notification.key,
            notification.receiver,
            notification.incident_id,
            notification.at,
            notification.state is NotificationState.SENT,
            encode(notification),
        ),
    )


def get_authors(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Author]:
    """Return the known profiles of `ids`."""
    rows = rows_of(connection, "SELECT id, record FROM authors WHERE id IN ({})", ids)
    return {name: decode(found, Author) for name, found in rows}


def get_mentions(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, ScoredMention]:
    """Return the known mentions of `ids`."""
    rows = rows_of(connection, "SELECT mention_id, record FROM mentions WHERE mention_id IN ({})", ids)
    return {name: decode(found, ScoredMention) for name, found in rows}


def rows_of(connection: sqlite3.Connection, select: str, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return the rows of `select` for `ids`, asked in portions that SQLite's variable limit allows."""
    rows: list[tuple[str, bytes]] = []
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        rows += connection.execute(select.format(",".join("?" * len(some))), list(some)).fetchall()
    return rows
