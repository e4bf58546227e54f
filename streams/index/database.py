"""One SQLite file used from the event loop: a thread that writes, a thread that reads, clear errors."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from config.language import Both
from config.os_errors import why_refused
from streams.index import faults, tables
from streams.index.base import IndexUnavailable

T = TypeVar("T")


class Database:
    """The file's two connections, each owned by a thread of its own, so that no call blocks the loop.

    Parameters
    ----------
    path : the file; its folder is made where absent.
    patience : seconds to wait for another process that holds the file.
    looking : a file that can't be written is opened all the same, for reading alone.
    """

    def __init__(self, path: Path, patience: float, looking: bool = False) -> None:
        self.path = path
        self._patience = patience
        self._looking = looking
        self._opened: tuple[int, int] | None = None
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="index-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="index-read")

    async def open(self) -> list[str]:
        """Open the file, making it where absent, and return what was made."""
        try:
            writable, made = await self._run(self._writing, self._open_writer)
            await self._run(self._reading, self._open_reader if writable else self._open_read_only)
            self._opened = self._there()
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
            if self._writer is None:
                raise faults.read_only(self.path)
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                result = job(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk or a damaged page has rolled back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._check_there()
            return result

        return await self._run(self._writing, transaction)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `job` returns, which sees everything committed."""

        def with_reader() -> T:
            assert self._reader is not None
            result = job(self._reader)
            self._check_there()
            return result

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
            explained = faults.explained(error, self.path, self._patience)
            if explained is None:
                raise
            raise explained from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # Only what was stored is decoded in a job: SQLite does not see damage inside a row.
            raise faults.damaged(self.path, error) from error
        except OSError as error:
            raise IndexUnavailable(
                Both(
                    f"建不了索引 {self.path} 所在的目录：{why_refused(error).zh}；请改正 --data 或配置中的 data（FENGSHENG_DATA）",
                    f"the folder of the index {self.path} can't be made: {error.strerror}; "
                    "correct `data` in the settings (FENGSHENG_DATA)",
                )
            ) from None

    def _connect(self, how: str = "") -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{how}" if how else self.path,
            timeout=self._patience, isolation_level=None, check_same_thread=False, uri=bool(how),
        )  # fmt: skip
        try:
            # FULL: a confirmed batch outlives the loss of power, for its offsets are committed.
            connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _there(self) -> tuple[int, int] | None:
        """Which file lies at the path now."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _check_there(self) -> None:
        # SQLite goes on with a deleted file as if nothing had been, and all that it confirms is lost at the end.
        if self._opened is not None and self._there() != self._opened:
            raise faults.gone(self.path)

    def _open_writer(self) -> tuple[bool, list[str]]:
        """Return whether the file can be written, and what was made."""
        existed = self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._writer = self._connect()
            return True, tables.prepare(self._writer, self.path)
        except sqlite3.OperationalError as error:
            if not (self._looking and existed and faults.code_of(error) in faults.CLOSED_TO_US):
                raise
        self._close_writer()
        return False, []

    def _open_read_only(self) -> None:
        """Open a file that nobody may write here."""
        try:
            self._reader = self._connect("mode=ro")
            tables.look(self._reader, self.path)
        except sqlite3.OperationalError as error:
            log = self.path.with_name(self.path.name + "-wal")
            if faults.code_of(error) not in faults.CLOSED_TO_US or (log.exists() and log.stat().st_size):
                raise
            # Even a reader makes the shared memory of a write-ahead log; without a log there is no need for it.
            self._close_reader()
            self._reader = self._connect("immutable=1")
            tables.look(self._reader, self.path)

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
