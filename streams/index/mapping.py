"""What Elasticsearch is told of each field: the fields that an analyst filters and charts by.

Every mapping is strict, so a field nobody thought of fails its item instead of growing the index.
A time is kept twice: ``created_at`` is a date, which Kibana and Grafana want, and ``created_at_s``
the exact epoch seconds, from which the record is rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = 1
"""Version of the mappings, kept in each template's ``_meta`` as ``fengsheng_format``."""

EMOTIONS: Final = ("neutral", "happy", "angry", "sad", "fear", "surprise")
INTENTS: Final = ("complaint", "exposure", "boycott", "redress", "inquiry", "suggestion", "praise",
                  "purchase", "promotion", "other")  # fmt: skip
POLARITIES: Final = ("negative", "neutral", "positive")

MONTHLY: Final = ("mentions", "signals")
SINGLE: Final = ("incidents", "authors", "notifications", "dead", "acts", "silences")

Field = Mapping[str, Any]

# 8191 characters of 4 bytes are the most that Lucene takes as one term; longer ones stay readable.
KEYWORD: Final[Field] = {"type": "keyword", "ignore_above": 8191}
DATE: Final[Field] = {"type": "date", "format": "epoch_millis||strict_date_optional_time"}
FLOAT: Final[Field] = {"type": "float"}
DOUBLE: Final[Field] = {"type": "double"}
LONG: Final[Field] = {"type": "long"}
BOOLEAN: Final[Field] = {"type": "boolean"}
STORED: Final[Field] = {"type": "object", "enabled": False}


def _shares(labels: tuple[str, ...]) -> Field:
    return {"dynamic": "strict", "properties": dict.fromkeys(labels, FLOAT)}


def _times(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, DATE) | {f"{name}_s": DOUBLE for name in names}


def _all(kind: Field, *names: str) -> dict[str, Field]:
    return dict.fromkeys(names, kind)


# Platforms are not known beforehand; each is a number of its own (see DYNAMIC_COUNTS).
COUNTS: Final[Field] = {"type": "object", "dynamic": True}
DYNAMIC_COUNTS: Final = [
    {"counts": {"path_match": ["by_platform.*", "*.by_platform.*", "*.platforms.*"], "mapping": LONG}}
]


def mention_fields(text: str, words: str) -> dict[str, Field]:
    """Return the fields of a mention, `text` and `words` being the names of analyzers."""
    return {
        **_all(KEYWORD, "mention_id", "platform", "kind", "thread_id", "parent_id", "story", "url", "feed",
               "emotion", "intent", "polarity", "weight_source", "model",
               "watch", "watches", "match_reasons", "match_keywords", "author_id", "author_name",
               "terms"),
        **_all(LONG, "followers", "verified_type", "reposts", "comments", "likes", "rank", "v"),
        **_all(DOUBLE, "weight", "mass"),
        **_times("created_at", "ingested_at"),
        "negative": BOOLEAN,
        "text": {"type": "text", "analyzer": text},
        "title": {"type": "text", "analyzer": text},
        # No gap between the words of the list, so that a phrase is found across them.
        "words": {"type": "text", "analyzer": words, "position_increment_gap": 0},
        "emotions": _shares(EMOTIONS),
        "intents": _shares(INTENTS),
        "polarities": _shares(POLARITIES),
    }  # fmt: skip


def signal_fields() -> dict[str, Field]:
    """Return the fields of a signal; `level_rank` is 0 for none, 1 for Ⅳ up to 4 for Ⅰ."""
    return {
        **_all(KEYWORD, "watch", "level", "incident", "event"),
        **_all(LONG, "mentions", "negative", "authors", "negative_authors", "platforms", "late", "level_rank",
               "evidence_negative", "negative_stories", "negative_texts", "largest_account", "hot_rank",
               "history", "v"),
        **_all(DOUBLE, "window_s", "mass", "velocity", "velocity_raw", "acceleration", "expected", "band_low",
               "band_high", "z", "factor", "negative_share", "top_author_share", "coordination",
               "minute_mass", "ramp", "sustained", "sustained_factor", "sustained_z",
               "sustained_share"),
        **_times("at"),
        **_all(BOOLEAN, "cold_start", "authority"),
        "emotions": _shares(EMOTIONS),
        "intents": _shares(INTENTS),
        "by_platform": COUNTS,
    }  # fmt: skip


