"""One SQLite file used from the event loop: a thread that writes, a thread that reads, clear errors."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from config.language import Both
from streams.index import tables
from streams.index.base import IndexUnavailable

T = TypeVar("T")

_NOT_OURS: Final = frozenset({"SQLITE_NOTADB"})
_DAMAGED: Final = frozenset({"SQLITE_CORRUPT"})
_HELD: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_CLOSED_TO_US: Final = frozenset({"SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"})


class Database:
    """The file's two connections, each owned by a thread of its own, so that no call blocks the loop.

    Parameters
    ----------
    path : the file; its folder is made where absent.
    patience : seconds to wait for another process that holds the file.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._patience = patience
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="index-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="index-read")

    async def open(self) -> list[str]:
        """Open the file, making it where absent, and return what was made."""
        try:
            made = await self._run(self._writing, self._open_writer)
            await self._run(self._reading, self._open_reader)
        except BaseException:
            await self.close()
            raise
        return made

    async def close(self) -> None:
        """Close both connections; what the write-ahead log holds goes into the file."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reading, self._close_reader)
        await loop.run_in_executor(self._writing, self._close_writer)
        self._reading.shutdown()
        self._writing.shutdown()

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returns, run as one transaction that is on disk when this returns."""

        def transaction() -> T:
            assert self._writer is not None
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                result = job(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk or a damaged page has rolled back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            return result

        return await self._run(self._writing, transaction)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returns, which sees everything committed."""

        def with_reader() -> T:
            assert self._reader is not None
            return job(self._reader)

        return await self._run(self._reading, with_reader)

    async def shrink(self) -> None:
        """Give the pages of what was deleted back to the file system."""

        def vacuum() -> None:
            assert self._writer is not None
            self._writer.execute("PRAGMA incremental_vacuum").fetchall()

        await self._run(self._writing, vacuum)

    async def _run(self, threads: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, job)
        except sqlite3.DatabaseError as error:
            explained = self._explained(error)
            if explained is None:
                raise
            raise IndexUnavailable(explained) from error
        except OSError as error:
            raise IndexUnavailable(
                Both(
                    f"建不了索引 {self.path} 所在的目录：{error.strerror}；请改正 --data 或配置中的 data（FENGSHENG_DATA）",
                    f"the folder of the index {self.path} can't be made: {error.strerror}; "
                    "correct `data` in the settings (FENGSHENG_DATA)",
                )
            ) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        try:
            # FULL: a confirmed batch outlives the loss of power, for its offsets are committed.
            connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_writer(self) -> list[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._connect()
        return tables.prepare(self._writer, self.path)

    def _open_reader(self) -> None:
        self._reader = self._connect()
        self._reader.execute("PRAGMA query_only=ON")

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _close_writer(self) -> None:
        if self._writer is not None:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("PRAGMA optimize")
            self._writer.close()
            self._writer = None

    def _explained(self, error: sqlite3.DatabaseError) -> str | None:
        """Return what went wrong and what to do, None where it is a mistake of ours."""
        # Extended codes (SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT, ...) begin with the plain one.
        code = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        at, zh = f"the index {self.path}", f"索引 {self.path}"
        if code == "SQLITE_FULL":
            return Both(
                f"{zh} 写不下了，磁盘已满：请腾出空间，或运行 fengsheng retention",
                f"{at} can't grow, the disk is full: free space, or `fengsheng retention`",
            )
        if code in _HELD:
            return Both(
                f"{zh} 被另一个进程锁住超过 {self._patience:g} 秒：请停掉那个进程",
                f"{at} is locked by another process for over {self._patience:g} s: stop that one",
            )
        if code in _DAMAGED:
            return Both(
                f"{zh} 已损坏（{error}）：请把它和同名的 -wal、-shm 文件移走，或换回备份；新的索引会由数据重新填满",
                f"{at} is damaged ({error}): move it and its -wal and -shm files away, "
                "or put a copy back; a new one fills from the feeds",
            )
        if code in _NOT_OURS:
            return Both(
                f"{zh} 不是 SQLite 文件：请把它移走，或用 --data 换一个目录",
                f"{at} is not an SQLite file: move it away, or name another folder in `data`",
            )
        if code in _CLOSED_TO_US:
            return Both(
                f"{zh} 不能写入（{error}）：请检查目录与权限，或用 --data 换一个目录",
                f"{at} can't be opened for writing ({error}): check its folder and permissions",
            )
        if code == "SQLITE_IOERR":
            return Both(
                f"{zh}：磁盘出错（{error}，{error.sqlite_errorname}）：请检查磁盘与剩余空间",
                f"{at}: the disk fails ({error}, {error.sqlite_errorname}): check disk and free space",
            )
        return None
