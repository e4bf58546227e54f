"""``fengsheng incidents``: what happened, to whom it was told, and what people do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from alerting.message.content import Presentation
from alerting.message.terminal import render_terminal
from alerting.senders.terminal import TERMINAL
from config.records import AuditEntry, Incident, IncidentState, Notification, Signal, Transition, encode
from config.settings import Settings
from fengsheng.commands.incident_acts import ack, false_alarm, resolve, unknown_incident
from fengsheng.commands.silences import silence, silences, unsilence
from fengsheng.configuration import Configuration, load_configuration
from fengsheng.indexes import existing_index
from fengsheng.language import say
from fengsheng.options import ConfigOption, DataOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, explained, fail, log_to_stderr, out, table_of
from fengsheng.times import when
from fengsheng.watch_names import check_watches

app = typer.Typer(
    no_args_is_help=True,
    help="查看、处理事件 Look at incidents, acknowledge, silence or close them.\n\n"
    "Example: fengsheng incidents list --open",
)
app.command()(ack)
app.command()(resolve)
app.command()(false_alarm)
app.command()(silence)
app.command()(silences)
app.command()(unsilence)

_LEVELS = {"I": "Ⅰ级（红）", "II": "Ⅱ级（橙）", "III": "Ⅲ级（黄）", "IV": "Ⅳ级（蓝）"}
_ROMAN = {"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ", "IV": "Ⅳ"}
_STATES = {"pending": "观察", "firing": "进行中", "recovering": "回落", "resolved": "已结束"}


@app.command("list")
def list_(
    watch: Annotated[str | None, typer.Option("--watch", help="关注对象 Only this watch.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="未结束的 Only those not resolved.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON 输出 One JSON object a line on stdout.")
    ] = False,
    watches: WatchesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """列出事件 List incidents, the latest first. Embedded runs: name their folder with --data.

    Example: fengsheng incidents list --open
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config, watches).with_data(data)
        settings = configuration.settings
        found = asyncio.run(_list(configuration, watch, open_only))
    if as_json:
        for incident in found:
            print(encode(incident).decode())
        return
    zone = settings.timezone
    table = table_of(
        "编号 id!", "对象 watch", "级别 level!", "状态 state", "开始 started", "结束 resolved", "通知 pages"
    )
    for incident in found:
        table.add_row(
            incident.id,
            escaped(incident.watch_name),
            _LEVELS[incident.peak_level],
            _state(incident),
            when(incident.started_at, zone),
            when(incident.resolved_at, zone),
            str(incident.pages),
        )
    out.print(table if found else "没有事件 no incidents")


async def _list(configuration: Configuration, watch: str | None, open_only: bool) -> list[Incident]:
    async with existing_index(configuration.settings) as index:
        if watch is not None:
            await check_watches([watch], configuration.watches.by_id(), index)
        return await index.incidents(watch=watch, open_only=open_only)


