"""The file that keeps the cursors: replaced whole, on disk before it counts, one feed at a time."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from config.language import Both
from streams.feeds.cursor import Position

log = logging.getLogger(__name__)

FORGET_AFTER: Final = 30 * 86_400.0
"""Seconds after which the cursor of a file that is gone is dropped."""


class CursorsBusy(RuntimeError):  # noqa: N818 - says what is the case, as BlockingIOError does
    """Another feed is using the same cursors."""


class CursorsNotSaved(RuntimeError):  # noqa: N818 - says what is the case
    """The disk does not take the cursors."""


class CursorStore:
    """Cursors in one JSON file, ``with CursorStore(path) as store``.

    Parameters
    ----------
    path : the file; its folder is made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Take the file for this process.

        Raises
        ------
        CursorsBusy
            Another process has it, or it can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._path.with_suffix(".lock").open("ab")
        except OSError as error:
            raise CursorsBusy(
                Both(
                    f"{self._path.parent} 不能写入（{error.strerror}）：请检查权限，或换一个数据目录（--data）",
                    f"{self._path.parent} can't be written ({error.strerror}): check its permissions, or name"
                    " another data folder",
                )
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise CursorsBusy(
                Both(
                    f"{self._path} 正被另一个 feed、up 或 replay 使用：请停掉它，或给这一个另外的数据目录（--data）",
                    f"{self._path} is in use by another feed, up or replay: stop that one, or give this one another data"
                    " folder",
                )
            ) from None
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def load(self) -> dict[str, Position]:
        """Return the saved cursors; a damaged file is set aside and all files are read again."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return msgspec.json.decode(data, type=dict[str, Position])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            log.warning("%s is damaged (%s); moved to %s, all files are read again", self._path, error, aside)
            return {}

    def save(self, positions: dict[str, Position]) -> None:
        """Replace the saved cursors; when this returns they survive a power cut.

        Raises
        ------
        CursorsNotSaved
            The disk is full or not writable.
        """
        try:
            self._save(positions)
        except OSError as error:
            raise CursorsNotSaved(
                Both(
                    f"读到哪里写不进 {self._path}（{error.strerror or error}）：请腾出空间或给予写权限；"
                    "没有记下的部分下次会重读，不会丢",
                    f"{self._path} can't be written ({error.strerror or error}): make room or give write permission;"
                    " what was not noted is read again, nothing is lost",
                )
            ) from error

    def _save(self, positions: dict[str, Position]) -> None:
        newest = max((position.seen for position in positions.values()), default=0.0)
        kept = {
            name: position for name, position in positions.items() if position.seen >= newest - FORGET_AFTER
        }
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(kept), indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
