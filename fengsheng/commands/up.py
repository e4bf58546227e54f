"""``fengsheng up``: the whole system on a laptop, on the user's own config and feeds."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.embedded import LIMIT, embedded
from fengsheng.feeding import feed_into, source_of
from fengsheng.indexes import open_index
from fengsheng.language import say, told
from fengsheng.loading_models import load_classifier
from fengsheng.options import (
    ConfigOption,
    DataOption,
    FormatOption,
    PlatformOption,
    VerboseOption,
    WatchesOption,
)
from fengsheng.output import escaped, explained, fail, log_to_stderr, talk
from fengsheng.reading import check_there, checked_format
from fengsheng.running import end_if_interrupted, first_of, run
from fengsheng.sources import tell_sources
from fengsheng.telling import make_delivery
from models.serving import Classifier
from streams.feeds.cursor import Tracker
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Reading
from streams.feeds.run import save
from streams.feeds.store import CursorsBusy, CursorsNotSaved, CursorStore
from streams.index.base import IndexLost
from streams.masking import Pseudonymiser


def up(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="文件、目录或 - Files, folders, or - for stdin.")
    ],
    once: Annotated[bool, typer.Option("--once", help="读完即止 Stop at the end of the files.")] = False,
    form: FormatOption = "auto",
    platform: PlatformOption = "weibo",
    watches: WatchesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """在本机运行全部 Run the whole system here, without servers, on your own feeds.

    Follows the files as they grow. Everything is kept in the data folder; stop with Ctrl-C and start
    again: reading goes on where it was.

    Example: fengsheng up ~/MediaCrawler/data --watches my-watches.yaml
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config, watches).with_data(data)
        reading = Reading(checked_format(form), platform)
        tell_sources(configuration)
        if once:
            check_there(sources)
        settings = configuration.settings
        pseudonyms = Pseudonymiser(
            pseudonym_key(settings, embedded=True), settings.privacy.keep_organisation_names
        )
        classifier = load_classifier(settings)
        signals: list[int] = []
        try:
            error = run(
                lambda stop: _up(configuration, classifier, pseudonyms, sources, once, reading, stop),
                signals.append,
            )
        except (SourceMissing, CursorsBusy, CursorsNotSaved) as problem:
            fail(problem)
        if isinstance(error, IndexLost):
            raise error
    if error is not None:
        what = f"{type(error).__name__}: {told(error)}"
        fail(
            say(
                f"无法继续（{what}）；手中的一批下次启动时会重读",
                f"the worker can't go on ({what}); what was in hand will be read again",
            )
        )
    if once:
        # Without it a signal is the way to end, and no part is taken for the whole.
        end_if_interrupted(signals)


async def _up(
    configuration: Configuration,
    classifier: Classifier,
    pseudonyms: Pseudonymiser,
    sources: list[str],
    once: bool,
    reading: Reading,
    stop: asyncio.Event,
) -> BaseException | None:
    settings = configuration.settings
    index = open_index(settings)
    with CursorStore(settings.data / "feed-cursors.json") as store:
        await index.open()
        try:
            await index.setup()
            tracker = Tracker(store.load())
            delivery = make_delivery(configuration, index)
            async with embedded(
                configuration, index, classifier, delivery.deliver, pseudonyms, time.time, tracker
            ) as system:
                failed = system.pipeline.worker.failed
                assert failed is not None
                names = "、".join(escaped(watch.name) for watch in configuration.watches.watches)
                talk.print(f"正在监测 watching: {names}（Ctrl-C 停止 stops）", soft_wrap=True)
                feeding = feed_into(
                    source_of(sources, tracker, follow=not once),
                    system.sink,
                    tracker,
                    store,
                    LIMIT,
                    reading,
                    stop,
                )
                await first_of(feeding, asyncio.shield(failed))
                if failed.done():
                    return failed.result()
                if not stop.is_set():
                    await first_of(system.drained(), stop.wait())
            # Asked first: the cursors shall not move past what went with an index that was deleted.
            counts = await index.counts()
            # The batches in hand were finished by the stop: their cursors may move.
            await save(tracker, store)
            talk.print(
                f"索引 index: {counts['mentions']} 条帖子 mentions, {counts['incidents']} 个事件 incidents, "
                f"{counts['dead']} 死信 dead letters · {escaped(str(settings.data))}"
            )
            return None
        except CursorsNotSaved:
            # Where the whole data folder went, the index says so.
            await index.counts()
            raise
        finally:
            await index.close()
