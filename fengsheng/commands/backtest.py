"""``fengsheng backtest``: what the rules would have done on history."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from alerting.backtest import WatchReport
from alerting.backtest import backtest as run_backtest
from config.records import Author, Match, Mention, ScoredMention, encode
from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.enrichers import make_enricher
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, FormatOption, PlatformOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, explained, log_to_stderr, out, table_of, talk
from fengsheng.reading import acceptable, read_sorted
from fengsheng.times import when
from models.serving import Classifier
from streams.enriching import Enricher, whole_text
from streams.masking import Pseudonymiser, mask
from streams.matching import Matcher
from streams.threads import ThreadMemory

_TOGETHER = 512


def matched(mentions: list[Mention], matcher: Matcher) -> dict[str, tuple[Match, ...]]:
    """Return the watches of each mention that has any, inherited ones included, by mention id."""
    threads = ThreadMemory(most_threads=len(mentions) + 1, most_members=len(mentions) + 1)
    found: dict[str, tuple[Match, ...]] = {}
    for mention in mentions:
        platform = mention.platform
        parent = mention.parent_id or (mention.root_id if mention.root_id != mention.id else None)
        joined = threads.join(
            mention.thread_id,
            mention.mention_id,
            f"{platform}:{parent}" if parent else None,
            matcher.match(mask(whole_text(mention))),
        )
        found[mention.mention_id] = joined.matches
        found |= joined.adopted
    return {mention_id: matches for mention_id, matches in found.items() if matches}


def score(
    mentions: list[Mention], authors: dict[str, Author], enricher: Enricher, matcher: Matcher
) -> list[ScoredMention]:
    """Return the scored form of those mentions that belong to a watch, in order; shows progress."""
    watches = matched(mentions, matcher)
    mine = [mention for mention in mentions if mention.mention_id in watches]
    scored: list[ScoredMention] = []

    async def enrich() -> None:
        with Progress(console=talk, transient=True) as progress:
            task = progress.add_task("读取情绪 reading emotions", total=len(mine))
            for start in range(0, len(mine), _TOGETHER):
                chunk = mine[start : start + _TOGETHER]
                rows = await enricher.enrich(chunk, authors, time.time())
                scored.extend(
                    msgspec.structs.replace(row, matches=list(watches[row.mention_id])) for row in rows
                )
                progress.advance(task, len(chunk))

    asyncio.run(enrich())
    return scored


def backtest(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="历史数据 Files or folders of posts.")
    ],
    watches: WatchesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    model: Annotated[str | None, typer.Option("--model", help="模型 A local directory or hub name.")] = None,
    form: FormatOption = "auto",
    platform: PlatformOption = "weibo",
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """在历史数据上试规则 Try watches and rules on history: what would have been paged, and when.

    The posts are sorted by time, classified, and run through the very same detectors at full speed.

    Example: fengsheng backtest posts.jsonl.xz --watches config/watches.yaml --json
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config, watches)
        mentions, authors = read_sorted(files, form, platform)
        mentions = acceptable(mentions, configuration.settings.pipeline, time.time())
        talk.print(f"{len(mentions)} 条 posts")
        name = model or configuration.settings.model
        classifier = load_classifier(configuration.settings, name)
        report = _report(configuration, mentions, authors, classifier, name)
    if as_json:
        body = {watch: json.loads(encode(found)) for watch, found in report.items()}
        print(json.dumps({"watches": body}, ensure_ascii=False))
        return
    out.print(_table(configuration, report))


def _report(
    configuration: Configuration,
    mentions: list[Mention],
    authors: list[Author],
    classifier: Classifier,
    model: str,
) -> dict[str, WatchReport]:
    settings = configuration.settings
    pseudonyms = Pseudonymiser(
        pseudonym_key(settings, embedded=True), settings.privacy.keep_organisation_names
    )
    enricher = make_enricher(configuration, classifier, pseudonyms, model)
    known = {p.id: p for a in authors for p in [pseudonyms.author(a, a.platform)]}
    scored = score(mentions, known, enricher, enricher.matcher)
    return run_backtest(configuration.watches.watches, configuration.rules.rules, scored)


def _table(configuration: Configuration, report: dict[str, WatchReport]) -> Table:
    table = table_of(
        "对象 watch",
        "帖子 posts",
        "天 days",
        "级别 level",
        "开始 started!",
        "发现 detected!",
        "结束 resolved",
        "通知 pages",
    )
    zone = configuration.settings.timezone
    names = {watch.id: watch.name for watch in configuration.watches.watches}
    for watch, found in report.items():
        head = (escaped(f"{names[watch]} {watch}"), str(found.posts), f"{found.days:.1f}")
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
            )
            head = ("", "", "")
    return table
