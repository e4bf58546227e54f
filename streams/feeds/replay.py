"""A dump put in order of time, and fed at the pace of its own clock or as fast as it is taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path

from config.language import Both
from config.records import Author, Mention
from streams.decoding import Rejection
from streams.feeds.cursor import Position, Tracker
from streams.feeds.discover import discover
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Code, Format, HotSnapshot, Reading, Refused, Rejected, parse_line
from streams.feeds.inflight import Gate, InFlight
from streams.feeds.sink import Sink
from streams.feeds.tail import Tail

REPLAY = "replay"

Check = Callable[[Mention], Rejection | None]


def load_sorted(
    paths: Iterable[str | Path],
    format: Format | str = Format.AUTO,  # noqa: A002 - the name of the option
    platform: str = "weibo",
    *,
    feed: str | None = None,
    on_author: Callable[[Author], None] | None = None,
    on_rejected: Callable[[Rejected], None] | None = None,
    check: Check | None = None,
) -> list[Mention]:
    """Return the mentions of files and folders in order of `created_at`.

    Mentions of the same moment keep the order of their files. All of them are held in memory:
    see docs/feeds.md for the measured bytes a mention.

    Parameters
    ----------
    paths : files and folders.
    format, platform, feed : how lines are read (see `Reading`).
    on_author, on_rejected : told of profiles, and of lines that could not be read or are refused.
    check : says why a mention is refused (see `Refused`), None if it is not.

    Raises
    ------
    SourceMissing
        A path is not there.
    """
    reading = Reading(Format(format), platform, feed)
    mentions = []
    for parsed in _read_all(paths, reading, check):
        if isinstance(parsed, Mention):
            mentions.append(parsed)
        elif isinstance(parsed, Author):
            if on_author is not None:
                on_author(parsed)
        elif on_rejected is not None:
            on_rejected(parsed)
    mentions.sort(key=lambda mention: mention.created_at)
    return mentions


def _read_all(
    paths: Iterable[str | Path], reading: Reading, check: Check | None
) -> Iterator[Mention | Author | Rejected]:
    for source in paths:
        absolute = str(Path(source).absolute())
        if not Path(absolute).exists():
            raise SourceMissing(Both(f"没有这个文件或目录：{source}", f"no such file or folder: {source}"))
        for path in discover([absolute], {}):
            yield from _read(path, reading, check)


def _read(path: str, reading: Reading, check: Check | None) -> Iterator[Mention | Author | Rejected]:
    tail = Tail(path, Position(), final=True)
    at_end = False
    try:
        while not at_end:
            try:
                items, at_end = tail.read()
            except OSError as error:
                yield Rejected(Code.UNREADABLE, f"can't be read: {error.strerror or error}", path)
                return
            for item in items:
                if isinstance(item, Rejected):
                    yield item
                    continue
                parsed = (
                    Rejected(Code.TOO_LONG, f"a line of {item.size} bytes")
                    if item.too_long
                    else parse_line(item.data, path, reading)
                )
                for one in parsed.entries if isinstance(parsed, HotSnapshot) else (parsed,):
                    found = _refused(one, check) or one
                    if isinstance(found, Rejected):
                        found = found.at(path, item.number, item.start, item.data, item.size)
                    if found is not None:
                        yield found
    finally:
        tail.close()


def _refused(found: Mention | Author | Rejected | None, check: Check | None) -> Refused | None:
    if check is None or not isinstance(found, Mention) or (why := check(found)) is None:
        return None
    return Refused(why.code, why.reason)


async def replay(
    mentions: Sequence[Mention],
    sink: Sink,
    *,
    speed: float | None = None,
    tracker: Tracker | None = None,
    limit: InFlight | None = None,
    stop: asyncio.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    on_sent: Callable[[int, Mention], None] | None = None,
) -> int:
    """Send `mentions` (in order of time) to `sink`; return how many were sent.

    Parameters
    ----------
    speed : seconds of event time a second; None sends as fast as `limit` allows.
    tracker : told of each mention before it is sent; with it no more than `limit` is on its way,
        and the end waits until all are confirmed.
    stop : ends the replay early.
    clock, sleep : monotonic seconds, and waiting for some.
    on_sent : told the running number and the mention after each.

    Raises
    ------
    ValueError
        `speed` is not above zero.
    SinkUnavailable
        The sink is broken for good.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed is {speed}; expected a number above 0")
    stop = stop or asyncio.Event()
    gate = Gate(tracker, limit or InFlight(), stop) if tracker is not None else None
    begun, sent = clock(), 0
    try:
        for mention in mentions:
            if speed is not None:
                due = begun + (mention.created_at - mentions[0].created_at) / speed
                await _until(due, stop, clock, sleep)
            if stop.is_set() or (gate is not None and not await gate.room()):
                return sent
            if tracker is not None:
                size = len(mention.text.encode()) + 300  # the text, and about what its fields take
                tracker.produced(REPLAY, sent + 1, mention.mention_id, line=sent + 1, size=size)
            await sink.send(mention)
            sent += 1
            if on_sent is not None:
                on_sent(sent, mention)
        if gate is not None:
            await gate.settled(sink)
    finally:
        if gate is not None:
            gate.close()
    return sent


async def _until(
    due: float,
    stop: asyncio.Event,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]],
) -> None:
    while not stop.is_set() and (left := due - clock()) > 0:
        await sleep(min(left, 0.5))  # short, so that `stop` is heard during a long silence
