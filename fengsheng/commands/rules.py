"""``fengsheng rules``: what the rules say in words, and what they would have made of past signals."""

from __future__ import annotations

import asyncio
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from alerting.trying import Trial, try_on
from alerting.wording import asked_of, level_name
from config.records import Level
from config.rules import LevelRule, Rules
from config.settings import Settings
from config.watches import Watch
from fengsheng.configuration import Configuration, load_configuration
from fengsheng.indexes import NoIndexYet, existing_index
from fengsheng.language import say, told
from fengsheng.options import ConfigOption, DataOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, explained, fail, log_to_stderr, out, table_of, talk
from fengsheng.times import epoch_of, when
from fengsheng.watch_names import unknown_watch
from streams.index.base import Index

app = typer.Typer(
    no_args_is_help=True,
    help="解释与试用规则 Explain rules and try them on past signals.\n\nExample: fengsheng rules check",
)

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0}
_DEFAULT_SINCE = "7d"


class Language(StrEnum):
    """Language of the explanations."""

    ZH = "zh"
    EN = "en"


@app.command()
def check(
    rules_file: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="规则文件 A rules file in place of the folder's."),
    ] = None,
    watch: Annotated[
        str | None, typer.Option("--watch", metavar="ID", help="关注对象 Only this watch.")
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="WHEN",
            help="从何时起 Try signals from here: 7d, 12h, 90m before the newest, or a moment such as 2026-11-01.",
        ),
    ] = _DEFAULT_SINCE,
    language: Annotated[
        Language | None,
        typer.Option("--language", help="语言 zh or en (default: language in settings.yaml)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON 输出 One JSON object on stdout.")] = False,
    data: DataOption = None,
    watches: WatchesOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """解释规则，并在已有信号上试 Explain each rule in words and show where it would have fired on past signals.

    The index is only read. Without one (or before the first run) the rules are explained and nothing is tried.
    What depends on the posts themselves (window, author_cap) needs 'fengsheng backtest'.

    Example: fengsheng rules check --rules my-rules.yaml --watch qingshan-tea --since 30d
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config, watches, rules_file).with_data(data)
        settings = configuration.settings
        span = _since(since, settings.timezone)
        chosen = _chosen(configuration, watch)
        english = (language or settings.language) == "en"
        try:
            trials = asyncio.run(_tried(configuration, chosen, span, english))
        except NoIndexYet as error:
            talk.print(
                f"[yellow]没有可试的信号 nothing to try the rules on[/]: {escaped(told(error))}",
                soft_wrap=True,
            )
            trials = {}
    if as_json:
        body = {w.id: _as_json(w, configuration.rules_of(w), trials.get(w.id), english) for w in chosen}
        print(json.dumps({"watches": body}, ensure_ascii=False))
        return
    for one in chosen:
        _print(one, configuration.rules_of(one), trials.get(one.id), settings, english)


def _since(written: str, timezone: str) -> tuple[float | None, float]:
    """Return an absolute start, or None and the seconds before the newest signal."""
    relative = re.fullmatch(r"(\d+(?:\.\d+)?)([dhm])", written.strip())
    if relative:
        return None, float(relative[1]) * _UNITS[relative[2]]
    try:
        return epoch_of(written, timezone), 0.0
    except ValueError:
        message = say(
            f"{written!r}：应为 7d、12h、90m，或时间，如 2026-11-01 或 '2026-11-01 08:30'",
            f"{written!r}: expected 7d, 12h, 90m, or a moment such as 2026-11-01 or '2026-11-01 08:30'",
        )
        raise typer.BadParameter(message, param_hint="--since") from None


def _chosen(configuration: Configuration, watch: str | None) -> list[Watch]:
    known = configuration.watches.by_id()
    if watch is None:
        return list(known.values())
    if watch not in known:
        fail(unknown_watch(watch, known))
    return [known[watch]]


async def _tried(
    configuration: Configuration, watches: list[Watch], span: tuple[float | None, float], english: bool
) -> dict[str, Trial]:
    async with existing_index(configuration.settings) as index:
        return {w.id: await _try(index, w, configuration.rules_of(w), span, english) for w in watches}


async def _try(
    index: Index, watch: Watch, rules: Rules, span: tuple[float | None, float], english: bool
) -> Trial:
    newest = await index.last_signal(watch.id)
    if newest is None:
        return try_on(rules, [])
    start = newest.at - span[1] if span[0] is None else span[0]
    return try_on(rules, await index.signals(watch.id, start, newest.at + 1), english=english)


def _as_json(watch: Watch, rules: Rules, trial: Trial | None, english: bool) -> dict[str, Any]:
    firings = [] if trial is None else trial.firings
    return {
        "rules": watch.rules,
        "overridden": bool(watch.override),
        "levels": {
            level.value: {
                "when": str(rule.condition),
                "hold": rule.hold,
                "words": asked_of(rule, english=english),
            }
            for level, rule in _by_rank(rules)
        },
        "signals": None if trial is None else trial.signals,
        "outdated": 0 if trial is None else trial.outdated,
        "firings": [
            {
                "level": f.level.value,
                "started_at": f.started_at,
                "ended_at": f.ended_at,
                "told": f.told,
                "incidents": list(f.incidents),
                "reason": f.reason,
            }
            for f in firings
        ],
    }


def _by_rank(rules: Rules) -> list[tuple[Level, LevelRule]]:
    return sorted(rules.levels.items(), key=lambda item: item[0].rank)


def _print(watch: Watch, rules: Rules, trial: Trial | None, settings: Settings, english: bool) -> None:
    own = ("; its own values in place" if english else "，有自己的数") if watch.override else ""
    which = f"rules {watch.rules}{own}" if english else f"规则 {watch.rules}{own}"
    out.print(f"[bold]{escaped(watch.name)}[/] {watch.id} · {escaped(which)}", soft_wrap=True)
    for level, rule in _by_rank(rules):
        told = escaped(asked_of(rule, english=english))
        colon = ": " if english else "："
        out.print(f"  [bold]{level_name(level, english=english)}[/]{colon}{told}", soft_wrap=True)
    if trial is not None:
        _print_trial(trial, rules, settings.timezone, english)
    out.print()


def _print_trial(trial: Trial, rules: Rules, zone: str, english: bool) -> None:
    if english:
        summary = (
            f"{trial.signals} signals: {trial.nearly} meet a level, {len(trial.firings)} times long enough"
        )
    else:
        summary = f"{trial.signals} 个信号：{trial.nearly} 个达到某级，其中 {len(trial.firings)} 次持续够久"
    out.print(f"  {summary}", soft_wrap=True)
    for count, text in _doubts(trial, rules, english):
        if count:
            talk.print(f"  [yellow]{escaped(text)}[/]", soft_wrap=True)
    if not trial.firings:
        return
    names = ("level!", "from!", "to!", "told then", "reason") if english else (
        "级别!", "从!", "到!", "当时通知", "原因"
    )  # fmt: skip
    table = table_of(*names)
    for firing in trial.firings:
        told = level_name(firing.told, english=english) if firing.told else "—"
        table.add_row(
            level_name(firing.level, english=english),
            when(firing.started_at, zone),
            when(firing.ended_at, zone),
            escaped(" ".join([told, *firing.incidents])),
            escaped(firing.reason),
        )
    out.print(table)


def _doubts(trial: Trial, rules: Rules, english: bool) -> list[tuple[int, str]]:
    if english:
        return [
            (trial.outdated, f"{trial.outdated} signals were stored by an older version, without the counts of the"
             " evidence window: they meet no level here"),
            (trial.other_window, f"{trial.other_window} signals were measured with another window than"
             f" {rules.window:g} s: use 'fengsheng backtest' to try a window"),
        ]  # fmt: skip
    return [
        (trial.outdated, f"{trial.outdated} 个信号由旧版本存入，没有证据窗口的计数，此处一律算未达到"),
        (trial.other_window, f"{trial.other_window} 个信号不是按 {rules.window:g} 秒的短窗口测的：换窗口请用"
         " fengsheng backtest 试"),
    ]  # fmt: skip
