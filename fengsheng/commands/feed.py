"""``fengsheng feed``: posts from files, folders or stdin into Kafka."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.feeding import feed_into, source_of
from fengsheng.kafka_sinks import kafka_sink
from fengsheng.options import ConfigOption, FormatOption, PlatformOption, VerboseOption
from fengsheng.output import explained, fail, log_to_stderr, talk
from fengsheng.reading import checked_format
from fengsheng.running import run
from streams.feeds.cursor import Tracker
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Reading
from streams.feeds.inflight import InFlight
from streams.feeds.private import PrivateSink
from streams.feeds.run import FeedStats
from streams.feeds.sink import SinkUnavailable
from streams.feeds.store import CursorsBusy, CursorsNotSaved, CursorStore
from streams.masking import Pseudonymiser


def feed(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="文件、目录或 - Files, folders, or - for stdin.")
    ],
    once: Annotated[bool, typer.Option("--once", help="读完即止 Stop at the end of the files.")] = False,
    form: FormatOption = "auto",
    platform: PlatformOption = "weibo",
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """把帖子送入 Kafka Follow files and folders as they grow, and feed their posts into Kafka.

    Where each file has been read to is kept in settings.data, and moves only once Kafka has the posts:
    a restart goes on where it was.

    Example: fengsheng feed ~/MediaCrawler/data --format auto
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config)
        reading = Reading(checked_format(form), platform)
        key = pseudonym_key(configuration.settings, embedded=False)
        pseudonyms = Pseudonymiser(key, configuration.settings.privacy.keep_organisation_names)
        try:
            stats = run(lambda stop: _feed(configuration, sources, once, reading, pseudonyms, stop))
        except (SinkUnavailable, SourceMissing, CursorsBusy, CursorsNotSaved) as error:
            fail(error)
    talk.print(
        f"{stats.mentions} 条帖子 mentions, {stats.authors} 条作者资料 profiles, {stats.rejected} 行读不了 rejected"
    )


async def _feed(
    configuration: Configuration,
    sources: list[str],
    once: bool,
    reading: Reading,
    pseudonyms: Pseudonymiser,
    stop: asyncio.Event,
) -> FeedStats:
    settings = configuration.settings
    with CursorStore(Path(settings.data) / "feed-cursors.json") as store:
        tracker = Tracker(store.load())
        async with kafka_sink(settings.kafka, tracker) as sink:
            private = PrivateSink(sink, pseudonyms)
            source = source_of(sources, tracker, follow=not once)
            limit = InFlight(count=5_000, size=5_000_000)
            return await feed_into(source, private, tracker, store, limit, reading, stop)
