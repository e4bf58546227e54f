"""Queries of the panels, in the form of Grafana's Elasticsearch data source.

Only what every Elasticsearch answers is used: terms, date histogram, sum, min, max and average, raw documents.
"""

from __future__ import annotations

from typing import Any, Final

from dashboards.sdk import common_models, elasticsearch
from dashboards.sources import TYPE, Source

MENTIONS_OF_WATCH: Final = "watches:$watch AND NOT kind:hot"
"""Posts; entries of hot lists are nobody's."""
OF_WATCH: Final = "watch:$watch"
EVERYTHING: Final = "*"

METRICS: Final = {
    "avg": elasticsearch.Average,
    "max": elasticsearch.Max,
    "min": elasticsearch.Min,
    "sum": elasticsearch.Sum,
}


def reference(source: Source) -> Any:
    """Return how a panel or a query names its data source."""
    return common_models.DataSourceRef(type_val=TYPE, uid=source.uid)


def _base(source: Source, ref: str, query: str, alias: str | None) -> Any:
    target = elasticsearch.Dataquery().ref_id(ref).query(query).time_field(source.time_field)
    target.datasource(reference(source))
    return target.alias(alias) if alias is not None else target


def _over_time(source: Source, interval: str, empty: bool) -> Any:
    settings = elasticsearch.ElasticsearchDateHistogramSettings().interval(interval)
    settings.min_doc_count("0" if empty else "1")
    return elasticsearch.DateHistogram().id("9").field(source.time_field).settings(settings)


def _terms(number: int, field: str, size: int, order_by: str, missing: str | None) -> Any:
    settings = elasticsearch.ElasticsearchTermsSettings().size(str(size)).order("desc").order_by(order_by)
    settings.min_doc_count("1")
    if missing is not None:
        settings.missing(missing)
    return elasticsearch.Terms().id(str(number)).field(field).settings(settings)


def series(source: Source, ref: str, alias: str, metric: str, field: str, query: str = OF_WATCH) -> Any:
    """Return a line over time: `metric` (avg, max, min, sum) of `field`, named `alias`."""
    measured = METRICS[metric]().id("1").field(field)
    target = _base(source, ref, query, alias).metrics([measured])
    return target.bucket_aggs([_over_time(source, "auto", empty=False)])


def counts(
    source: Source,
    field: str,
    query: str,
    interval: str = "auto",
    size: int = 12,
    missing: str | None = None,
) -> Any:
    """Return how many documents there are over time for each of the commonest values of `field`."""
    target = _base(source, "A", query, f"{{{{term {field}}}}}").metrics([elasticsearch.Count().id("1")])
    return target.bucket_aggs(
        [_terms(2, field, size, "_count", missing), _over_time(source, interval, empty=interval == "auto")]
    )


def top_authors(source: Source, query: str, size: int = 10) -> Any:
    """Return the authors with the largest sum of negative mass, their posts and followers."""
    mass = elasticsearch.Sum().id("1").field("mass")
    followers = elasticsearch.Max().id("3").field("followers")
    target = _base(source, "A", query, None).metrics([mass, elasticsearch.Count().id("2"), followers])
    return target.bucket_aggs(
        [_terms(7, "author_id", size, "1", None), _terms(8, "author_name", 1, "_count", "（未署名）")]
    )


def top_terms(source: Source, query: str, size: int = 15) -> Any:
    """Return the commonest terms, how many mentions have each, and the sum of their negative mass."""
    mass = elasticsearch.Sum().id("3").field("mass")
    target = _base(source, "A", query, None).metrics([elasticsearch.Count().id("1"), mass])
    return target.bucket_aggs([_terms(2, "terms", size, "_count", None)])


def documents(source: Source, query: str, size: int) -> Any:
    """Return the newest `size` documents as they are."""
    raw = elasticsearch.RawData().id("1")
    raw.settings(elasticsearch.ElasticsearchRawDataSettings().size(str(size)))
    return _base(source, "A", query, None).metrics([raw]).bucket_aggs([])
