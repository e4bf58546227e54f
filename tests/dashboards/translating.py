"""From a panel's target to the request that Grafana's Elasticsearch data source sends for it.

Written after the data source's own behaviour (its `data_query.go` and `datasource.ts`): the time range applies
to the data source's field, the query string is Lucene with escaped variables, aggregations nest in their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LUCENE = re.compile(r'([!*+\-=<>\s&|()\[\]{}^~?:\\/"])')
_WIDTHS = {"10s": 10_000, "1m": 60_000}
POINTS = 1000
"""Data points that a panel asks for: about its width in pixels."""


@dataclass(frozen=True)
class Range:
    """The dashboard's time range in epoch milliseconds."""

    start: int
    end: int

    def filter(self, field: str) -> dict[str, Any]:
        return {"range": {field: {"gte": self.start, "lte": self.end, "format": "epoch_millis"}}}


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Put a variable's value, escaped for Lucene, in place of ``$name``."""
    for name, value in variables.items():
        text = text.replace(f"${name}", _LUCENE.sub(r"\\\1", value))
    return text


def search_of(
    target: Mapping[str, Any], source: Mapping[str, Any], when: Range, variables: Mapping[str, str]
) -> dict[str, Any]:
    """Return the search body for `target`; `source` is the ``jsonData`` of its data source."""
    time_field = source["timeField"]
    filters: list[dict[str, Any]] = [when.filter(time_field)]
    if query := interpolated(target.get("query", ""), variables):
        filters.append({"query_string": {"analyze_wildcard": True, "query": query}})
    body: dict[str, Any] = {"size": 0, "query": {"bool": {"filter": filters}}}
    first = target["metrics"][0]
    if first["type"] == "raw_data":
        body |= {
            "size": int(first["settings"]["size"]),
            "sort": [
                {time_field: {"order": "desc", "unmapped_type": "boolean"}},
                {"_doc": {"order": "desc"}},
            ],
            "docvalue_fields": [time_field],
            "fields": [{"field": time_field, "format": "strict_date_optional_time_nanos"}],
            "script_fields": {},
        }
        return body
    width = max(_WIDTHS[source["timeInterval"]], (when.end - when.start) // POINTS)
    metrics = {m["id"]: {m["type"]: {"field": m["field"]}} for m in target["metrics"] if m["type"] != "count"}
    place = body
    for bucket in target["bucketAggs"]:
        added = _bucket(bucket, target["metrics"], width, when, time_field)
        place.setdefault("aggs", {})[bucket["id"]] = added
        place = added
    place["aggs"] = {**place.get("aggs", {}), **metrics}
    if not place["aggs"]:
        del place["aggs"]
    return body


def _bucket(
    bucket: Mapping[str, Any], metrics: list[dict[str, Any]], width: int, when: Range, time_field: str
) -> dict[str, Any]:
    settings = bucket.get("settings", {})
    if bucket["type"] == "date_histogram":
        interval = settings.get("interval", "auto")
        histogram = {
            "field": bucket.get("field") or time_field,
            "fixed_interval": f"{width}ms" if interval == "auto" else interval,
            "min_doc_count": int(settings.get("min_doc_count", 0)),
            "extended_bounds": {"min": when.start, "max": when.end},
            "format": "epoch_millis",
        }
        return {"date_histogram": histogram}
    assert bucket["type"] == "terms", bucket["type"]
    terms: dict[str, Any] = {"field": bucket["field"], "size": int(settings["size"])}
    terms["min_doc_count"] = int(settings.get("min_doc_count", 1))
    if "missing" in settings:
        terms["missing"] = settings["missing"]
    order_by, direction = settings["orderBy"], settings["order"]
    found: dict[str, Any] = {"terms": terms}
    metric = next((m for m in metrics if m["id"] == order_by), None)
    if metric is not None and metric["type"] != "count":
        found["aggs"] = {order_by: {metric["type"]: {"field": metric["field"]}}}
    terms["order"] = {"_count" if metric and metric["type"] == "count" else order_by: direction}
    return found


def terms_of_variable(query: Mapping[str, Any], source: Mapping[str, Any], when: Range) -> dict[str, Any]:
    """Return the search body for a variable's ``{"find": "terms"}``."""
    assert query["find"] == "terms"
    return {
        "size": 0,
        "query": {"bool": {"filter": [when.filter(source["timeField"])]}},
        "aggs": {"1": {"terms": {"field": query["field"], "size": 500, "order": {"_key": "asc"}}}},
    }


def values(target: Mapping[str, Any], answer: Mapping[str, Any]) -> list[float]:
    """Return every number that the panel would draw: hits, counts, or metrics of the innermost buckets."""
    if target["metrics"][0]["type"] == "raw_data":
        return [1.0 for _ in answer["hits"]["hits"]]
    level = [answer["aggregations"]]
    for bucket in target["bucketAggs"]:
        level = [inner for outer in level for inner in outer[bucket["id"]]["buckets"]]
    found: list[float] = []
    for bucket in level:
        for metric in target["metrics"]:
            value = bucket["doc_count"] if metric["type"] == "count" else bucket[metric["id"]]["value"]
            if value is not None:
                found.append(value)
    return found
