"""Files that grow, are half written, cut, rotated, replaced, deleted; folders; compressed files."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import lzma
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BufferedReader
from pathlib import Path

import pytest

from streams.feeds.cursor import Tracker
from streams.feeds.discover import CURSORS_FILE
from streams.feeds.follow import Follower, SourceMissing
from streams.feeds.formats import Code, Rejected
from streams.feeds.lines import Line
from streams.feeds.opening import open_at

Item = Line | Rejected


def row(number: int, text: str = "青山") -> str:
    return json.dumps({"id": str(number), "text": text, "created_at": 1}, ensure_ascii=False) + "\n"


def append(path: Path, *numbers: int) -> None:
    with path.open("a") as stream:
        stream.writelines(row(number) for number in numbers)


class Watching:
    """One follower, moved on look by look: between two looks nothing happens by itself."""

    def __init__(self, *sources: Path, tracker: Tracker | None = None, max_line: int = 1_000_000) -> None:
        self.tracker = tracker or Tracker()
        self.items: list[Item] = []
        self.stop = asyncio.Event()
        self._idle, self._go = asyncio.Event(), asyncio.Event()
        self._follower = Follower(
            sources, self.tracker, clock=lambda: 5_000.0, sleep=self._sleep, max_line=max_line
        )
        self._task: asyncio.Task[None] | None = None

    async def _sleep(self, seconds: float) -> None:
        assert seconds == 0.5
        self._idle.set()
        await self._go.wait()
        self._go.clear()

    async def _run(self) -> None:
        async for batch in self._follower.batches(self.stop):
            for item in batch:
                self.items.append(item)
                if isinstance(item, Line):
                    self.tracker.produced(item.file, item.end, None, line=item.number)

    async def look(self) -> list[str]:
        """Let the follower look until it has nothing to read; return the new ids."""
        seen = len(self.items)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        else:
            self._go.set()
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait({idle, self._task}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert idle.done(), self._task
        self._idle.clear()
        return ids(self.items[seen:])

    async def close(self) -> None:
        self.stop.set()
        self._go.set()
        if self._task is not None:
            await self._task


@asynccontextmanager
async def watching(*sources: Path, tracker: Tracker | None = None, **more: int) -> AsyncIterator[Watching]:
    watch = Watching(*sources, tracker=tracker, **more)
    try:
        yield watch
    finally:
        await watch.close()


def ids(items: list[Item]) -> list[str]:
    whole = [item for item in items if isinstance(item, Line) and not item.too_long]
    return [json.loads(line.data)["id"] for line in whole if line.data.strip(b"\xef\xbb\xbf \r\n")]


async def once(*sources: Path, tracker: Tracker | None = None) -> list[Item]:
    follower = Follower(sources, tracker or Tracker(), follow=False)
    return [item async for batch in follower.batches(asyncio.Event()) for item in batch]


async def test_a_file_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1, 2)
    async with watching(path) as watch:
        assert await watch.look() == ["1", "2"]
        assert await watch.look() == []
        append(path, 3)
        assert await watch.look() == ["3"]
    lines = [item for item in watch.items if isinstance(item, Line)]
    assert [line.number for line in lines] == [1, 2, 3]
    assert lines[-1].end == path.stat().st_size


async def test_a_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    whole = row(1).encode()
    path.write_bytes(whole[:20])  # in the middle of a character
    async with watching(path) as watch:
        assert await watch.look() == []
        with path.open("ab") as stream:
            stream.write(whole[20:])
        assert await watch.look() == ["1"]


async def test_a_whole_object_needs_no_line_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(row(1).rstrip("\n"))
    async with watching(path) as watch:
        assert await watch.look() == ["1"]
        with path.open("a") as stream:
            stream.write("\n" + row(2))
        assert await watch.look() == ["2"]
        assert watch.tracker.positions()[str(path)].line == 2


async def test_a_file_cut_and_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1, 2, 3)
    async with watching(path) as watch:
        await watch.look()
        path.write_text(row(7))
        assert await watch.look() == ["7"]
        path.write_text("")
        assert await watch.look() == []
        append(path, 8)
        assert await watch.look() == ["8"]


async def test_a_file_replaced_by_a_longer_one(tmp_path: Path) -> None:
    path, fresh = tmp_path / "a.jsonl", tmp_path / "fresh.tmp"
    append(path, 1)
    async with watching(path) as watch:
        await watch.look()
        append(fresh, 5, 6, 7)
        fresh.replace(path)
        assert await watch.look() == ["5", "6", "7"]


async def test_a_file_rewritten_with_the_same_beginning_goes_on(tmp_path: Path) -> None:
    path, fresh = tmp_path / "a.jsonl", tmp_path / "fresh.tmp"
    append(path, 1, 2)
    async with watching(path) as watch:
        await watch.look()
        append(fresh, 1, 2, 3)
        fresh.replace(path)
        assert await watch.look() == ["3"]


@pytest.mark.parametrize("named", [True, False], ids=["file", "folder"])
async def test_a_rotated_file_is_read_to_its_end(tmp_path: Path, named: bool) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1)
    async with watching(path if named else tmp_path) as watch:
        await watch.look()
        append(path, 2)
        path.rename(tmp_path / "a.jsonl.1")
        append(path, 3)
        assert sorted(await watch.look()) == ["2", "3"]
        append(path, 4)
        assert await watch.look() == ["4"]


async def test_a_file_rotated_while_no_feed_ran(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1)
    async with watching(path) as watch:
        await watch.look()
    append(path, 2)
    path.rename(tmp_path / "a.jsonl.1")
    append(path, 3)
    async with watching(path, tracker=Tracker(watch.tracker.positions())) as again:
        assert sorted(await again.look()) == ["2", "3"]


async def test_a_restart_goes_on_at_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1, 2)
    async with watching(path) as watch:
        await watch.look()
    append(path, 3)
    async with watching(path, tracker=Tracker(watch.tracker.positions())) as again:
        assert await again.look() == ["3"]
        assert [item.number for item in again.items if isinstance(item, Line)] == [3]
    path.write_text(row(9))
    async with watching(path, tracker=Tracker(again.tracker.positions())) as third:
        assert await third.look() == ["9"]


async def test_folders_with_new_files_and_folders(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        assert await watch.look() == []
        deep = tmp_path / "weibo" / "jsonl"
        deep.mkdir(parents=True)
        append(deep / "search_contents_2026-08-01.jsonl", 1)
        assert await watch.look() == ["1"]
        append(deep / "search_contents_2026-08-02.ndjson", 2)
        for ignored in (
            ".hidden.jsonl",
            "~a.jsonl",
            "a.jsonl.tmp",
            "a.jsonl.swp",
            "notes.txt",
            "a.jsonl~",
            CURSORS_FILE,
        ):
            append(deep / ignored, 99)
        (tmp_path / ".git").mkdir()
        append(tmp_path / ".git" / "a.jsonl", 99)
        assert await watch.look() == ["2"]


async def test_a_deleted_file_and_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1)
    async with watching(tmp_path) as watch:
        await watch.look()
        path.unlink()
        assert await watch.look() == []
        append(path, 2)
        assert await watch.look() == ["2"]


async def test_a_source_that_is_not_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "later.jsonl"
    with pytest.raises(SourceMissing, match=r"later\.jsonl"):
        await once(path)
    with caplog.at_level(logging.WARNING):
        async with watching(path) as watch:
            assert await watch.look() == []
            append(path, 1)
            assert await watch.look() == ["1"]
    assert "waiting for it" in caplog.text


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
async def test_compressed_files_and_their_growth(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / ("a.jsonl.gz" if pack is gzip.compress else "a.jsonl.xz")
    path.write_bytes(pack((row(1) + row(2)).encode()))
    async with watching(tmp_path) as watch:
        assert await watch.look() == ["1", "2"]
        with path.open("ab") as stream:
            stream.write(pack(row(3).encode()))
        assert await watch.look() == ["3"]
    async with watching(tmp_path, tracker=Tracker(watch.tracker.positions())) as again:
        assert await again.look() == []


async def test_a_compressed_file_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    whole = gzip.compress("".join(row(n, os.urandom(30).hex()) for n in range(9_000)).encode())
    path.write_bytes(whole[:-5000])
    async with watching(path) as watch:
        first = await watch.look()
        assert 8_000 < len(first) < 9_000
        path.write_bytes(whole)
        assert first + await watch.look() == [str(n) for n in range(9_000)]


async def test_a_damaged_compressed_file_is_told_of_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    damaged, early = tmp_path / "a.jsonl.xz", tmp_path / "b.jsonl.gz"
    damaged.write_bytes(b"not xz at all")
    early.write_bytes(gzip.compress(row(1).encode())[:-4])
    append(tmp_path / "c.jsonl", 5)
    async with watching(tmp_path) as watch:
        assert "5" in await watch.look()
        assert await watch.look() == []
    faults = [item for item in watch.items if isinstance(item, Rejected)]
    assert [(fault.code, Path(fault.file).name) for fault in faults] == [(Code.UNREADABLE, "a.jsonl.xz")]
    found = await once(tmp_path)
    assert sorted(item.file[-10:] for item in found if isinstance(item, Rejected)) == [
        "a.jsonl.xz",
        "b.jsonl.gz",
    ]


async def test_an_array_file_that_is_rewritten_with_more(tmp_path: Path) -> None:
    path = tmp_path / "search_contents_2026.json"
    rows = [json.loads(row(number)) for number in range(3)]
    path.write_text("\ufeff" + json.dumps(rows, indent=2), encoding="utf-8")
    async with watching(tmp_path) as watch:
        assert await watch.look() == ["0", "1", "2"]
        more = json.dumps([*rows, {"id": "3"}], indent=2)
        path.write_text("\ufeff" + more[:-4], encoding="utf-8")
        assert await watch.look() == []
        path.write_text("\ufeff" + more, encoding="utf-8")
        assert await watch.look() == ["3"]
        assert [item.number for item in watch.items if isinstance(item, Line)] == [1, 2, 3, 4]
    path.write_text("[1,")
    (broken,) = await once(path)
    assert isinstance(broken, Rejected)
    assert broken.code is Code.NOT_JSON


async def test_encodings_line_ends_and_long_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes((row(1) + row(2)).encode("gb18030"))
    (tmp_path / "b.jsonl").write_bytes(b"\xef\xbb\xbf" + row(3).replace("\n", "\r\n\r\n").encode())
    (tmp_path / "c.jsonl").write_text(row(4, "长" * 500) + row(5))
    async with watching(tmp_path, max_line=600) as watch:
        await watch.look()
    lines = [item for item in watch.items if isinstance(item, Line)]
    assert sorted(ids(watch.items)) == ["1", "2", "3", "5"]
    assert [(line.number, line.size > 1500) for line in lines if line.too_long] == [(1, True)]
    assert all("青山".encode() in line.data for line in lines if line.file.endswith("a.jsonl"))


async def test_what_is_read_once_needs_no_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(row(1) + '{"half')
    items = await once(path)
    assert [item.data for item in items if isinstance(item, Line)] == [row(1).encode(), b'{"half']


async def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("streams.feeds.tail.open_at", refuse)
    async with watching(tmp_path) as watch:
        assert await watch.look() == []
        assert await watch.look() == []
    (fault,) = watch.items
    assert isinstance(fault, Rejected)
    assert (fault.code, fault.where) == (Code.UNREADABLE, str(path))
    assert "Permission denied" in fault.reason


async def test_a_file_whose_beginning_may_not_be_read_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    append(path, 1)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    for place in ("streams.feeds.follow.head", "streams.feeds.tail.open_at"):
        monkeypatch.setattr(place, refuse)
    items = await once(path)
    async with watching(tmp_path) as watch:
        await watch.look()
        await watch.look()
    for found in (items, watch.items):
        (fault,) = found
        assert isinstance(fault, Rejected)
        assert (fault.code, fault.where) == (Code.UNREADABLE, str(path))


async def test_a_name_of_another_encoding_is_left_out_and_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    append(tmp_path / "good.jsonl", 1)
    foreign = os.fsencode(tmp_path) + b"/" + "投诉".encode("gbk") + b".jsonl"
    append(Path(os.fsdecode(foreign)), 2)
    async with watching(tmp_path) as watch:
        await watch.look()
    assert ids(watch.items) == ["1"]
    assert "not UTF-8" in caplog.text


async def test_a_cancelled_feed_leaves_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(tmp_path / "a.jsonl", 1)
    opening, go_on = threading.Event(), threading.Event()
    opened: list[BufferedReader] = []

    def slow(path: str, offset: int) -> BufferedReader:
        opening.set()
        assert go_on.wait(20)
        opened.append(open_at(path, offset))
        return opened[-1]

    monkeypatch.setattr("streams.feeds.tail.open_at", slow)
    reading = asyncio.create_task(once(tmp_path))
    assert await asyncio.to_thread(opening.wait, 20)
    reading.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert opened
    assert all(stream.closed for stream in opened)
