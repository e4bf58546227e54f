"""A feed at work: bounded, stoppable, restartable; bad lines never stop it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from config.records import Mention, encode
from streams.feeds.cursor import Position, Tracker
from streams.feeds.follow import Follower
from streams.feeds.formats import Code, Rejected
from streams.feeds.inflight import InFlight
from streams.feeds.lines import Line
from streams.feeds.run import FeedStats, run_feed
from streams.feeds.sink import SinkUnavailable
from streams.feeds.stdin import Stdin
from streams.feeds.store import CursorsNotSaved, CursorStore
from tests.streams.feeds.crawler_rows import CASES, CREATORS
from tests.streams.feeds.fakes import KeepingSink


def lines(count: int) -> bytes:
    rows = (Mention(platform="weibo", id=str(n), text="青山", created_at=float(n + 1)) for n in range(count))
    return b"".join(encode(row) + b"\n" for row in rows)


async def test_a_crawlers_folder_goes_in_with_all_it_holds(tmp_path: Path) -> None:
    files = []
    for case in (*CASES, *CREATORS):
        path = tmp_path / case.path.replace("search", f"v{case.generation}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(case.row) + b"\n")
        files.append(path)
    tracker = Tracker()
    sink = KeepingSink(tracker)
    stats = await run_feed(Follower([tmp_path], tracker, follow=False), sink, tracker)
    assert (stats.mentions, stats.authors, stats.rejected) == (len(CASES), len(CREATORS), 0)
    assert len({mention.mention_id for mention in sink.mentions}) == len(CASES) // 2  # two generations
    assert stats.newest == max(mention.created_at for mention in sink.mentions)
    read = {file: position.offset for file, position in tracker.positions().items()}
    assert read == {str(path): path.stat().st_size for path in files}


async def test_bad_lines_are_rejected_with_their_place_and_stop_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = lines(2).splitlines(keepends=True)
    bad = [b"{broken\n", b"\n", b'{"x":1}\n', b'{"id":"\x00"}\n', b'{"a":"' + b"x" * 3000 + b'"}\n']
    path.write_bytes(good[0] + b"".join(bad) + good[1])
    tracker = Tracker()
    sink = KeepingSink(tracker)
    stats = await run_feed(Follower([path], tracker, follow=False, max_line=2500), sink, tracker)
    assert sink.ids == ["0", "1"]
    places = [(r.code, r.line) for r in sink.rejected]
    assert places == [
        (Code.NOT_JSON, 2),
        (Code.UNKNOWN_FORM, 4),
        (Code.NUL_BYTES, 5),
        (Code.TOO_LONG, 6),
    ]
    first = sink.rejected[0]
    assert (first.where, first.offset, first.payload, first.size) == (
        f"{path}:2",
        len(good[0]),
        bad[0],
        len(bad[0]),
    )
    assert len(sink.rejected[-1].payload) <= 2000
    assert stats.by_code == {"not_json": 1, "unknown_form": 1, "nul_bytes": 1, "too_long": 1}
    assert tracker.positions()[str(path)].offset == path.stat().st_size


@pytest.mark.parametrize(
    "limit", [InFlight(count=5), InFlight(size=5 * len(lines(1)))], ids=["count", "bytes"]
)
async def test_no_more_than_the_limit_is_on_its_way(tmp_path: Path, limit: InFlight) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(10) + lines(10) + lines(3))  # the later ones repeat the ids of the first
    tracker = Tracker()
    sink = KeepingSink()
    feed = asyncio.create_task(run_feed(Follower([path], tracker, follow=False), sink, tracker, limit=limit))
    await sink.until(lambda s: len(s.mentions) == 5)
    assert tracker.in_flight == 5
    tracker.confirm(["weibo:3", "weibo:1"])
    await sink.until(lambda s: len(s.mentions) == 7)
    assert tracker.positions()[str(path)].offset == 0  # the first is not confirmed yet
    while not feed.done():
        # From another thread, as the index agent may do.
        await asyncio.to_thread(tracker.confirm, [mention.mention_id for mention in sink.mentions])
        await asyncio.sleep(0)
    assert (await feed).mentions == 23
    assert tracker.positions()[str(path)].offset == path.stat().st_size


async def test_stopped_and_started_again_nothing_is_lost_and_nothing_confirmed_is_repeated(
    tmp_path: Path,
) -> None:
    path, cursors = tmp_path / "a.jsonl", tmp_path / "data" / "c.json"
    path.write_bytes(lines(30))
    with CursorStore(cursors) as store:
        tracker, stop, sink = Tracker(store.load()), asyncio.Event(), KeepingSink()
        feed = asyncio.create_task(
            run_feed(Follower([path], tracker), sink, tracker, limit=InFlight(12), stop=stop, store=store)
        )
        await sink.until(lambda s: len(s.mentions) == 12)
        tracker.confirm([f"weibo:{n}" for n in (0, 1, 2, 3, 4, 7, 8)])
        stop.set()
        stats = await asyncio.wait_for(feed, 20)
        assert stats.in_flight == tracker.in_flight > 0
    with CursorStore(cursors) as store:
        tracker = Tracker(store.load())
        again = KeepingSink(tracker)
        await run_feed(Follower([path], tracker, follow=False), again, tracker, store=store)
        assert again.ids == [str(n) for n in range(5, 30)]
        assert store.load()[str(path)].offset == path.stat().st_size


async def test_a_broken_sink_ends_the_feed_with_its_reason_and_the_cursor_before_the_line(
    tmp_path: Path,
) -> None:
    class Broken(KeepingSink):
        async def send(self, mention: Mention) -> None:
            if mention.id == "3":
                raise SinkUnavailable("no Kafka")
            await super().send(mention)

    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(9))
    tracker = Tracker()
    with CursorStore(tmp_path / "c.json") as store, pytest.raises(SinkUnavailable, match="no Kafka"):
        await run_feed(Follower([path], tracker, follow=False), Broken(tracker), tracker, store=store)
    assert store.load()[str(path)].line == 3


async def test_cursors_find_room_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(9))
    tracker, stop = Tracker(), asyncio.Event()

    class Full(CursorStore):
        attempts = 0

        def save(self, positions: dict[str, Position]) -> None:
            self.attempts += 1
            if self.attempts < 4:
                raise CursorsNotSaved("No space left on device")
            super().save(positions)
            loop.call_soon_threadsafe(stop.set)

    loop = asyncio.get_running_loop()
    with Full(tmp_path / "c.json") as store:
        stats = await run_feed(
            Follower([path], tracker), KeepingSink(tracker), tracker, store=store, stop=stop, save_every=0.01
        )
        assert store.attempts >= 4
        assert store.load()[str(path)].line == 9
    assert stats.lines == 9


async def test_a_disk_that_stays_full_is_explained_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(9))
    tracker = Tracker()

    class Full(CursorStore):
        def _save(self, positions: dict[str, Position]) -> None:
            raise OSError(28, "No space left on device")

    with Full(tmp_path / "c.json") as store, pytest.raises(CursorsNotSaved, match="No space left"):
        await run_feed(
            Follower([path], tracker, follow=False),
            KeepingSink(tracker),
            tracker,
            store=store,
            save_every=0.01,
        )


async def test_what_is_refused_after_it_was_taken_ends_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(3))
    tracker = Tracker()

    class Refused(KeepingSink):
        """Takes everything, as a producer does, and hears of the refusal later."""

        async def send(self, mention: Mention) -> None:
            self.mentions.append(mention)

        async def flush(self) -> None:
            raise SinkUnavailable("TopicAuthorizationFailed")

    with pytest.raises(SinkUnavailable, match="Authorization"):
        await run_feed(Follower([path], tracker, follow=False), Refused(tracker), tracker)
    assert tracker.in_flight == 3


async def test_rejections_of_whole_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.xz").write_bytes(b"nonsense")
    tracker = Tracker()
    sink = KeepingSink(tracker)
    stats = await run_feed(Follower([tmp_path], tracker, follow=False), sink, tracker)
    assert [rejected.where for rejected in sink.rejected] == [str(tmp_path / "a.jsonl.xz")]
    assert (stats.lines, stats.rejected) == (0, 1)


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    stats = FeedStats()
    for second in range(30):
        stats.lines += 10 if second < 15 else 100
        stats.tick(float(second), in_flight=second)
    assert stats.rate == pytest.approx(100)
    assert stats.in_flight == 29


async def test_statistics_are_told_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(4))
    tracker, stop = Tracker(), asyncio.Event()
    told: list[int] = []

    def tell(stats: FeedStats) -> None:
        told.append(stats.mentions)
        if stats.mentions == 4:
            stop.set()

    await asyncio.wait_for(
        run_feed(
            Follower([path], tracker),
            KeepingSink(tracker),
            tracker,
            stop=stop,
            on_stats=tell,
            save_every=0.01,
        ),
        20,
    )
    assert told[-1] == 4


async def stdin_of(data: bytes, *, pipe: bool, tmp_path: Path) -> KeepingSink:
    tracker = Tracker()
    sink = KeepingSink(tracker)
    if pipe:
        end, begin = os.pipe()
        with os.fdopen(end, "rb") as stream:
            feed = asyncio.create_task(run_feed(Stdin(stream), sink, tracker))
            await asyncio.to_thread(_write, begin, data)
            await asyncio.wait_for(feed, 20)
    else:
        (tmp_path / "in").write_bytes(data)
        with (tmp_path / "in").open("rb") as stream:
            await run_feed(Stdin(stream), sink, tracker)
    return sink


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


@pytest.mark.parametrize("pipe", [True, False], ids=["pipe", "file"])
async def test_standard_input(tmp_path: Path, pipe: bool) -> None:
    data = lines(3000) + lines(3001).splitlines()[-1]  # the last without its line end
    sink = await stdin_of(data, pipe=pipe, tmp_path=tmp_path)
    assert sink.ids == [str(n) for n in range(3001)]
    chinese = '{"id":"1","text":"青山茶饮","created_at":5}'.encode("gb18030")
    assert (await stdin_of(chinese, pipe=pipe, tmp_path=tmp_path)).mentions[0].text == "青山茶饮"


async def test_a_silent_pipe_is_left_when_stopped() -> None:
    end, begin = os.pipe()
    tracker, stop = Tracker(), asyncio.Event()
    sink = KeepingSink(tracker)
    with os.fdopen(end, "rb") as stream, os.fdopen(begin, "wb") as writer:
        feed = asyncio.create_task(run_feed(Stdin(stream), sink, tracker, stop=stop))
        writer.write(lines(1))
        writer.flush()
        await sink.until(lambda s: len(s.mentions) == 1)
        stop.set()
        stats = await asyncio.wait_for(feed, 20)
    assert stats.mentions == 1


async def test_the_source_is_closed_when_the_feed_ends() -> None:
    closed = asyncio.Event()

    class Endless:
        async def batches(self, stop: asyncio.Event) -> AsyncGenerator[list[Line | Rejected]]:
            try:
                while True:
                    yield [Line("f", 1, 0, 5, lines(1), len(lines(1)))]
            finally:
                closed.set()

    class Broken(KeepingSink):
        async def send(self, mention: Mention) -> None:
            raise SinkUnavailable("gone")

    tracker = Tracker()
    with pytest.raises(SinkUnavailable):
        await run_feed(Endless(), Broken(), tracker)
    assert closed.is_set()


async def test_dev_null_ends_at_once() -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: ASYNC230, PTH123 - it has nothing to wait for
        stats = await asyncio.wait_for(run_feed(Stdin(nothing), KeepingSink(Tracker()), Tracker()), 20)
    assert stats.lines == 0
