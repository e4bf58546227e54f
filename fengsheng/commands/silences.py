"""``fengsheng incidents silence|silences|unsilence``: when nobody is to be paged."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from msgspec.structs import replace

from config.language import Both
from config.records import Silence, encode
from config.settings import Settings
from fengsheng.commands.incident_acts import ByOption, not_kept, person, unknown_incident
from fengsheng.configuration import Configuration, load_configuration
from fengsheng.indexes import existing_index
from fengsheng.language import say
from fengsheng.options import ConfigOption, DataOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, explained, fail, log_to_stderr, out, table_of, talk, warn
from fengsheng.page_words import intent_named, level_named
from fengsheng.times import when
from fengsheng.watch_names import check_watches
from streams.index.base import Index

_BEHIND_S = 3_600.0
"""Posts that are older than this when a silence begins are read from the past."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def silence(
    incident_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="只静默这个事件 Only this incident (see list).")
    ] = None,
    watch: Annotated[
        list[str] | None, typer.Option("--watch", help="关注对象 Only this watch; repeatable.")
    ] = None,
    level: Annotated[
        list[str] | None,
        typer.Option("--level", metavar="LEVEL", help="级别 Only this level, Ⅲ级 or III; repeatable."),
    ] = None,
    keyword: Annotated[
        str | None, typer.Option("--keyword", help="证据中的词 Only with this word in the evidence.")
    ] = None,
    intent: Annotated[
        str | None,
        typer.Option("--intent", help="主要意图 Only with this leading intent, 投诉 or complaint."),
    ] = None,
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="多久 How long: 90m, 2h, 3d.")] = "2h",
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="开始时间 '2026-12-01 22:00' (default: now)."),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="原因 The reason.")] = "",
    by: ByOption = None,
    watches: WatchesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """静默 Page nobody for what passes all that is given, for a while.

    Incidents go on, are recorded and end as ever; one that still fires when the silence ends is
    paged then, once. --watch takes what is configured (or described in --watches) and what the index knows.

    Example: fengsheng incidents silence --watch qingshan-tea --level IV --for 2h --why 新品发布
    """
    log_to_stderr(verbose)
    if not (incident_id or watch or level or keyword or intent):
        raise typer.BadParameter(
            say(
                "没有说静默什么：请给出事件编号、--watch、--level、--keyword 或 --intent",
                "nothing to silence: name an incident, --watch, --level, --keyword or --intent",
            )
        )
    with explained():
        configuration = load_configuration(config, watches).with_data(data)
        now = time.time()
        begins = now if start is None else _moment(start, configuration)
        made = Silence(
            id=f"s-{uuid.uuid4().hex[:8]}",
            author=person(by),
            reason=why,
            starts_at=begins,
            ends_at=begins + _seconds(length),
            created_at=now,
            incident_id=incident_id,
            watches=watch or [],
            levels=[level_named(one) for one in level or []],
            keyword=keyword,
            intent=None if intent is None else intent_named(intent),
        )
        newest = asyncio.run(_make(configuration, made))
        zone = configuration.settings.timezone
        talk.print(
            f"[green]✓[/] 静默 {made.id}: {escaped(_matchers(made))} · {when(made.starts_at, zone)} – "
            f"{when(made.ends_at, zone)} · {escaped(made.author)}",
            soft_wrap=True,
        )
        if newest is not None and (doubt := _doubt(made, newest, zone)) is not None:
            warn(doubt)
        print(made.id)


