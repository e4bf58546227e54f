"""The committed dashboard is what the code builds, and each of its queries finds data."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from typing import Any

import pytest

from alerting.message import labels as spoken
from alerting.message.links import DASHBOARD
from config.records import Level
from dashboards import grafana, labels
from dashboards.sources import SOURCES, json_data
from tests.dashboards import samples
from tests.dashboards.conftest import Filled
from tests.dashboards.translating import Range, interpolated, search_of, terms_of_variable, values

WHEN = Range(int((samples.START - 5 * 3600) * 1000), int((samples.START + 3600) * 1000))
BY_UID = {source.uid: source for source in SOURCES}
BUILT = grafana.build()
TARGETS = [
    pytest.param(panel, target, id=f"{panel['title']}-{target['refId']}")
    for panel in BUILT["panels"]
    for target in panel["targets"]
]
QUERIED_FIELD = re.compile(r"([\w.]+):")


def ask(filled: Filled, target: dict[str, Any], watch: str = samples.WATCH) -> dict[str, Any]:
    source = json_data(BY_UID[target["datasource"]["uid"]], filled.prefix)
    return filled.search(source["index"], search_of(target, source, WHEN, {"watch": watch}))


def the(title: str) -> dict[str, Any]:
    [panel] = [panel for panel in BUILT["panels"] if panel["title"] == title]
    return dict(panel)


def test_the_committed_file_is_what_the_code_builds() -> None:
    assert grafana.FILE.read_text(encoding="utf-8") == grafana.render(), "run: python -m dashboards.grafana"


def test_alerts_link_to_this_dashboard_and_its_variable() -> None:
    assert BUILT["uid"] == DASHBOARD
    assert [variable["name"] for variable in BUILT["templating"]["list"]] == ["watch"]


def test_every_panel_has_a_chinese_title_and_says_it_in_english() -> None:
    for panel in BUILT["panels"]:
        assert re.search(r"[\u4e00-\u9fff]", panel["title"]), panel["title"]
        assert panel["description"].isascii(), panel["title"]
        assert len(panel["description"]) > 10


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in BUILT["panels"]}) == len(BUILT["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in BUILT["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_names_are_those_of_the_alerts() -> None:
    for shown, known, name in (
        (labels.EMOTIONS, spoken.EMOTIONS, spoken.emotion_name),
        (labels.INTENTS, spoken.INTENTS, spoken.intent_name),
        (labels.PLATFORMS, spoken.PLATFORMS, spoken.platform_name),
    ):
        assert set(shown) == set(known)
        assert {key: text for key, (text, _) in shown.items()} == {key: name(key, "zh") for key in known}
    for level in Level:
        assert labels.LEVELS[level.value].text == spoken.LEVELS[level]["zh"]
        assert labels.LEVEL_RANKS[level.rank].text == spoken.LEVELS[level]["zh"]


@pytest.mark.parametrize(("panel", "target"), TARGETS)
def test_each_query_finds_data(panel: dict[str, Any], target: dict[str, Any], filled: Filled) -> None:
    assert target["datasource"] == panel["datasource"]
    found = values(target, ask(filled, target))
    assert found, "no data"
    zero = {"协同程度", "当前预警级别"}
    assert any(value > 0 for value in found) or panel["title"] in zero


@pytest.mark.parametrize(("panel", "target"), TARGETS)
def test_each_query_uses_fields_that_exist(
    panel: dict[str, Any], target: dict[str, Any], filled: Filled
) -> None:
    source = BY_UID[target["datasource"]["uid"]]
    asked = set(QUERIED_FIELD.findall(target["query"])) | {source.time_field, target["timeField"]}
    for part in (*target["bucketAggs"], *target["metrics"]):
        asked |= {part["field"]} if "field" in part else set()
    for transformation in panel.get("transformations", []):
        asked |= set(transformation["options"].get("include", {}).get("names", []))
    computed = {metric["type"].capitalize() for metric in target["metrics"]}
    # "evidence.reason" and the like are flattened out of the document.
    assert asked - computed <= filled.fields[source.index]


@pytest.mark.parametrize(
    "panel", [panel for panel in BUILT["panels"] if panel["type"] == "table"], ids=lambda p: p["title"]
)
def test_table_columns_are_in_the_documents(panel: dict[str, Any], filled: Filled) -> None:
    [target] = panel["targets"]
    columns = panel["transformations"][0]["options"]["include"]["names"]
    if target["metrics"][0]["type"] != "raw_data":
        fields = {bucket["field"] for bucket in target["bucketAggs"]}
        assert set(columns) == fields | {metric["type"].capitalize() for metric in target["metrics"]}
        return
    for column in columns:
        value: Any = ask(filled, target)["hits"]["hits"][0]["_source"]
        for part in column.split("."):
            value = value[part]
        assert value


def test_the_watch_variable_lists_the_watches(filled: Filled) -> None:
    [variable] = BUILT["templating"]["list"]
    source = json_data(BY_UID[variable["datasource"]["uid"]], filled.prefix)
    body = terms_of_variable(json.loads(variable["query"]), source, WHEN)
    answer = filled.search(source["index"], body)
    assert [b["key"] for b in answer["aggregations"]["1"]["buckets"]] == [samples.WATCH, samples.OTHER]


def test_a_panel_shows_one_watch_only(filled: Filled) -> None:
    for watch in (samples.WATCH, samples.OTHER):
        expected = Counter(m.score.emotion for m in samples.MENTIONS if m.watches == [watch])
        [target] = the("情绪")["targets"]
        buckets = ask(filled, target, watch)["aggregations"]["2"]["buckets"]
        assert {b["key"]: b["doc_count"] for b in buckets} == expected


def test_velocity_is_drawn_at_its_height(filled: Filled) -> None:
    targets = {t["alias"]: t for t in the("负面速度与预期区间（质量/分钟）")["targets"]}
    drawn = {name: values(target, ask(filled, target)) for name, target in targets.items()}
    assert max(drawn["负面速度"]) == pytest.approx(5.9)
    assert set(drawn["预期"]) == {1.0}
    assert drawn["区间下限"] == pytest.approx([0.2] * len(drawn["预期"]))
    assert drawn["区间上限"] == pytest.approx([2.5] * len(drawn["预期"]))


def test_authors_are_ordered_by_their_negative_mass(filled: Filled) -> None:
    mass: dict[str, float] = defaultdict(float)
    for m in samples.MENTIONS:
        if m.watches == [samples.WATCH] and m.score.negative:
            mass[m.author_id or ""] += m.score.mass
    [target] = the("负面质量最大的作者")["targets"]
    buckets = ask(filled, target)["aggregations"]["7"]["buckets"]
    assert [b["key"] for b in buckets] == sorted(mass, key=lambda author: -mass[author])
    assert [b["1"]["value"] for b in buckets] == pytest.approx(sorted(mass.values(), reverse=True))
    names = {b["key"]: b["8"]["buckets"][0]["key"] for b in buckets}
    assert names[f"p{0:031d}"] == "（未署名）"
    assert names[f"p{5:031d}"] == "用户5"


def test_feed_rate_counts_by_the_minute(filled: Filled) -> None:
    [target] = the("来帖速度 · 按平台（条/分钟）")["targets"]
    assert sum(values(target, ask(filled, target))) == len(samples.MENTIONS)
    assert max(values(target, ask(filled, target))) == 2  # one platform in a minute of four posts


def test_levels_appear_by_rank(filled: Filled) -> None:
    [target] = the("预警级别变化")["targets"]
    assert set(values(target, ask(filled, target))) == {0, 2, 4}


@pytest.mark.parametrize("watch", ["a-b_c", "x:y/z"])
def test_a_watch_is_escaped_for_lucene(watch: str, filled: Filled) -> None:
    query = interpolated("watch:$watch", {"watch": watch})
    body = {"query": {"query_string": {"query": query}}, "size": 0}
    assert filled.search(f"{filled.prefix}signals", body)["hits"]["total"]["value"] == 0


def test_late_posts_are_summed_since_each_signal_counts_its_own() -> None:
    [target] = the("迟到帖")["targets"]
    assert [(metric["type"], metric["field"]) for metric in target["metrics"]] == [("sum", "late")]
