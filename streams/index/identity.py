"""Identity of what is kept, and which records no index can keep at all."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, TypeVar

import msgspec

from config.records import (
    Act,
    Author,
    DeadLetter,
    Incident,
    Notification,
    Record,
    ScoredMention,
    Signal,
    Silence,
)
from streams.index.base import Failure
from streams.index.months import EARLIEST, LATEST

LONGEST_ID: Final = 512
"""Bytes of an identity: the longest `_id` that Elasticsearch takes."""

R = TypeVar("R", bound=Record)


def dead_id(letter: DeadLetter) -> str:
    """Return a dead letter's identity: its origin and a digest of what it was.

    The offset alone won't do: the embedded broker counts from 0 again after each start.
    """
    digest = blake2b(f"{letter.stage}\0{letter.key}\0{letter.size}\0{letter.payload}".encode(), digest_size=8)
    return f"{letter.topic}:{letter.partition}:{letter.offset}:{digest.hexdigest()}"


def notification_id(key: str, receiver: str) -> str:
    """Return the identity of a sent-log entry."""
    return f"{receiver}@{key}"


def identity_of(record: Record) -> str:
    """Return the identity under which an index keeps `record`."""
    match record:
        case ScoredMention():
            return record.mention_id
        case Signal():
            return record.signal_id
        case Incident() | Author() | Act() | Silence():
            return record.id
        case Notification():
            return notification_id(record.key, record.receiver)
        case DeadLetter():
            return dead_id(record)
    raise TypeError(f"an index keeps no {type(record).__name__}")


def time_of(record: Record) -> float | None:
    """Return the event time (epoch seconds) that decides the month and the age of `record`."""
    match record:
        case ScoredMention():
            return record.created_at
        case Signal() | DeadLetter() | Notification() | Act():
            return record.at
        case Incident():
            return record.started_at
        case Silence():
            return record.ends_at
    return None


def refusal(record: Record) -> Failure | None:
    """Return why no index can keep `record`, None where nothing speaks against it.

    Refused are an identity that is empty or too long, a time outside the years 1970 to 9999, and
    values that JSON does not give back as they were (NaN, infinity, lone surrogates).
    """
    try:
        name = identity_of(record)
        size = len(name.encode())
        time = time_of(record)
        if not 0 < size <= LONGEST_ID:
            return Failure(
                name[:LONGEST_ID], "bad_id", f"an id of {size} bytes; 1 to {LONGEST_ID} can be kept"
            )
        if time is not None and not EARLIEST <= time < LATEST:
            return Failure(name, "bad_time", f"a time of {time!r} s; the years 1970 to 9999 can be kept")
        if isinstance(record, Incident) and not 0 <= record.sequence < 2**63:
            return Failure(name, "bad_value", f"a sequence of {record.sequence}; it counts from 0")
        again = msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    except (UnicodeError, ValueError, OverflowError) as error:
        return Failure(_printable(record), "bad_value", f"not representable as JSON: {error}")
    if again != record:
        return Failure(name, "bad_value", "a number that is not finite")
    return None


def _printable(record: Record) -> str:
    name = getattr(record, "mention_id", None) or getattr(record, "id", None) or type(record).__name__
    return str(name).encode(errors="replace").decode()[:LONGEST_ID]


def sorted_out(records: Iterable[R]) -> tuple[list[R], list[Failure]]:
    """Return the records that can be kept, and why each other one can't."""
    fine: list[R] = []
    failures: list[Failure] = []
    for record in records:
        failure = refusal(record)
        if failure is None:
            fine.append(record)
        else:
            failures.append(failure)
    return fine, failures
