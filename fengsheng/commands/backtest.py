"""``fengsheng backtest``: what the rules would have done on history."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from alerting.backtest import Backtest, WatchReport
from alerting.judging import Crisis
from config.records import ScoredMention
from fengsheng.backtesting import false_alarms_in_index, run_backtest, scored_from_files, scored_from_index
from fengsheng.configuration import Configuration, load_configuration
from fengsheng.judging import judge_all, judgement_object
from fengsheng.language import say
from fengsheng.loading_models import load_classifier
from fengsheng.options import (
    ConfigOption,
    DataOption,
    FormatOption,
    PlatformOption,
    VerboseOption,
    WatchesOption,
)
from fengsheng.output import escaped, explained, fail, log_to_stderr, out, talk, warn
from fengsheng.reading import fail_for_nothing, read_sorted
from fengsheng.reporting import as_object
from fengsheng.sources import EXAMPLE_WATCHES
from fengsheng.sweeps import parse_sweep, swept_rules
from fengsheng.tables import incidents_table, judgement_table, remarks, sweep_table
from fengsheng.times import epoch_of
from fengsheng.truth import load_truth
from fengsheng.writing import make_folder, write_whole


def backtest(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="历史数据 Files or folders of posts.")
    ] = None,
    watches: WatchesOption = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="规则文件 A rules file in place of the folder's."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth", metavar="FILE", help="已知的危机 Known crises, to be judged by (truth.yaml)."
        ),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option("--sweep", metavar="FIELD=A,B,…", help="逐个试值 Try several values of one rule field."),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option("--png", metavar="DIR", help="画出时间线 Write a timeline of each watch as PNG."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON 输出 One JSON object on stdout.")] = False,
    index: Annotated[
        bool, typer.Option("--index", help="用索引里的数据 Use what the index holds instead of files.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="从何时起 With --index: from this moment.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="到何时止 With --index: before this moment.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="模型 A local directory or hub name.")] = None,
    form: FormatOption = "auto",
    platform: PlatformOption = "weibo",
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """在历史数据上试规则 Try watches and rules on history: what would have been paged, and when.

    The posts are sorted by time, classified, and run through the very same detectors at full speed.
    Two rules that people use today are run beside them: a 20-minute count and a spike ratio. With known
    crises it says what was found, missed and paged for nothing; with --sweep, for each value of a field.

    Example: fengsheng backtest posts.jsonl.xz --watches config/watches.yaml --sweep z=3,4,5
    """
    if bool(files) == index:
        raise typer.BadParameter(
            say(
                "给出帖子文件，或写 --index：二者取其一",
                "give files of posts, or --index, not both and not neither",
            )
        )
    if (since or until) and not index:
        raise typer.BadParameter(
            say("--since 与 --until 只和 --index 一起用", "--since and --until go with --index")
        )
    trial = parse_sweep(sweep) if sweep is not None else None
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config, watches, rules).with_data(data)
        settings = configuration.settings
        if configuration.example:
            warn(EXAMPLE_WATCHES)
        ids = [watch.id for watch in configuration.watches.watches]
        known = load_truth(truth, ids, settings.timezone) if truth is not None else None
        trials = swept_rules(configuration, *trial) if trial is not None else {}
        if png is not None:
            make_folder(png)
        if index:
            span = (
                _moment(since, 0.0, "--since", settings.timezone),
                _moment(until, float("inf"), "--until", settings.timezone),
            )
            scored = scored_from_index(settings, configuration.watches.watches, *span)
            if not scored:
                fail("索引中没有符合的帖子 the index holds no posts of these watches in that time")
            marks = false_alarms_in_index(settings, configuration.watches.watches)
        else:
            marks = {}
            scored = _scored(configuration, files or [], form, platform, model)
        rule_sets = configuration.rules.rules
        run = run_backtest(
            configuration.watches.watches,
            rule_sets,
            scored,
            timelines=png is not None,
            muting=configuration.muting,
            false_alarms=marks,
        )
        report = run.report()
        if png is not None:
            _draw(png, run, report, settings.timezone)
        swept = {
            value: run_backtest(
                configuration.watches.watches,
                changed,
                scored,
                muting=configuration.muting,
                false_alarms=marks,
                what=f"{trial[0] if trial else ''}={value:g}",
            ).report()
            for value, changed in trials.items()
        }
    if as_json:
        print(json.dumps(_object(report, known, trial[0] if trial else "", swept), ensure_ascii=False))
        return
    out.print(incidents_table(configuration, report))
    for remark in remarks(configuration, report):
        out.print(escaped(remark), soft_wrap=True)
    if known is not None:
        out.print(judgement_table(configuration, judge_all(report, known)))
    if trial is not None:
        out.print(sweep_table(trial[0], swept, known))


def _scored(
    configuration: Configuration, files: list[Path], form: str, platform: str, model: str | None
) -> list[ScoredMention]:
    settings = configuration.settings
    dump = read_sorted(files, form, platform, settings.pipeline, time.time())
    if not dump.mentions:
        fail_for_nothing(dump.rejected)
    talk.print(f"{len(dump.mentions)} 条 posts")
    classifier = load_classifier(settings, model)
    return scored_from_files(configuration, dump.mentions, dump.authors, classifier, model or settings.model)


def _moment(written: str | None, default: float, option: str, timezone: str) -> float:
    if written is None:
        return default
    try:
        return epoch_of(written, timezone)
    except ValueError:
        fail(
            say(
                f"{option} {written!r} 不是时间；请写成 2024-03-16 11:20，或纪元秒",
                f"{option} {written!r} is no moment; write it as 2024-03-16 11:20, or in epoch seconds",
            )
        )


def _draw(png: Path, run: Backtest, report: dict[str, WatchReport], timezone: str) -> None:
    # Here, since no other command should wait for NumPy.
    from fengsheng.timeline import timeline_png

    for watch, found in report.items():
        if moments := run.timeline(watch):
            path = png / f"{watch}.png"
            write_whole(path, timeline_png(watch, moments, found.incidents, timezone))
            talk.print(f"时间线 timeline: {path}", soft_wrap=True)


def _object(
    report: dict[str, WatchReport],
    known: dict[str, list[Crisis]] | None,
    field: str,
    swept: dict[float, dict[str, WatchReport]],
) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if known is not None:
        more["judgement"] = judgement_object(judge_all(report, known))
    if swept:
        more["sweep"] = [
            {"field": field, "value": value, **_object(found, known, "", {})}
            for value, found in swept.items()
        ]
    return as_object(report, **more)
