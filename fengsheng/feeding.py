"""Run a feed: the source that the arguments name, into a sink, with what it does said on stderr."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from fengsheng.language import say, told
from fengsheng.output import escaped, talk, warn
from fengsheng.reasons import in_both
from streams.feeds.cursor import Tracker
from streams.feeds.discover import discover
from streams.feeds.follow import Follower
from streams.feeds.formats import Reading, Rejected
from streams.feeds.inflight import InFlight
from streams.feeds.run import FeedStats, Source, run_feed
from streams.feeds.sink import Sink
from streams.feeds.stdin import Stdin
from streams.feeds.store import CursorStore

_log = logging.getLogger(__name__)
_SAID_EVERY_S = 10.0
_SHOWN = 5


def source_of(names: Sequence[str], tracker: Tracker, follow: bool) -> Source:
    """Return standard input for ``-``, else a follower of the files and folders; warns of folders without any."""
    if list(names) == ["-"]:
        return Stdin()
    for name in names:
        if (folder := Path(name)).is_dir() and not discover([str(folder.absolute())], {}):
            warn(
                say(
                    f"{name} 里还没有能读的文件（.jsonl、.ndjson、.json，可带 .gz、.xz）；CSV 和数据库不读，"
                    "请在采集器里选 JSON 保存",
                    f"{name} has no file that is read yet (.jsonl, .ndjson, .json, also .gz and .xz); CSV and"
                    " databases are not, let the crawler save JSON",
                )
            )
    return Follower(names, tracker, follow=follow)


class _SayingRejections:
    """Passes everything on and tells the person of the first few unreadable lines."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._shown = 0
        self.send = sink.send
        self.send_author = sink.send_author
        self.flush = sink.flush

    async def reject(self, rejected: Rejected) -> None:
        await self._sink.reject(rejected)
        self._shown += 1
        if self._shown <= _SHOWN:
            talk.print(
                f"[yellow]读不了 unreadable[/] {escaped(rejected.where)}: {escaped(told(in_both(rejected.reason)))}",
                soft_wrap=True,
            )
        if self._shown == _SHOWN:
            talk.print("后面的不再显示 further ones are not shown: fengsheng dead")


async def feed_into(
    source: Source,
    sink: Sink,
    tracker: Tracker,
    store: CursorStore | None,
    limit: InFlight,
    reading: Reading,
    stop: asyncio.Event,
    on_stats: Callable[[FeedStats], None] | None = None,
) -> FeedStats:
    """Feed `sink` from `source` until it ends or `stop` is set; a line of progress every ten seconds."""
    said = 0.0
    before = -1

    def progress(stats: FeedStats) -> None:
        nonlocal said, before
        if on_stats is not None:
            on_stats(stats)
            return
        now = asyncio.get_running_loop().time()
        if now - said >= _SAID_EVERY_S and stats.lines != before:
            said, before = now, stats.lines
            talk.print(
                f"{stats.mentions} 条帖子 mentions, {stats.authors} 条作者资料 profiles, {stats.rejected} 行读不了 rejected,"
                f" {stats.rate:.0f} 行/秒 lines/s, {stats.in_flight} 在途 in flight",
                soft_wrap=True,
            )

    return await run_feed(
        source,
        _SayingRejections(sink),
        tracker,
        limit=limit,
        reading=reading,
        stop=stop,
        store=store,
        on_stats=progress,
    )
