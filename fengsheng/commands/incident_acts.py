"""``fengsheng incidents ack|resolve|false-alarm``: what people do to one incident."""

from __future__ import annotations

import asyncio
import getpass
import time
from typing import Annotated

import typer

from config.language import Both
from config.records import Act, ActKind, Incident, IncidentState
from config.settings import Settings
from fengsheng.configuration import load_configuration
from fengsheng.indexes import existing_index
from fengsheng.language import say
from fengsheng.options import ConfigOption, DataOption, VerboseOption
from fengsheng.output import escaped, explained, fail, log_to_stderr, talk
from streams.index.base import Failure, Index

_LOOK_EVERY_S = 0.2

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="事件编号 The incident's id (see list).")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="WHO", help="操作人 Who did it (default: the user of this machine)."),
]
WhyOption = Annotated[str, typer.Option("--why", help="原因 The reason, for the audit trail.")]
WaitOption = Annotated[
    float,
    typer.Option("--wait", min=0, help="最多等待几秒确认生效 Most seconds to wait until it is applied."),
]


def ack(
    incident_id: IdArgument,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 10.0,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """确认事件 Acknowledge an incident: nobody else is called for it.

    Example: fengsheng incidents ack qingshan-tea-20261018T032000.000Z --by @lead
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        _do(settings, incident_id, ActKind.ACKNOWLEDGE, by, why, wait)


def resolve(
    incident_id: IdArgument,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 10.0,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """手动结束事件 Close an incident by hand.

    It stays closed until the talk has calmed down, unless it rises above the incident's peak.

    Example: fengsheng incidents resolve qingshan-tea-20261018T032000.000Z --why 已发布说明
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        _do(settings, incident_id, ActKind.RESOLVE, by, why, wait)


def false_alarm(
    incident_id: IdArgument,
    undo: Annotated[bool, typer.Option("--undo", help="撤销标记 Take the mark back.")] = False,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 10.0,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """标记误报 Mark an incident as a false alarm; an open one is closed.

    Its talk is learnt as ordinary, and a backtest counts a page for it as false.

    Example: fengsheng incidents false-alarm qingshan-tea-20261018T032000.000Z --why 抽奖活动
    """
    log_to_stderr(verbose)
    kind = ActKind.NO_FALSE_ALARM if undo else ActKind.FALSE_ALARM
    with explained():
        settings = load_configuration(config).with_data(data).settings
        _do(settings, incident_id, kind, by, why, wait)


def person(by: str | None) -> str:
    """Return who acts: as given, else the user of this machine."""
    if by is not None and not by.strip():
        raise typer.BadParameter(
            say("名字是空的；请写明是谁，如 --by @lead", "an empty name; say who, for instance --by @lead"),
            param_hint="--by",
        )
    try:
        return (by or getpass.getuser()).strip()
    except (OSError, KeyError):
        fail(say("本机说不出您是谁：请用 --by 写明", "this machine does not say who you are: give --by WHO"))


def unknown_incident(incident_id: str) -> Both:
    """Return what to say of an id that no incident of the index has."""
    return Both(
        f"索引里没有事件 {incident_id!r}；fengsheng incidents list 列出现有的（另一个数据目录用 --data 指定）",
        f"no incident {incident_id!r} in the index; 'fengsheng incidents list' shows those there are"
        " (name another data folder with --data)",
    )


def not_kept(failure: Failure) -> Both:
    """Return what to say of what the index refuses."""
    return Both(f"索引存不下它：{failure.reason}", f"the index can't keep this: {failure.reason}")


def _do(settings: Settings, incident_id: str, kind: ActKind, by: str | None, why: str, wait: float) -> None:
    who = person(by)
    asyncio.run(_done(settings, incident_id, kind, who, why, wait))


async def _done(settings: Settings, incident_id: str, kind: ActKind, who: str, why: str, wait: float) -> None:
    async with existing_index(settings) as index:
        incident = await index.incident(incident_id)
        if incident is None:
            fail(unknown_incident(incident_id))
        if needless := _needless(incident, kind, who):
            fail(needless)
        act = Act(
            id=f"{incident.id}:{incident.sequence}:{kind.value}:{who}",
            kind=kind,
            incident_id=incident.id,
            watch=incident.watch,
            by=who,
            at=time.time(),
            why=why,
        )
        if failures := await index.write_acts([act]):
            fail(not_kept(failures[0]))
        if await _applied(index, act, wait):
            talk.print(f"[green]✓[/] 已生效 applied: {kind.value} {escaped(incident.id)} · {escaped(who)}")
        else:
            talk.print(
                f"[yellow]·[/] 已记录 kept: {kind.value} {escaped(incident.id)} · {escaped(who)}；"
                + say(
                    f"{wait:g} 秒内没有工作进程处理它：{escaped(incident.watch)} 的 fengsheng up 或 worker 一运行就会生效",
                    f" no worker took it within {wait:g} s: it is applied as soon as"
                    f" 'fengsheng up' or a worker runs for {escaped(incident.watch)}",
                ),
                soft_wrap=True,
            )


def _needless(incident: Incident, kind: ActKind, who: str) -> str | None:
    """Why there is nothing to do, None where there is."""
    is_over = incident.state is IncidentState.RESOLVED
    if kind in (ActKind.ACKNOWLEDGE, ActKind.RESOLVE) and is_over:
        return say(f"事件已结束：{incident.id}", f"{incident.id} is resolved already")
    if kind is ActKind.ACKNOWLEDGE and incident.acknowledged_by == who:
        return say(f"{who} 已确认过 {incident.id}", f"{incident.id} is acknowledged by {who} already")
    if kind is ActKind.FALSE_ALARM and incident.false_alarm:
        return say(f"已标记为误报：{incident.id}", f"{incident.id} is marked as a false alarm already")
    if kind is ActKind.NO_FALSE_ALARM and not incident.false_alarm:
        return say(f"未被标记为误报：{incident.id}", f"{incident.id} is not marked as a false alarm")
    return None


async def _applied(index: Index, act: Act, wait: float) -> bool:
    """Return whether the act is in the audit trail within `wait` seconds."""
    deadline = time.monotonic() + wait
    while True:
        incident = await index.incident(act.incident_id)
        if incident is not None and any(entry.act == act.id for entry in incident.audit):
            return True
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY_S)