def silences(
    every: Annotated[bool, typer.Option("--all", help="含已结束的 Those that are over too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON 输出 One JSON object a line on stdout.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """列出静默 List the silences that are on or to come.

    Example: fengsheng incidents silences
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        found = asyncio.run(_list(settings, None if every else time.time()))
    if as_json:
        for one in found:
            print(encode(one).decode())
        return
    table = table_of("编号 id!", "匹配 matches", "开始 start", "结束 end", "谁 who", "原因 why")
    for one in found:
        table.add_row(
            one.id,
            escaped(_matchers(one)),
            when(one.starts_at, settings.timezone),
            when(one.ends_at, settings.timezone),
            escaped(one.author),
            escaped(one.reason),
        )
    out.print(table if found else "没有静默 no silences")


def unsilence(
    silence_id: Annotated[str, typer.Argument(metavar="SILENCE", help="静默编号 The silence's id.")],
    by: ByOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """提前结束静默 End a silence now; what still fires is paged.

    Example: fengsheng incidents unsilence s-1a2b3c4d
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        who, now = person(by), time.time()
        known = {one.id: one for one in asyncio.run(_list(settings, now))}
        if silence_id not in known:
            fail(
                say(
                    f"没有正在生效或将要生效的静默 {silence_id!r}；fengsheng incidents silences 列出现有的",
                    f"no silence {silence_id!r} is on or to come; 'fengsheng incidents silences' shows those there are",
                )
            )
        one = known[silence_id]
        note = f"{one.reason}（{who} 提前结束 ended early）"
        asyncio.run(
            _write(settings, replace(one, ends_at=now, starts_at=min(one.starts_at, now), reason=note))
        )
    talk.print(f"[green]✓[/] 已结束 ended: {escaped(silence_id)} · {escaped(who)}")


async def _make(configuration: Configuration, made: Silence) -> float | None:
    """Keep a new silence, if what it names is there; return the newest event time of what it is for.

    Only where an index is: nobody would heed a silence in another.
    """
    async with existing_index(configuration.settings) as index:
        await check_watches(made.watches, configuration.watches.by_id(), index)
        watches = made.watches or list(configuration.watches.by_id())
        if made.incident_id is not None:
            if (incident := await index.incident(made.incident_id)) is None:
                fail(unknown_incident(made.incident_id))
            watches = [incident.watch]
        await _keep(index, made)
        signals = [await index.last_signal(watch) for watch in watches]
        return max((signal.at for signal in signals if signal is not None), default=None)


async def _write(settings: Settings, made: Silence) -> None:
    async with existing_index(settings) as index:
        await _keep(index, made)


async def _keep(index: Index, made: Silence) -> None:
    if failures := await index.write_silences([made]):
        fail(not_kept(failures[0]))


async def _list(settings: Settings, since: float | None) -> list[Silence]:
    async with existing_index(settings) as index:
        return await index.silences(since)


def _doubt(made: Silence, newest: float, zone: str) -> Both | None:
    """Why a silence may not do what is meant: its times are those of the posts, which may be old ones."""
    reached = when(newest, zone)
    if made.ends_at <= newest:
        return Both(
            f"帖子时间已到 {reached}，这段静默已经过去，不会起作用",
            f"the posts have reached {reached}: this silence is over and mutes nothing",
        )
    if made.starts_at > newest + _BEHIND_S:
        return Both(
            f"静默按帖子的时间计，而帖子时间才到 {reached}（在读旧数据？）：到 {when(made.starts_at, zone)} 才生效；"
            f"要从现在的帖子起静默，请加 --from '{reached}'",
            f"silences go by the time of the posts, which have only reached {reached} (are old ones being read?):"
            f" it begins at {when(made.starts_at, zone)}; to begin with the present posts add --from '{reached}'",
        )
    return None


def _seconds(length: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", length.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= 366 * _UNITS["d"]:
        raise typer.BadParameter(
            say(
                f"{length!r}：请给出时长，如 90m、2h、3d，最长 366d",
                f"{length!r}; give a time up to 366d, as 90m, 2h or 3d",
            ),
            param_hint="--for",
        )
    return seconds


def _moment(written: str, configuration: Configuration) -> float:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            say(
                f"{written!r}：请给出时间，如 '2026-12-01 22:00'",
                f"{written!r}; give a time as '2026-12-01 22:00'",
            ),
            param_hint="--from",
        ) from None
    zone = ZoneInfo(configuration.settings.timezone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _matchers(one: Silence) -> str:
    """What a silence covers, in words."""
    parts = {
        "事件 incident": one.incident_id or "",
        "对象 watch": ", ".join(one.watches),
        "级别 level": ", ".join(one.levels),
        "词 keyword": one.keyword or "",
        "意图 intent": one.intent or "",
    }
    return " · ".join(f"{name} {value}" for name, value in parts.items() if value)
