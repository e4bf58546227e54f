"""Grafana's dashboard as code: ``python -m dashboards.grafana`` writes ``dashboards/grafana/fengsheng.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from dashboards import labels, panels, queries
from dashboards.panels import Frame
from dashboards.sdk import JSONEncoder, dashboard, dashboard_models
from dashboards.sources import DEAD, INCIDENTS, MENTIONS, SIGNALS

UID: Final = "fengsheng"
"""Identity of the dashboard; alerts link to ``/d/fengsheng``."""

FILE: Final = Path(__file__).parent / "grafana" / "fengsheng.json"

VELOCITY, EXPECTED, LOW, HIGH = "负面速度", "预期", "区间下限", "区间上限"


def _numbers() -> list[Any]:
    def latest(alias: str, field: str) -> Any:
        return queries.series(SIGNALS, "A", alias, "max", field)

    return [
        panels.number(
            Frame(
                "当前预警级别", "Level now: the highest level of the newest signal.", (0, 0, 4, 4), SIGNALS
            ),
            latest("级别", "level_rank"),
            mappings=[panels.mapping(labels.LEVEL_RANKS)],
            thresholds=[(None, "green"), (1, "blue"), (2, "yellow"), (3, "orange"), (4, "red")],
        ),
        panels.number(
            Frame(
                "负面速度（质量/分钟）",
                "Velocity: weighted negative mass a minute, newest.",
                (4, 0, 4, 4),
                SIGNALS,
            ),
            latest(VELOCITY, "velocity"),
            decimals=1,
        ),
        panels.number(
            Frame(
                "是预期的几倍",
                "Factor: velocity over the value expected at this hour of the week.",
                (8, 0, 4, 4),
                SIGNALS,
            ),
            latest("倍数", "factor"),
            decimals=1,
        ),
        panels.number(
            Frame(
                "负面占比",
                "Negative share of the mentions in the short window, newest.",
                (12, 0, 4, 4),
                SIGNALS,
            ),
            latest("负面占比", "negative_share"),
            unit="percentunit",
            decimals=0,
        ),
        panels.number(
            Frame("负面作者数", "Distinct authors of negative mentions, newest.", (16, 0, 4, 4), SIGNALS),
            latest("负面作者", "negative_authors"),
            decimals=0,
        ),
        panels.number(
            Frame(
                "协同程度",
                "Coordination, 0 to 1: how alike and simultaneous the negative posts are.",
                (20, 0, 4, 4),
                SIGNALS,
            ),
            latest("协同", "coordination"),
            decimals=2,
        ),
    ]


def _velocity() -> list[Any]:
    line = panels.lines(
        Frame(
            "负面速度与预期区间（质量/分钟）",
            "Velocity against its band: weighted negative mass a minute; expected value and band come from "
            "the same hour of the week.",
            (0, 4, 16, 10),
            SIGNALS,
        ),
        [
            queries.series(SIGNALS, "A", LOW, "avg", "band_low"),
            queries.series(SIGNALS, "B", HIGH, "avg", "band_high"),
            queries.series(SIGNALS, "C", EXPECTED, "avg", "expected"),
            queries.series(SIGNALS, "D", VELOCITY, "max", "velocity"),
        ],
        decimals=1,
    )
    incidents = panels.rows(
        Frame(
            "预警事件", "Incidents that started in this time range, newest first.", (16, 4, 8, 10), INCIDENTS
        ),
        queries.documents(INCIDENTS, queries.OF_WATCH, 50),
        {
            "started_at": "开始",
            "level": "级别",
            "peak_level": "最高",
            "state": "状态",
            "resolved_at": "平息",
            "evidence.reason": "原因",
        },
        mappings={"level": labels.LEVELS, "peak_level": labels.LEVELS, "state": labels.STATES},
        units={"started_at": "dateTimeAsLocal", "resolved_at": "dateTimeAsLocal"},
    )
    level = panels.levels(
        Frame("预警级别变化", "Level over time.", (0, 14, 24, 4), SIGNALS),
        queries.series(SIGNALS, "A", "级别", "max", "level_rank"),
    )
    return [panels.banded(line, VELOCITY, EXPECTED, LOW, HIGH), incidents, level]


def _shape() -> list[Any]:
    return [
        panels.lines(
            Frame("负面占比", "Negative share of the mentions in the short window.", (0, 18, 8, 7), SIGNALS),
            [queries.series(SIGNALS, "A", "负面占比", "avg", "negative_share")],
            unit="percentunit",
            decimals=0,
        ),
        panels.lines(
            Frame(
                "发声作者数",
                "Distinct authors in the evidence window: all, and of negative mentions.",
                (8, 18, 8, 7),
                SIGNALS,
            ),
            [
                queries.series(SIGNALS, "A", "全部作者", "max", "authors"),
                queries.series(SIGNALS, "B", "负面作者", "max", "negative_authors"),
            ],
            decimals=0,
        ),
        panels.lines(
            Frame(
                "最大作者占比",
                "Share of the negative mass that the loudest author holds: near 1 means one voice.",
                (16, 18, 8, 7),
                SIGNALS,
            ),
            [queries.series(SIGNALS, "A", "最大作者占比", "max", "top_author_share")],
            unit="percentunit",
            decimals=0,
        ),
        panels.bars(
            Frame("情绪", "Mentions by emotion.", (0, 25, 8, 8), MENTIONS),
            queries.counts(MENTIONS, "emotion", queries.MENTIONS_OF_WATCH),
            labels.EMOTIONS,
        ),
        panels.bars(
            Frame("意图", "Mentions by intent.", (8, 25, 8, 8), MENTIONS),
            queries.counts(MENTIONS, "intent", queries.MENTIONS_OF_WATCH),
            labels.INTENTS,
        ),
        panels.bars(
            Frame("平台", "Mentions by platform.", (16, 25, 8, 8), MENTIONS),
            queries.counts(MENTIONS, "platform", queries.MENTIONS_OF_WATCH),
            labels.PLATFORMS,
        ),
        panels.rows(
            Frame(
                "负面质量最大的作者",
                "Authors by the sum of their negative mass. Ids are pseudonyms.",
                (0, 33, 15, 8),
                MENTIONS,
            ),
            queries.top_authors(MENTIONS, f"{queries.MENTIONS_OF_WATCH} AND negative:true"),
            {
                "author_name": "作者",
                "author_id": "匿名编号",
                "Sum": "负面质量",
                "Count": "负面帖数",
                "Max": "粉丝数",
            },
        ),
        panels.rows(
            Frame("负面帖说的是", "The commonest terms of negative mentions.", (15, 33, 9, 8), MENTIONS),
            queries.top_terms(MENTIONS, f"{queries.MENTIONS_OF_WATCH} AND negative:true"),
            {"terms": "关键词", "Count": "负面帖数", "Sum": "负面质量"},
        ),
    ]


def _health() -> list[Any]:
    """Return the panels of the pipeline itself, which are about all watches together."""
    return [
        panels.bars(
            Frame(
                "来帖速度 · 按平台（条/分钟）",
                "Feed rate: mentions a minute by platform, all watches. A gap is a silent feed.",
                (0, 41, 12, 8),
                MENTIONS,
            ),
            queries.counts(MENTIONS, "platform", queries.EVERYTHING, interval="1m"),
            labels.PLATFORMS,
        ),
        panels.bars(
            Frame(
                "来帖速度 · 按来源（条/分钟）",
                "Feed rate: mentions a minute by feed, all watches. A gap is a silent feed.",
                (12, 41, 12, 8),
                MENTIONS,
            ),
            queries.counts(MENTIONS, "feed", queries.EVERYTHING, interval="1m", missing="（未注明）"),
        ),
        panels.lines(
            Frame(
                "迟到帖",
                "Late posts: how many came after the allowed lateness, per interval of the chart.",
                (0, 49, 8, 8),
                SIGNALS,
            ),
            [queries.series(SIGNALS, "A", "迟到帖", "sum", "late")],
            decimals=0,
        ),
        panels.bars(
            Frame("处理失败 · 按原因", "Pipeline health: dead letters by code.", (8, 49, 8, 8), DEAD),
            queries.counts(DEAD, "code", queries.EVERYTHING),
        ),
        panels.rows(
            Frame("最近的处理失败", "Newest dead letters.", (16, 49, 8, 8), DEAD),
            queries.documents(DEAD, queries.EVERYTHING, 50),
            {"at": "时间", "code": "原因", "stage": "环节", "reason": "说明", "topic": "主题"},
            units={"at": "dateTimeAsLocal"},
        ),
    ]


def build() -> dict[str, Any]:
    """Return the dashboard in Grafana's classic JSON form; building twice gives the same."""
    variable = dashboard.QueryVariable("watch").label("监测对象").description("Watch")
    variable.datasource(queries.reference(SIGNALS)).query(json.dumps({"find": "terms", "field": "watch"}))
    variable.refresh(dashboard_models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    variable.sort(dashboard_models.VariableSort.ALPHABETICAL_ASC).multi(False).include_all(False)
    built = dashboard.Dashboard("风声 · 舆情监测").uid(UID).tags(["fengsheng"]).timezone("browser")
    built.description("Fengsheng: negative velocity, incidents, emotions and the health of the pipeline.")
    built.time("now-6h", "now").refresh("30s").editable().annotations([])
    built.tooltip(dashboard_models.DashboardCursorSync.CROSSHAIR).with_variable(variable)
    for number, panel in enumerate([*_numbers(), *_velocity(), *_shape(), *_health()], start=1):
        built.with_panel(panel.id(number))
    made: dict[str, Any] = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    return made


def render() -> str:
    """Return the text of the committed file."""
    return json.dumps(build(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
