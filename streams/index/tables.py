"""The tables of the SQLite index."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from string import punctuation
from typing import Final

from config.language import Both
from streams.index.base import IndexUnavailable

SCHEMA: Final = 2
"""Version of the tables, in the file's ``user_version``."""

APPLICATION: Final = 0x66656E67
"""``feng`` in ASCII, the file's ``application_id``."""

# FTS5 is to split at blanks only: jieba has cut the words already, and c++ is one of them.
_KEPT = punctuation.replace("'", "''").replace('"', '""')

# What people do to incidents came with schema 2.
_ACTS: Final = (
    """CREATE TABLE acts (
        id TEXT PRIMARY KEY,
        watch TEXT NOT NULL,
        at REAL NOT NULL,
        record BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX acts_by_time ON acts (at)",
    """CREATE TABLE silences (
        id TEXT PRIMARY KEY,
        starts_at REAL NOT NULL,
        ends_at REAL NOT NULL,
        record BLOB NOT NULL
    ) STRICT""",
)

_STATEMENTS: Final = (
    """CREATE TABLE mentions (
        id INTEGER PRIMARY KEY,
        mention_id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        thread_id TEXT NOT NULL,
        emotion TEXT NOT NULL,
        intent TEXT NOT NULL,
        words TEXT NOT NULL,
        record BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX mentions_by_time ON mentions (created_at, mention_id)",
    "CREATE INDEX mentions_by_thread ON mentions (thread_id, created_at, mention_id)",
    # One row a mention and watch that it belongs to.
    """CREATE TABLE belonging (
        watch TEXT NOT NULL,
        created_at REAL NOT NULL,
        mention_id TEXT NOT NULL,
        mention INTEGER NOT NULL,
        PRIMARY KEY (watch, created_at, mention_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX belonging_of ON belonging (mention)",
    f"""CREATE VIRTUAL TABLE mention_words USING fts5(
        words, content='mentions', content_rowid='id', detail=none, columnsize=0,
        tokenize="ascii tokenchars '{_KEPT}'"
    )""",
    """CREATE TRIGGER mention_added AFTER INSERT ON mentions BEGIN
        INSERT INTO mention_words (rowid, words) VALUES (new.id, new.words);
    END""",
    """CREATE TRIGGER mention_changed AFTER UPDATE ON mentions WHEN old.words IS NOT new.words BEGIN
        INSERT INTO mention_words (mention_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO mention_words (rowid, words) VALUES (new.id, new.words);
    END""",
    """CREATE TRIGGER mention_dropped AFTER DELETE ON mentions BEGIN
        INSERT INTO mention_words (mention_words, rowid, words) VALUES ('delete', old.id, old.words);
        DELETE FROM belonging WHERE mention = old.id;
    END""",
    """CREATE TABLE signals (
        signal_id TEXT PRIMARY KEY,
        watch TEXT NOT NULL,
        at REAL NOT NULL,
        minute_mass REAL,
        record BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX signals_by_watch ON signals (watch, at)",
    "CREATE INDEX signals_by_time ON signals (at)",
    """CREATE TABLE incidents (
        id TEXT PRIMARY KEY,
        watch TEXT NOT NULL,
        state TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        started_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        record BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX incidents_by_start ON incidents (started_at)",
    "CREATE TABLE authors (id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT",
    """CREATE TABLE notifications (
        key TEXT NOT NULL,
        receiver TEXT NOT NULL,
        incident_id TEXT NOT NULL,
        at REAL NOT NULL,
        sent INTEGER NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (key, receiver)
    ) STRICT""",
    "CREATE INDEX notifications_of ON notifications (incident_id, at)",
    "CREATE TABLE dead (id TEXT PRIMARY KEY, at REAL NOT NULL, record BLOB NOT NULL) STRICT",
    "CREATE INDEX dead_by_time ON dead (at)",
    *_ACTS,
    f"PRAGMA application_id={APPLICATION}",
    f"PRAGMA user_version={SCHEMA}",
)

_UPGRADE: Final = (*_ACTS, f"PRAGMA user_version={SCHEMA}")


def prepare(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Make the tables that are not there yet, and return what was done, a sentence each.

    Raises
    ------
    IndexUnavailable
        The file was written by a newer Fengsheng, or by another program.
    """
    if _number(connection, "user_version") == 0 and not _tables(connection):
        # Both must come before the first table.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    _refuse_others(connection, path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made them while this one waited.
        made = not _tables(connection)
        old = not made and _number(connection, "user_version") < SCHEMA
        for statement in _STATEMENTS if made else _UPGRADE if old else ():
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if old:
        return [f"index {path} brought up to schema {SCHEMA} (SQLite)"]
    return [f"index {path} made (SQLite, schema {SCHEMA})"] if made else []


def look(connection: sqlite3.Connection, path: Path) -> None:
    """Check the tables of a file that can't be written.

    Raises
    ------
    IndexUnavailable
        The file was written by another Fengsheng, older ones included, or by another program.
    """
    _refuse_others(connection, path)
    if (found := _number(connection, "user_version")) < SCHEMA:
        raise IndexUnavailable(
            Both(
                f"索引 {path} 的结构版本是 {found}，要先升到 {SCHEMA}，但它不能写入：请给予写权限，或复制到可写的目录",
                f"the index {path} has schema {found} and must be brought up to {SCHEMA}, but can't be written: "
                "give write permission, or copy it to a folder that can be",
            )
        )


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    found = _number(connection, "user_version")
    if found > SCHEMA and _number(connection, "application_id") == APPLICATION:
        raise IndexUnavailable(
            Both(
                f"索引 {path} 的结构版本是 {found}，由更新的风声写成，本程序只认识 {SCHEMA}：请升级，或用 --data 换一个目录",
                f"the index {path} has schema {found}, written by a newer Fengsheng; this one knows schema "
                f"{SCHEMA}: upgrade this one, or name another folder in `data`",
            )
        )
    if _tables(connection) and _number(connection, "application_id") != APPLICATION:
        raise IndexUnavailable(
            Both(
                f"{path} 是别的程序的 SQLite 文件：请把它移走，或用 --data 换一个目录",
                f"{path} is another program's SQLite file: move it away, or name another folder in `data`",
            )
        )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    [value] = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def _tables(connection: sqlite3.Connection) -> int:
    [count] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return int(count)
