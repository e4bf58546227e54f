"""What only the file can suffer: kill -9, a full disk, other programs, damage."""

from __future__ import annotations

import os
import shutil
import signal as signals
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streams.index.base import IndexLost, IndexUnavailable
from streams.index.sqlite import SqliteIndex
from tests.streams.index.records import mention

_WRITER = """
import asyncio, sys
from streams.index.sqlite import SqliteIndex
from tests.streams.index.records import NOON, mention

async def main():
    index = SqliteIndex(sys.argv[1])
    await index.open()
    for batch in range(100_000):
        await index.write_mentions([mention(batch * 10 + n, "退款", at=NOON + n) for n in range(10)])
        print(batch, flush=True)

asyncio.run(main())
"""


async def open_fails(path: Path, **options: float) -> str:
    index = SqliteIndex(path, **options)
    with pytest.raises(IndexUnavailable) as caught:
        await index.open()
    return str(caught.value)


def write_and_kill(path: Path) -> int:
    """Return how many batches of ten a writer confirmed before it was killed."""
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        confirmed = [int(writer.stdout.readline()) for _ in range(5)]
        os.kill(writer.pid, signals.SIGKILL)
        confirmed += [int(line) for line in writer.stdout if line.endswith(b"\n")]
    return max(confirmed) + 1


async def test_what_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    confirmed = write_and_kill(path)
    index = SqliteIndex(path)
    await index.open()
    found = (await index.counts())["mentions"]
    assert found >= confirmed * 10
    assert found % 10 == 0
    assert len(await index.search("退款", limit=10**6)) == found
    assert await index.count_by_watch() == {"tea": found}
    await index.close()


async def test_a_full_disk_is_told_and_nothing_half_written_stays(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    await index.open()
    await index.write_mentions([mention(1)])
    database = index._database
    await database._run(database._writing, lambda: database._writer.execute("PRAGMA max_page_count=60"))
    with pytest.raises(IndexUnavailable, match="disk is full"):
        await index.write_mentions([mention(n, "我要退款" * 50) for n in range(2, 2000)])
    assert (await index.counts())["mentions"] == 1
    await database._run(database._writing, lambda: database._writer.execute("PRAGMA max_page_count=100000"))
    assert await index.write_mentions([mention(2)]) == []
    await index.close()


async def test_a_file_held_by_another_process_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = SqliteIndex(path, patience=0.05)
    await index.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexUnavailable, match="locked by another process"):
        await index.write_mentions([mention(1)])
    # Reading goes on meanwhile.
    assert (await index.counts())["mentions"] == 0
    other.execute("ROLLBACK")
    other.close()
    assert await index.write_mentions([mention(1)]) == []
    await index.close()


async def test_files_that_are_not_ours_are_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("not a database at all, but long enough to have a header" * 10)
    before = text.read_bytes()
    assert "not an SQLite file" in await open_fails(text)
    assert text.read_bytes() == before

    path = tmp_path / "bank.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE accounts (id)")
    other.close()
    assert "another program's" in await open_fails(path)


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = SqliteIndex(path)
    await index.open()
    await index.close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    told = await open_fails(path)
    assert "schema 99" in told
    assert str(path) in told


async def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    index = SqliteIndex(path)
    await index.open()
    await index.write_mentions([mention(n, "我要退款" * 20) for n in range(500)])
    await index.close()
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * (path.stat().st_size - 4096 * 3))
    index = SqliteIndex(path)

    async def open_and_read() -> None:
        await index.open()
        await index.search("退款", limit=1000)

    with pytest.raises(IndexUnavailable, match="damaged"):
        await open_and_read()
    await index.close()


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    assert "FENGSHENG_DATA" in await open_fails(tmp_path / "data" / "index.db")


async def test_a_closed_index_says_so(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "index.db")
    with pytest.raises(IndexUnavailable, match="not open"):
        await index.counts()
    await index.open()
    assert (await index.setup())[0].startswith(f"index {tmp_path / 'index.db'} made")
    await index.close()
    await index.close()


@pytest.mark.parametrize(
    "record",
    [b'{"broken', b'{"platform": "\xff\xfe"}', b"{}"],
    ids=["no JSON", "no UTF-8", "no mention"],
)
async def test_a_damaged_row_is_told_as_damage(tmp_path: Path, record: bytes) -> None:
    path = tmp_path / "index.db"
    index = SqliteIndex(path)
    await index.open()
    await index.write_mentions([mention(1, "退款")])
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE mentions SET record = ?", (record,))
        other.commit()
    with pytest.raises(IndexLost, match="damaged"):
        await index.search("退款")
    with pytest.raises(IndexLost, match="damaged"):
        await index.mentions([mention(1).mention_id])
    await index.close()


def _delete(path: Path) -> None:
    for name in path.parent.glob(f"{path.name}*"):
        name.unlink()


def _move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def _replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


@pytest.mark.parametrize("away", [_delete, _move_folder, _replace])
async def test_a_file_that_goes_while_it_is_open_confirms_nothing(
    tmp_path: Path, away: Callable[[Path], None]
) -> None:
    path = tmp_path / "data" / "index.db"
    index = SqliteIndex(path)
    await index.open()
    assert await index.write_mentions([mention(1)]) == []
    away(path)
    with pytest.raises(IndexLost, match="deleted, moved or replaced") as caught:
        await index.write_mentions([mention(2)])
    assert str(path) in str(caught.value)
    assert "feed-cursors.json" in str(caught.value)
    with pytest.raises(IndexLost):
        await index.counts()
    await index.close()


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder of somebody else's, and no right to write it: root may write everywhere, so it acts as nobody."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def _seal(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65_534)


async def test_a_file_that_can_not_be_written_is_looked_at(nobody: Path) -> None:
    path = nobody / "index.db"
    index = SqliteIndex(path)
    await index.open()
    await index.write_mentions([mention(1, "退款")])
    await index.close()
    _seal(nobody)
    assert "can't be opened for writing" in await open_fails(path)
    index = SqliteIndex(path, looking=True)
    await index.open()
    assert len(await index.search("退款")) == 1
    with pytest.raises(IndexUnavailable, match="can't be opened for writing"):
        await index.write_mentions([mention(2)])
    await index.close()


async def test_an_old_file_that_can_not_be_written_is_not_misread(nobody: Path) -> None:
    path = nobody / "index.db"
    index = SqliteIndex(path)
    await index.open()
    await index.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version=1")
    _seal(nobody)
    index = SqliteIndex(path, looking=True)
    with pytest.raises(IndexUnavailable, match="schema 1 and must be brought up"):
        await index.open()


async def test_what_is_no_file_can_not_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "index.db").mkdir()
    index = SqliteIndex(tmp_path / "index.db", looking=True)
    with pytest.raises(IndexUnavailable):
        await index.open()
