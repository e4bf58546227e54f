"""The committed saved objects are what the code builds, and their queries and fields are real."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from alerting.message.links import DATA_VIEW
from dashboards import kibana
from tests.dashboards import samples
from tests.dashboards.conftest import Filled

VIEWS = [saved for saved in kibana.build() if saved["type"] == "index-pattern"]
[SEARCH] = [saved for saved in kibana.build() if saved["type"] == "search"]
SOURCE = json.loads(SEARCH["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])


def test_the_committed_file_is_what_the_code_builds() -> None:
    assert kibana.FILE.read_text(encoding="utf-8") == kibana.render(), "run: python -m dashboards.kibana"


def test_alerts_link_to_the_view_of_the_mentions() -> None:
    assert DATA_VIEW in [view["id"] for view in VIEWS]


def test_each_object_is_one_line_of_json() -> None:
    assert [json.loads(line) for line in kibana.render().splitlines()] == kibana.build()


def test_titles_are_chinese_with_their_english() -> None:
    for name in [*(view["attributes"]["name"] for view in VIEWS), SEARCH["attributes"]["title"]]:
        assert re.search(r"[\u4e00-\u9fff]", name)
        assert re.search(r"[A-Z][a-z]+", name)


def test_references_lead_to_the_view() -> None:
    named = {reference["name"]: reference["id"] for reference in SEARCH["references"]}
    used = {SOURCE["indexRefName"], *(condition["meta"]["indexRefName"] for condition in SOURCE["filter"])}
    assert set(named) == used
    assert set(named.values()) == {kibana.MENTIONS_VIEW}


def test_the_prefix_stands_before_every_index() -> None:
    views = [saved for saved in kibana.build("pr-") if saved["type"] == "index-pattern"]
    assert [view["attributes"]["title"] for view in views] == [
        f"pr-{v['attributes']['title']}" for v in VIEWS
    ]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view["id"])
def test_each_view_is_of_an_index_and_its_fields(view: dict[str, Any], filled: Filled) -> None:
    attributes = view["attributes"]
    fields = filled.fields[attributes["title"]]
    assert attributes["timeFieldName"] in fields
    assert set(json.loads(attributes["fieldAttrs"])) <= fields
    assert set(json.loads(attributes["fieldFormatMap"])) <= fields
    body = {
        "query": {
            "bool": {"filter": [{"range": {attributes["timeFieldName"]: {"gte": "2020-01-01T00:00:00Z"}}}]}
        },
        "sort": [{attributes["timeFieldName"]: "desc"}],
        "fields": [{"field": "*"}],
    }
    assert filled.search(filled.prefix + attributes["title"], body)["hits"]["hits"]


def test_the_saved_search_finds_the_negative_mentions_newest_first(filled: Filled) -> None:
    columns, [[field, direction]] = SEARCH["attributes"]["columns"], SEARCH["attributes"]["sort"]
    assert set(columns) <= filled.fields["mentions"]
    assert SOURCE["query"]["query"] == ""  # the analyst's own words go here
    body = {
        "query": {"bool": {"filter": [condition["query"] for condition in SOURCE["filter"]]}},
        "sort": [{field: {"order": direction, "unmapped_type": "boolean"}}],
        "fields": [{"field": column} for column in columns],
        "size": 500,
    }
    hits = filled.search(f"{filled.prefix}mentions", body)["hits"]["hits"]
    negative = [m.mention_id for m in samples.MENTIONS if m.score.negative]
    assert [hit["_id"] for hit in hits] == negative[::-1]
    assert set(hits[0]["fields"]) == set(columns)
