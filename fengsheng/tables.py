"""A backtest as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from alerting.backtest import WatchReport
from alerting.judging import Crisis, Judgement
from fengsheng.configuration import Configuration
from fengsheng.judging import ALL, judge_all
from fengsheng.output import escaped, table_of
from fengsheng.times import when


def incidents_table(configuration: Configuration, report: Mapping[str, WatchReport]) -> Table:
    """Return every incident of every watch, with the lead over the two simple rules."""
    table = table_of(
        "对象 watch",
        "帖子 posts",
        "天 days",
        "通知/天 pages/day",
        "级别 level",
        "开始 started!",
        "发现 detected!",
        "结束 resolved",
        "通知 pages",
        "早于定时 lead on cron",
        "早于倍数 on spike",
    )
    zone = configuration.settings.timezone
    names = _names(configuration)
    for watch, found in report.items():
        head = (
            escaped(f"{names[watch]} {watch}"),
            str(found.posts),
            f"{found.days:.1f}",
            f"{found.pages_a_day:.2f}",
        )
        if not found.incidents:
            table.add_row(*head, "—", "", "", "", "0")
        for incident in found.incidents:
            table.add_row(
                *head,
                incident.level,
                when(incident.started_at, zone),
                when(incident.detected_at, zone),
                when(incident.resolved_at, zone),
                str(incident.pages),
                *(_lead(incident.lead.get(rule)) for rule in ("cron", "spike")),
            )
            head = ("", "", "", "")
    return table


def judgement_table(configuration: Configuration, judged: Mapping[str, Judgement]) -> Table:
    """Return what was found, missed and paged for nothing, by watch."""
    table = table_of("对象 watch", *_COLUMNS)
    names = _names(configuration)
    for watch, judgement in judged.items():
        name = "合计 all" if watch == ALL else f"{names[watch]} {watch}"
        table.add_row(escaped(name), *_cells(judgement))
    return table


def sweep_table(
    field: str,
    swept: Mapping[float, Mapping[str, WatchReport]],
    known: Mapping[str, Sequence[Crisis]] | None,
) -> Table:
    """Return one row a value: pages, and with known crises recall and precision."""
    marked = any(found.false_alarms for report in swept.values() for found in report.values())
    false = ("误报重现 marked as false",) if marked else ()
    table = table_of(field, "事件 incidents", "通知 pages", *false, *(_COLUMNS if known is not None else ()))
    for value, report in swept.items():
        incidents = sum(len(found.incidents) for found in report.values())
        pages = sum(found.pages for found in report.values())
        cells = _cells(judge_all(report, known)[ALL]) if known is not None else []
        again = [str(sum(found.false_pages for found in report.values()))] if marked else []
        table.add_row(f"{value:g}", str(incidents), str(pages), *again, *cells)
    return table


_COLUMNS = (
    "危机 crises",
    "发现 found",
    "召回率 recall",
    "准确率 precision",
    "误报/天 false pages a watch-day",
    "延迟中位数 median delay",
)


def _names(configuration: Configuration) -> dict[str, str]:
    return {watch.id: watch.name for watch in configuration.watches.watches}


def _cells(judgement: Judgement) -> list[str]:
    def share(value: float | None) -> str:
        return "—" if value is None else f"{value:.2f}"

    delay = judgement.median_delay
    return [
        str(judgement.crises),
        str(judgement.found),
        share(judgement.recall),
        share(judgement.precision),
        f"{judgement.false_pages_a_day:.3f}",
        "—" if delay is None else f"{delay / 60:.1f} min",
    ]


def remarks(configuration: Configuration, report: Mapping[str, WatchReport]) -> list[str]:
    """Return in words what was muted, and how the rules do on what people marked as false alarms."""
    zone, said = configuration.settings.timezone, []
    for watch, found in report.items():
        for incident in found.incidents:
            if incident.muted:
                why = "；".join(incident.muted)
                started = when(incident.started_at, zone)
                said.append(f"静默 muted: {watch} {started} · {why} · 通知 pages {incident.pages}")
    if marked := sum(found.false_alarms for found in report.values()):
        again = [i for found in report.values() for i in found.incidents if i.false_alarm]
        pages = sum(i.pages for i in again)
        said.append(
            f"标记过的误报 {marked} 起，其中 {len(again)} 起会再报，通知 {pages} 次 false alarms that people "
            f"marked: {marked}; told again: {len(again)}, with {pages} pages"
        )
    return said


def _lead(seconds: float | None) -> str:
    return "没有报 never" if seconds is None else f"{seconds / 60:+.0f} min"
