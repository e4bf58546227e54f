"""What is asked of Elasticsearch, as the bodies of its requests; pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from config.records import IncidentState

Query = dict[str, Any]
Sort = list[dict[str, str]]

OLDEST_FIRST: Final[Sort] = [{"created_at_s": "asc"}, {"mention_id": "asc"}]
NEWEST_FIRST: Final[Sort] = [{"created_at_s": "desc"}, {"mention_id": "asc"}]
BY_TIME: Final[Sort] = [{"at_s": "asc"}]
LAST: Final[Sort] = [{"at_s": "desc"}]
SENT_ORDER: Final[Sort] = [{"at_s": "asc"}, {"key": "asc"}]
NEWEST_DEAD: Final[Sort] = [{"at_s": "desc"}]
LATEST_STARTED: Final[Sort] = [{"started_at_s": "desc"}, {"id": "asc"}]

IN_ORDER: Final[Sort] = [{"at_s": "asc"}, {"id": "asc"}]
BY_START: Final[Sort] = [{"starts_at_s": "asc"}, {"id": "asc"}]

HOUR: Final = 3600.0


def term(field: str, value: str) -> Query:
    """Return a filter for one exact value."""
    return {"term": {field: value}}


def any_of(field: str, values: Sequence[str]) -> Query:
    """Return a filter for any of some exact values."""
    return {"terms": {field: list(values)}}


def span(field: str, since: float | None, until: float | None) -> list[Query]:
    """Return the filter ``since <= field < until``; a bound that is None or infinite is open."""
    given = {"gte": since, "lt": until}
    # JSON has no infinity, and Elasticsearch refuses a body that names one.
    bounds = {name: value for name, value in given.items() if value is not None and isfinite(value)}
    return [{"range": {field: bounds}}] if bounds else []


def every(filters: Sequence[Query]) -> Query:
    """Return the query that all of `filters` hold, without scoring."""
    return {"bool": {"filter": list(filters)}}


def ids(values: Sequence[str]) -> Query:
    """Return the query for documents by ``_id``."""
    return {"ids": {"values": list(values)}}


def words(tokens: Sequence[str]) -> Query:
    """Return the filter that each of `tokens` is among a mention's words."""
    return {"match": {"words": {"query": " ".join(tokens), "operator": "and"}}}


def mentions_where(
    tokens: Sequence[str],
    watch: str | None,
    emotion: str | None,
    intent: str | None,
    since: float | None,
    until: float | None,
) -> Query:
    """Return the query of a search."""
    filters = [words(tokens)] if tokens else []
    terms = {"watches": watch, "emotion": emotion, "intent": intent}
    filters += [term(field, value) for field, value in terms.items() if value is not None]
    return every(filters + span("created_at_s", since, until))


def incidents_where(watch: str | None, open_only: bool, since: float | None) -> Query:
    """Return the query for incidents."""
    query = every(([term("watch", watch)] if watch is not None else []) + span("updated_at_s", since, None))
    if open_only:
        query["bool"]["must_not"] = [term("state", IncidentState.RESOLVED.value)]
    return query


def hours_of(watch: str, since: float, until: float) -> tuple[Query, dict[str, Any]]:
    """Return query and aggregation for the hours of a watch."""
    query = every([term("watch", watch), {"exists": {"field": "minute_mass"}}, *span("at_s", since, until)])
    histogram = {
        "histogram": {"field": "at_s", "interval": HOUR, "min_doc_count": 1},
        "aggs": {"mass": {"extended_stats": {"field": "minute_mass"}}},
    }
    return query, {"hours": histogram}