def incident_fields() -> dict[str, Field]:
    """Return the fields of an incident; quotes and the audit trail are kept, not searched."""
    evidence: dict[str, Field] = {
        **_all(LONG, "mentions", "negative", "wordless", "authors"),
        **_all(DOUBLE, "negative_share"),
        **_all(STORED, "first", "quotes", "amplifiers", "terms", "hot"),
        "reason": KEYWORD,
        "platforms": COUNTS,
        "emotions": _shares(EMOTIONS),
        "intents": _shares(INTENTS),
    }
    return {
        **_all(KEYWORD, "id", "watch", "watch_name", "level", "peak_level", "state", "transition", "owner",
               "acknowledged_by", "closed_by", "muted", "silenced_by"),
        **_all(LONG, "sequence", "pages", "called", "level_rank", "v"),
        **_all(BOOLEAN, "false_alarm", "owner_due"),
        **_times("started_at", "updated_at", "detected_at", "resolved_at"),
        "signal": {"dynamic": "strict", "properties": signal_fields()},
        "evidence": {"dynamic": "strict", "properties": evidence},
        "growth": {
            "dynamic": "strict",
            "properties": {"until": DOUBLE, **_all(LONG, "median", "low", "high")},
        },
        "audit": STORED,
    }  # fmt: skip


def author_fields() -> dict[str, Field]:
    """Return the fields of an author's profile."""
    return {
        **_all(KEYWORD, "id", "platform", "name", "badge"),
        **_all(LONG, "followers", "friends", "statuses", "verified_type"),
        **_times("updated_at"),
        "verified": BOOLEAN,
    }


def notification_fields() -> dict[str, Field]:
    """Return the fields of a sent-log entry; what was said is kept, not searched."""
    return {
        **_all(KEYWORD, "key", "incident_id", "receiver", "state", "watch", "transition", "ts", "channel",
               "holder"),
        **_times("at"),
        "page": BOOLEAN,
        "text": {"type": "text", "index": False},
        "v": LONG,
    }  # fmt: skip


def act_fields() -> dict[str, Field]:
    """Return the fields of what a person did to an incident."""
    return {
        **_all(KEYWORD, "id", "kind", "incident_id", "watch", "by", "why"),
        **_times("at"),
        "v": LONG,
    }


def silence_fields() -> dict[str, Field]:
    """Return the fields of a silence."""
    return {
        **_all(KEYWORD, "id", "author", "reason", "incident_id", "watches", "levels", "keyword", "intent"),
        **_times("starts_at", "ends_at", "created_at"),
        "v": LONG,
    }


def dead_fields(text: str) -> dict[str, Field]:
    """Return the fields of a dead letter."""
    return {
        **_all(KEYWORD, "code", "stage", "topic", "key"),
        **_all(LONG, "partition", "offset", "size", "v"),
        **_times("at"),
        "reason": {"type": "text", "analyzer": text},
        "payload": {"type": "text", "index": False},
    }


def mapping_of(kind: str, text: str, words: str) -> dict[str, Any]:
    """Return the whole mapping of the indices of `kind` (``mentions``, ``signals``, ...)."""
    properties = {
        "mentions": mention_fields(text, words),
        "signals": signal_fields(),
        "incidents": incident_fields(),
        "authors": author_fields(),
        "notifications": notification_fields(),
        "dead": dead_fields(text),
        "acts": act_fields(),
        "silences": silence_fields(),
    }[kind]
    mapping: dict[str, Any] = {
        "dynamic": "strict",
        "_meta": {"fengsheng_format": FORMAT},
        "properties": properties,
    }
    if kind in ("signals", "incidents"):
        mapping["dynamic_templates"] = DYNAMIC_COUNTS
    return mapping
