"""Records to Elasticsearch documents and back, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Any, Final, TypeVar

import msgspec

from config.records import (
    Act,
    Author,
    DeadLetter,
    Incident,
    Level,
    Match,
    Notification,
    Record,
    Score,
    ScoredMention,
    Signal,
    Silence,
)

R = TypeVar("R", bound=Record)
Document = dict[str, Any]

_TIMES: Final[Mapping[type[Record], tuple[str, ...]]] = {
    ScoredMention: ("created_at", "ingested_at"),
    Signal: ("at",),
    Incident: ("started_at", "updated_at", "detected_at", "resolved_at"),
    Author: ("updated_at",),
    Notification: ("at",),
    DeadLetter: ("at",),
    Act: ("at",),
    Silence: ("starts_at", "ends_at", "created_at"),
}
_SCORE: Final = Score.__struct_fields__


def document(record: Record) -> Document:
    """Return the flat document of `record`: every field that has a value, defaults written out."""
    fields = _fields(record)
    if isinstance(record, ScoredMention):
        fields |= _fields(fields.pop("score"))
        matches: list[Match] = fields.pop("matches")
        fields["watches"] = [match.watch for match in matches]
        fields["match_reasons"] = [match.reason for match in matches]
        fields["match_keywords"] = [match.keyword for match in matches]
    elif isinstance(record, Signal):
        fields["level_rank"] = _rank(record.level)
    elif isinstance(record, Incident):
        fields["level_rank"] = _rank(record.level)
        fields["signal"] = document(record.signal)
        fields["evidence"] = _fields(record.evidence)
    for name in _TIMES[type(record)]:
        if name in fields:
            fields[f"{name}_s"] = fields[name]
            fields[name] = floor(fields[name] * 1000)
    return fields


def _fields(record: Record) -> Document:
    values = ((name, getattr(record, name)) for name in record.__struct_fields__)
    return {name: value for name, value in values if value is not None}


def _rank(level: Level | None) -> int:
    return 0 if level is None else level.rank


def record(source: Document, kind: type[R]) -> R:
    """Return the record of `kind` that `document` made `source` of.

    Raises
    ------
    msgspec.ValidationError
        Somebody else wrote this document; the message names the field.
    """
    return msgspec.convert(_nested(source, kind), kind)


def _nested(source: Document, kind: type[Record]) -> Document:
    fields = dict(source)
    for name in _TIMES[kind]:
        if f"{name}_s" in fields:
            fields[name] = fields.pop(f"{name}_s")
    fields.pop("level_rank", None)
    if kind is ScoredMention:
        fields["score"] = {name: fields.pop(name) for name in _SCORE if name in fields}
        watches, reasons, keywords = (
            fields.pop(name, []) for name in ("watches", "match_reasons", "match_keywords")
        )
        fields["matches"] = [
            {"watch": watch, "reason": reason, "keyword": keyword}
            for watch, reason, keyword in zip(watches, reasons, keywords, strict=True)
        ]
    elif kind is Incident and "signal" in fields:
        fields["signal"] = _nested(fields["signal"], Signal)
    return fields
