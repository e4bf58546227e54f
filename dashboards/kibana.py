"""Kibana's data views and saved search: ``python -m dashboards.kibana`` writes ``kibana/fengsheng.ndjson``.

The search keeps its condition in a filter, so that the query bar is free for the analyst's own words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from dashboards import labels

FILE: Final = Path(__file__).parent / "kibana" / "fengsheng.ndjson"

MENTIONS_VIEW: Final = "fengsheng-mentions"
"""Id of the mentions' data view; alerts link to it."""

NEGATIVE_SEARCH: Final = "fengsheng-negative"

COLUMNS: Final = (
    "text",
    "emotion",
    "intent",
    "mass",
    "weight",
    "platform",
    "author_name",
    "followers",
    "watches",
    "story",
    "url",
)

# Kibana migrates what is older than itself and refuses what is newer, so an early 8.x form fits every 8.x and 9.x.
_VERSIONS: Final = {"coreMigrationVersion": "8.8.0", "managed": False}

_TITLES: Final[dict[str, dict[str, str]]] = {
    "mentions": {
        "created_at": "发布时间",
        "text": "正文",
        "title": "标题",
        "emotion": "情绪",
        "intent": "意图",
        "polarity": "倾向",
        "negative": "负面",
        "mass": "负面质量",
        "weight": "影响力",
        "weight_source": "影响力来源",
        "platform": "平台",
        "kind": "类型",
        "author_id": "作者匿名编号",
        "author_name": "作者",
        "followers": "粉丝数",
        "watches": "监测对象",
        "match_reasons": "归属依据",
        "match_keywords": "命中词",
        "story": "话题簇",
        "thread_id": "主帖",
        "parent_id": "上一帖",
        "reposts": "转发数",
        "comments": "评论数",
        "likes": "点赞数",
        "feed": "来源",
        "url": "链接",
        "words": "分词",
        "terms": "关键词",
    },
    "signals": {
        "at": "时间",
        "watch": "监测对象",
        "velocity": "负面速度",
        "expected": "预期",
        "band_low": "区间下限",
        "band_high": "区间上限",
        "factor": "倍数",
        "negative_share": "负面占比",
        "authors": "作者数",
        "negative_authors": "负面作者数",
        "level": "级别",
        "late": "迟到帖",
        "coordination": "协同程度",
    },
    "incidents": {
        "started_at": "开始",
        "updated_at": "更新",
        "resolved_at": "平息",
        "detected_at": "发现",
        "watch": "监测对象",
        "watch_name": "名称",
        "level": "级别",
        "peak_level": "最高级别",
        "state": "状态",
        "owner": "负责人",
        "acknowledged_by": "确认人",
        "pages": "通知次数",
    },
    "dead": {
        "at": "时间",
        "code": "原因",
        "reason": "说明",
        "stage": "环节",
        "topic": "主题",
        "partition": "分区",
        "offset": "位移",
        "size": "字节数",
        "payload": "内容开头",
    },
}
_VIEWS: Final = (
    (MENTIONS_VIEW, "mentions", "风声 提及 Mentions", "created_at"),
    ("fengsheng-signals", "signals", "风声 信号 Signals", "at"),
    ("fengsheng-incidents", "incidents", "风声 事件 Incidents", "started_at"),
    ("fengsheng-dead", "dead", "风声 死信 Dead letters", "at"),
)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _named(shown: dict[str, labels.Shown]) -> dict[str, Any]:
    entries = [{"key": key, "value": text} for key, (text, _) in shown.items()]
    return {"id": "static_lookup", "params": {"lookupEntries": entries}}


def _formats(index: str) -> dict[str, Any]:
    if index != "mentions":
        return {}
    return {
        "url": {"id": "url", "params": {"openLinkInCurrentTab": False, "labelTemplate": "打开"}},
        "emotion": _named(dict(labels.EMOTIONS)),
        "intent": _named(dict(labels.INTENTS)),
        "mass": {"id": "number", "params": {"pattern": "0.00"}},
        "weight": {"id": "number", "params": {"pattern": "0.00"}},
    }


def _view(view: str, index: str, name: str, time_field: str, prefix: str) -> dict[str, Any]:
    attributes = {
        "title": prefix + index,
        "name": name,
        "timeFieldName": time_field,
        "fieldAttrs": _compact({field: {"customLabel": title} for field, title in _TITLES[index].items()}),
        "fieldFormatMap": _compact(_formats(index)),
        "fields": "[]",
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "allowHidden": False,
        # Mentions have no index before the first one arrives.
        "allowNoIndex": True,
    }
    return {
        "id": view,
        "type": "index-pattern",
        "attributes": attributes,
        "references": [],
        "typeMigrationVersion": "8.0.0",
        **_VERSIONS,
    }


def _negative() -> dict[str, Any]:
    place = "kibanaSavedObjectMeta.searchSourceJSON"
    condition = {
        "meta": {
            "alias": "负面 Negative",
            "disabled": False,
            "negate": False,
            "type": "phrase",
            "key": "negative",
            "field": "negative",
            "params": {"query": True},
            "indexRefName": f"{place}.filter[0].meta.index",
        },
        "query": {"match_phrase": {"negative": True}},
        "$state": {"store": "appState"},
    }
    source = {
        "query": {"query": "", "language": "kuery"},
        "filter": [condition],
        "indexRefName": f"{place}.index",
    }
    attributes = {
        "title": "负面提及 Negative mentions",
        "description": "判为负面的帖子、转发和评论，最新在前。 Posts, reposts and comments classified as negative, newest first.",
        "columns": list(COLUMNS),
        "sort": [["created_at", "desc"]],
        "grid": {},
        "hideChart": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _compact(source)},
    }
    references = [
        {"name": f"{place}.{where}", "type": "index-pattern", "id": MENTIONS_VIEW}
        for where in ("index", "filter[0].meta.index")
    ]
    return {
        "id": NEGATIVE_SEARCH,
        "type": "search",
        "attributes": attributes,
        "references": references,
        "typeMigrationVersion": "8.0.0",
        **_VERSIONS,
    }


def build(prefix: str = "") -> list[dict[str, Any]]:
    """Return the saved objects: four data views and one search.

    Parameters
    ----------
    prefix : what ``elasticsearch.prefix`` puts before every index name.
    """
    return [*(_view(*view, prefix) for view in _VIEWS), _negative()]


def render(prefix: str = "") -> str:
    """Return the saved objects as Kibana imports them, one a line."""
    return "".join(_compact(saved) + "\n" for saved in build(prefix))


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
