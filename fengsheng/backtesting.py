"""What a backtest is run on: scored mentions, from files that are classified now or from the index."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from rich.progress import Progress

from alerting.backtest import Backtest
from alerting.false_alarms import Span, false_alarm_spans
from config.muting import MutingRules
from config.records import Author, Incident, Match, Mention, ScoredMention
from config.rules import Rules
from config.settings import Settings
from config.watches import Watch
from fengsheng.configuration import Configuration, pseudonym_key
from fengsheng.enrichers import make_enricher
from fengsheng.indexes import existing_index
from fengsheng.output import talk
from models.serving import Classifier
from streams.enriching import Enricher, whole_text
from streams.masking import Pseudonymiser, mask
from streams.matching import Matcher
from streams.threads import ThreadMemory

_TOGETHER = 512
_ALL_INCIDENTS = 10_000
"""More than a watch has in years; Elasticsearch gives no more at once."""


def matched(mentions: Sequence[Mention], matcher: Matcher) -> dict[str, tuple[Match, ...]]:
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


def scored_from_files(
    configuration: Configuration,
    mentions: Sequence[Mention],
    authors: Sequence[Author],
    classifier: Classifier,
    model: str,
) -> list[ScoredMention]:
    """Return the scored form of those mentions that belong to a watch, in order; shows progress."""
    settings = configuration.settings
    pseudonyms = Pseudonymiser(
        pseudonym_key(settings, embedded=True, keep=False), settings.privacy.keep_organisation_names
    )
    enricher = make_enricher(configuration, classifier, pseudonyms, model)
    known = {p.id: p for a in authors for p in [pseudonyms.author(a, a.platform)]}
    return asyncio.run(_score(mentions, known, enricher))


async def _score(
    mentions: Sequence[Mention], authors: dict[str, Author], enricher: Enricher
) -> list[ScoredMention]:
    watches = matched(mentions, enricher.matcher)
    mine = [mention for mention in mentions if mention.mention_id in watches]
    scored: list[ScoredMention] = []
    with Progress(console=talk, transient=True) as progress:
        task = progress.add_task("读取情绪 reading emotions", total=len(mine))
        for start in range(0, len(mine), _TOGETHER):
            chunk = mine[start : start + _TOGETHER]
            rows = await enricher.enrich(chunk, authors, time.time())
            scored.extend(replace(row, matches=list(watches[row.mention_id])) for row in rows)
            progress.advance(task, len(chunk))
    return scored


def scored_from_index(
    settings: Settings, watches: Sequence[Watch], since: float, until: float
) -> list[ScoredMention]:
    """Return the mentions that the index holds of the watches, as they were scored then, in order of time.

    Raises
    ------
    IndexUnavailable
        The index can't be read.
    """

    async def read() -> list[ScoredMention]:
        async with existing_index(settings) as index:
            return [
                replace(mention, watch=watch.id)
                for watch in watches
                async for mention in index.recent(watch.id, since, until)
            ]

    return sorted(asyncio.run(read()), key=lambda mention: (mention.created_at, mention.mention_id))


def false_alarms_in_index(settings: Settings, watches: Sequence[Watch]) -> dict[str, list[Span]]:
    """Return the spans that people marked as false alarms, by watch.

    Raises
    ------
    IndexUnavailable
        The index can't be read.
    """

    async def read() -> list[Incident]:
        async with existing_index(settings) as index:
            return [
                incident
                for watch in watches
                for incident in await index.incidents(watch=watch.id, limit=_ALL_INCIDENTS)
            ]

    return false_alarm_spans(asyncio.run(read()))


def run_backtest(
    watches: Sequence[Watch],
    rules: dict[str, Rules],
    mentions: Sequence[ScoredMention],
    *,
    timelines: bool = False,
    muting: MutingRules | None = None,
    false_alarms: Mapping[str, Sequence[Span]] | None = None,
    what: str = "判断 judging",
) -> Backtest:
    """Drive the detectors over the mentions, muted as live ones are; shows progress."""
    run = Backtest(watches, rules, timelines=timelines, muting=muting, false_alarms=false_alarms)
    with Progress(console=talk, transient=True) as progress:
        task = progress.add_task(what, total=len(mentions))
        for start in range(0, len(mentions), _TOGETHER):
            for mention in mentions[start : start + _TOGETHER]:
                run.observe(mention)
            progress.advance(task, _TOGETHER)
    return run
