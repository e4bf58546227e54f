"""A dump in order of time, at the pace of its own clock or as fast as it is taken."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author, Mention, encode
from streams.decoding import Rejection
from streams.feeds.cursor import Tracker
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Code, Refused, Rejected
from streams.feeds.inflight import InFlight
from streams.feeds.replay import load_sorted, replay
from tests.streams.feeds.fakes import Clock, KeepingSink


def mention(number: int, at: float) -> Mention:
    return Mention(platform="weibo", id=str(number), text="青山", created_at=at)


def test_files_and_folders_in_order_of_time(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    first, second = (
        [mention(1, 30.0), mention(2, 10.0), mention(3, 30.0)],
        [mention(4, 20.0), mention(5, 30.0)],
    )
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(map(encode, first)))
    author = encode(Author(id="u", platform="weibo", followers=5))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"\n".join((*map(encode, second), author, b"{oops"))))
    authors: list[Author] = []
    rejected: list[Rejected] = []
    loaded = load_sorted(
        [tmp_path / "a.jsonl", folder], on_author=authors.append, on_rejected=rejected.append
    )
    assert [m.id for m in loaded] == ["2", "4", "1", "3", "5"]
    assert [author.id for author in authors] == ["u"]
    assert [(fault.code, fault.where) for fault in rejected] == [
        (Code.NOT_JSON, f"{folder / 'b.jsonl.gz'}:4")
    ]
    with pytest.raises(SourceMissing, match="nowhere"):
        load_sorted([tmp_path / "nowhere"])


def test_a_mention_that_is_refused_is_told_of_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([encode(mention(1, 10.0)), b"{oops", encode(mention(2, 99.0))]))
    rejected: list[Rejected] = []
    loaded = load_sorted(
        [path],
        on_rejected=rejected.append,
        check=lambda one: Rejection("created_at", "too new") if one.created_at > 50 else None,
    )
    assert [m.id for m in loaded] == ["1"]
    assert [(type(one), one.code, one.line) for one in rejected] == [
        (Rejected, Code.NOT_JSON, 2),
        (Refused, "created_at", 3),
    ]
    assert rejected[1].payload == encode(mention(2, 99.0))


@given(st.lists(st.integers(min_value=1, max_value=5), max_size=30))
def test_sorting_is_stable(tmp_path_factory: pytest.TempPathFactory, times: list[int]) -> None:
    path = tmp_path_factory.mktemp("dump") / "a.jsonl"
    path.write_bytes(b"".join(encode(mention(n, float(at))) + b"\n" for n, at in enumerate(times)))
    loaded = load_sorted([path])
    assert [(m.created_at, int(m.id)) for m in loaded] == sorted((float(at), n) for n, at in enumerate(times))


async def test_the_pace_is_that_of_the_posts_times_the_speed() -> None:
    clock = Clock()
    at: list[float] = []
    mentions = [mention(n, 5e8 + 60.0 * n) for n in range(4)]
    sent = await replay(
        mentions,
        KeepingSink(),
        speed=30.0,
        clock=clock,
        sleep=clock.sleep,
        on_sent=lambda _, m: at.append(clock.now - 1_000.0),
    )
    assert sent == 4
    assert at == pytest.approx([0.0, 2.0, 4.0, 6.0])
    assert max(clock.slept) <= 0.5


async def test_a_slow_sink_does_not_make_the_pace_drift() -> None:
    clock = Clock()
    at: list[float] = []

    class Slow(KeepingSink):
        async def send(self, mention: Mention) -> None:
            clock.now += 1.5
            at.append(clock.now - 1_000.0)

    await replay([mention(n, 2.0 * n) for n in range(4)], Slow(), speed=1.0, clock=clock, sleep=clock.sleep)
    assert at == pytest.approx([1.5, 3.5, 5.5, 7.5])


async def test_without_a_speed_only_the_lag_bounds_it() -> None:
    tracker, sink, clock = Tracker(), KeepingSink(), Clock()
    task = asyncio.create_task(
        replay(
            [mention(n, 1e6 * n) for n in range(9)],
            sink,
            tracker=tracker,
            limit=InFlight(count=4),
            clock=clock,
            sleep=clock.sleep,
        )
    )
    await sink.until(lambda s: len(s.mentions) == 4)
    assert tracker.in_flight == 4
    while not task.done():
        tracker.confirm([m.mention_id for m in sink.mentions])
        await asyncio.sleep(0)
    assert await task == 9
    assert clock.slept == []


async def test_it_stops_within_a_long_silence() -> None:
    clock, stop, sink = Clock(), asyncio.Event(), KeepingSink()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 3:
            stop.set()

    mentions = [mention(1, 0.0), mention(2, 1e9)]
    assert await replay(mentions, sink, speed=1.0, clock=clock, sleep=sleep, stop=stop) == 1
    assert sink.ids == ["1"]


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
async def test_a_speed_that_is_none(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        await replay([mention(1, 1.0)], KeepingSink(), speed=speed)
