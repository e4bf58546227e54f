"""One feed at work: read, parse, send, within the bound, keeping the cursors."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Protocol

from config.records import Author, Mention
from streams.feeds.cursor import Tracker
from streams.feeds.formats import DEFAULT, Code, HotSnapshot, Reading, Rejected, parse_line
from streams.feeds.inflight import Gate, InFlight
from streams.feeds.lines import MAX_LINE, Line
from streams.feeds.sink import Sink
from streams.feeds.store import CursorsNotSaved, CursorStore

log = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 1.0
_RATE_OVER_S: Final = 10.0


class Source(Protocol):
    """Gives lines (see `streams.feeds.follow.Follower`, `streams.feeds.stdin.Stdin`)."""

    def batches(self, stop: asyncio.Event) -> AsyncGenerator[list[Line | Rejected]]:
        """Give lines as they come, until `stop` is set or the source ends."""


@dataclass(slots=True)
class FeedStats:
    """What a feed has done so far; read it while it runs.

    `rate` is lines a second over the last ten seconds, `in_flight` mentions sent and not
    confirmed, `newest` the newest `created_at` seen (epoch seconds), `last_line_at` when the
    last line came (of the injected clock).
    """

    lines: int = 0
    mentions: int = 0
    authors: int = 0
    rejected: int = 0
    by_code: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    rate: float = 0.0
    newest: float | None = None
    last_line_at: float | None = None
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    def sent(self, mention: Mention) -> None:
        """Count a mention that was sent."""
        self.mentions += 1
        if self.newest is None or mention.created_at > self.newest:
            self.newest = mention.created_at

    def tick(self, now: float, in_flight: int) -> None:
        """Renew `rate` and `in_flight`."""
        self.in_flight = in_flight
        self._marks.append((now, self.lines))
        while len(self._marks) > 2 and self._marks[1][0] <= now - _RATE_OVER_S:
            self._marks.popleft()
        first, lines = self._marks[0]
        self.rate = (self.lines - lines) / (now - first) if now > first else 0.0


async def run_feed(
    source: Source,
    sink: Sink,
    tracker: Tracker,
    *,
    limit: InFlight | None = None,
    reading: Reading = DEFAULT,
    stop: asyncio.Event | None = None,
    store: CursorStore | None = None,
    stats: FeedStats | None = None,
    on_stats: Callable[[FeedStats], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    save_every: float = SAVE_EVERY_S,
) -> FeedStats:
    """Feed `sink` from `source` until the source ends or `stop` is set.

    A source that ends is waited for until all its mentions are confirmed. When stopped,
    the lines in hand are left unread (the cursor stands before them), cursors are saved, and
    what is on its way may still be confirmed by the caller, who then calls `save` again.

    Parameters
    ----------
    source, sink : from where, to where.
    tracker : cursors and what is on its way; somebody has to call `tracker.confirm` with the
        `mention_id` of every mention that is safe, also of those that were dropped as
        malformed or as nobody's, or the feed comes to a halt at `limit`.
    limit : how much may be on its way.
    reading : how lines are read.
    stop : ends the feed gracefully.
    store : keeps the cursors on disk, every `save_every` seconds and at the end.
    stats, on_stats : statistics, and whom to tell when they were renewed.
    clock : monotonic seconds.

    Raises
    ------
    SinkUnavailable
        The sink is broken for good; the cursors say what was safe.
    CursorsNotSaved
        The cursors can't be saved at the end; before it is tried again and again.
    """
    stop = stop or asyncio.Event()
    stats = stats or FeedStats()
    gate = Gate(tracker, limit or InFlight(), stop)
    saver = asyncio.create_task(_keep(tracker, store, stats, on_stats, clock, save_every))
    work = asyncio.create_task(_work(source, sink, tracker, gate, reading, stop, stats, clock))
    try:
        await asyncio.wait({work, saver}, return_when=asyncio.FIRST_COMPLETED)
        if saver.done():
            saver.result()  # raises: a feed that nobody saves must not go on
        await work
    finally:
        gate.close()
        for task in (work, saver):
            task.cancel()
        await asyncio.gather(work, saver, return_exceptions=True)
        await save(tracker, store)
        stats.tick(clock(), tracker.in_flight)
        if on_stats is not None:
            on_stats(stats)
    return stats


async def save(tracker: Tracker, store: CursorStore | None) -> bool:
    """Save the cursors if they moved; return whether they did."""
    changed = tracker.take_changes() if store is not None else None
    if store is None or changed is None:
        return False
    try:
        await asyncio.to_thread(store.save, changed)
    except CursorsNotSaved:
        tracker.give_back_changes()
        raise
    return True


async def _keep(
    tracker: Tracker,
    store: CursorStore | None,
    stats: FeedStats,
    on_stats: Callable[[FeedStats], None] | None,
    clock: Callable[[], float],
    every: float,
) -> None:
    failed = False
    while True:
        await asyncio.sleep(every)
        try:
            await save(tracker, store)
            failed = False
        except CursorsNotSaved as error:
            # The next attempt may find room; till then a restart repeats some lines.
            if not failed:
                log.error("%s", error)
            failed = True
        stats.tick(clock(), tracker.in_flight)
        if on_stats is not None:
            on_stats(stats)


async def _work(
    source: Source,
    sink: Sink,
    tracker: Tracker,
    gate: Gate,
    reading: Reading,
    stop: asyncio.Event,
    stats: FeedStats,
    clock: Callable[[], float],
) -> None:
    async with aclosing(source.batches(stop)) as batches:
        async for batch in batches:
            stats.last_line_at = clock()
            for item in batch:
                if isinstance(item, Rejected):  # of a whole file: it has no place in it
                    await _reject(item, sink, stats)
                    continue
                if not await gate.room():
                    return
                await _line(item, sink, tracker, reading, stats)
    await gate.settled(sink)


async def _line(line: Line, sink: Sink, tracker: Tracker, reading: Reading, stats: FeedStats) -> None:
    stats.lines += 1
    parsed = (
        Rejected(Code.TOO_LONG, f"a line of {line.size} bytes; at most {MAX_LINE} are read")
        if line.too_long
        else parse_line(line.data, line.file, reading)
    )
    if isinstance(parsed, Mention):
        # Before it is sent: a confirmation must never come for something unknown.
        tracker.produced(line.file, line.end, parsed.mention_id, line=line.number, size=line.size)
        await sink.send(parsed)
        stats.sent(parsed)
        return
    if isinstance(parsed, HotSnapshot):
        await _snapshot(line, parsed, sink, tracker, stats)
        return
    if isinstance(parsed, Author):
        await sink.send_author(parsed)
        stats.authors += 1
    elif parsed is not None:
        await _reject(parsed.at(line.file, line.number, line.start, line.data, line.size), sink, stats)
    tracker.produced(line.file, line.end, None, line=line.number, size=line.size)


async def _snapshot(
    line: Line, snapshot: HotSnapshot, sink: Sink, tracker: Tracker, stats: FeedStats
) -> None:
    """Send the entries of one line; the cursor stands before it until the last of them is confirmed."""
    entries = snapshot.entries
    for entry in entries[:-1]:
        tracker.produced(line.file, line.start, entry.mention_id, line=line.number - 1)
    last = entries[-1].mention_id if entries else None
    tracker.produced(line.file, line.end, last, line=line.number, size=line.size)
    for entry in entries:
        await sink.send(entry)
        stats.sent(entry)


async def _reject(rejected: Rejected, sink: Sink, stats: FeedStats) -> None:
    await sink.reject(rejected)
    stats.rejected += 1
    stats.by_code[rejected.code] = stats.by_code.get(rejected.code, 0) + 1