@app.command()
def show(
    incident_id: Annotated[str, typer.Argument(metavar="ID", help="事件编号 The incident's id (see list).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON 输出 The whole record as JSON on stdout.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """查看一个事件 Show one incident: message, evidence, its end and its peak, audit trail, who was told.

    Example: fengsheng incidents show qingshan-tea-20261018T032000.000Z
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        incident, told, signals = asyncio.run(_show(settings, incident_id))
    if incident is None:
        fail(unknown_incident(incident_id))
    if as_json:
        notifications = [json.loads(encode(n)) for n in told]
        print(json.dumps(json.loads(encode(incident)) | {"notifications": notifications}, ensure_ascii=False))
        return
    zone = settings.timezone
    out.print(render_terminal(incident, Presentation.of(settings)))
    for line in _now_and_peak(incident, signals, zone):
        out.print(escaped(line), soft_wrap=True)
    names = ("时间 at", "谁 who", "变化 change", "从 → 到 from → to", "原因 why")
    audit = table_of(*names)
    audit.title = "经过 audit trail"
    for entry in incident.audit:
        cells = (entry.who, entry.change, _step(entry), entry.why)
        audit.add_row(when(entry.at, zone), *map(escaped, cells))
    out.print(audit)
    sent = Table(
        "时间 at", "渠道 receiver", "内容 transition", "种类 kind", "状态 state", title="通知 notifications"
    )
    for n in told:
        sent.add_row(when(n.at, zone), escaped(n.receiver), str(n.transition or ""), _kind(n), _where(n))
    out.print(sent)


def _now_and_peak(incident: Incident, signals: Sequence[Signal], zone: str) -> list[str]:
    """Where the incident stands now, and what it was at its worst: the message shows the newest numbers alone."""
    over = incident.state is IncidentState.RESOLVED
    colon = say("：", ": ")
    newest = f"{say('结束时', 'at the end') if over else say('现在', 'now')}{colon}"
    highest = f"{say('最高', 'at its peak')}{colon}{_LEVELS[incident.peak_level]}"
    lines = [
        newest + " · ".join([_LEVELS[incident.level], _state(incident), _numbers(incident.signal, zone)])
    ]
    if (worst := max(signals, key=lambda signal: signal.velocity, default=None)) is not None:
        highest += f" · {_numbers(worst, zone)}"
    return [*lines, highest]


def _numbers(signal: Signal, zone: str) -> str:
    velocity, expected = f"{signal.velocity:.1f}", f"{signal.expected:.1f}"
    return say(
        f"负面声速 {velocity}/分钟（预期 {expected}，{signal.factor:.0f} 倍），负面 {signal.evidence_negative} 条、"
        f"{signal.negative_authors} 位作者，{when(signal.at, zone)}",
        f"negative velocity {velocity}/min (expected {expected}, {signal.factor:.0f}x), {signal.evidence_negative} negative posts by"
        f" {signal.negative_authors} authors, {when(signal.at, zone)}",
    )


def _state(incident: Incident) -> str:
    """The state, and what people or the muting have made of it."""
    parts = [_STATES[incident.state]]
    if incident.false_alarm:
        parts.append("误报 false alarm")
    if incident.state is not IncidentState.RESOLVED and incident.muted is not None:
        parts.append("静默 muted")
    if incident.state is not IncidentState.RESOLVED and incident.acknowledged_by is not None:
        parts.append(f"已确认 {escaped(incident.acknowledged_by)}")
    return " · ".join(parts)


def _step(entry: AuditEntry) -> str:
    """From which level and state to which an entry led."""
    pairs = (
        (_ROMAN.get(entry.level_before or ""), _ROMAN.get(entry.level or "")),
        (_STATES.get(entry.state_before or ""), _STATES.get(entry.state or "")),
    )
    moves = [f"{old} → {new}" if old else f"→ {new}" for old, new in pairs if new and old != new]
    return " · ".join(moves)


def _kind(notification: Notification) -> str:
    """What the receiver got: the one page, an edit of it, or a reply under it."""
    if notification.page:
        return "通知 page"
    quiet = {Transition.UPDATED, Transition.DOWNGRADED, Transition.RECOVERING}
    return "更新 edit" if notification.transition in quiet else "回复 reply"


def _where(notification: Notification) -> str:
    """What became of it; a receiver whose secret was missing got nothing, the terminal did."""
    printed = " · 只在终端 on the terminal" if notification.channel == TERMINAL else ""
    return f"{notification.state}{printed}"


async def _show(
    settings: Settings, incident_id: str
) -> tuple[Incident | None, list[Notification], list[Signal]]:
    async with existing_index(settings) as index:
        incident = await index.incident(incident_id)
        if incident is None:
            return None, [], []
        until = incident.resolved_at if incident.resolved_at is not None else incident.updated_at
        signals = await index.signals(incident.watch, incident.started_at, until + 1)
        return incident, await index.notifications(incident_id), signals
