"""Following files and folders as they grow, are cut, rotated, replaced and deleted.

Polling, because it works on every file system, network ones included, and costs a directory
listing. What was read is known by the tracker's cursors; this module only decides which file
is which.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from config.language import Both
from streams.feeds.cursor import Position, Tracker
from streams.feeds.discover import Found, discover
from streams.feeds.formats import Code, Rejected
from streams.feeds.lines import MAX_LINE, Line
from streams.feeds.opening import HEAD_BYTES, head
from streams.feeds.tail import Portion, Tail, fits

log = logging.getLogger(__name__)

T = TypeVar("T")
POLL_S: Final = 0.5
_TOGETHER: Final = 32
"""Files read by turns: more would hold too many files open while a large backlog is read."""
_RENEW_S: Final = 86_400.0


class SourceMissing(FileNotFoundError):  # noqa: N818 - a kind of FileNotFoundError
    """A source to be read once is not there."""


@dataclass(slots=True)
class _File:
    tail: Tail
    found: Found
    renewed: float
    at_end: bool = False


class Follower:
    """The lines of files and folders.

    Parameters
    ----------
    sources : files and folders; a folder is read with its sub-folders.
    tracker : knows where each file was read to, and is told of renamed and replaced files.
    follow : go on for ever; else read what is there once and end.
    poll : seconds between two looks.
    clock : epoch seconds.
    sleep : waits that many seconds.
    """

    def __init__(
        self,
        sources: Iterable[str | Path],
        tracker: Tracker,
        *,
        follow: bool = True,
        poll: float = POLL_S,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        max_line: int = MAX_LINE,
    ) -> None:
        self._sources = [str(Path(source).absolute()) for source in sources]
        self._tracker = tracker
        self._follow = follow
        self._poll = poll
        self._clock = clock
        self._sleep = sleep
        self._max_line = max_line
        self._files: dict[str, _File] = {}
        # Named files that were rotated away, in this run or before a restart: read to their end.
        self._rotated = {
            path
            for path in tracker.positions()
            if any(path.startswith(f"{source}.") for source in self._sources)
        }
        self._faulty: dict[str, Found] = {}
        self._refused: list[Line | Rejected] = []

    async def batches(self, stop: asyncio.Event) -> AsyncGenerator[list[Line | Rejected]]:
        """Give lines as they come, until `stop` is set or, when not following, the end.

        Each batch has to be dealt with before the next is asked for.

        Raises
        ------
        SourceMissing
            A source is not there and shall be read once; when following it is waited for.
        """
        self._check()
        try:
            while not stop.is_set():
                waiting = await _in_thread(self._scan)
                if self._refused:
                    refused, self._refused = self._refused, []
                    yield refused
                for path in waiting[:_TOGETHER]:
                    portion = await _in_thread(self._read, path)
                    if portion.items:
                        yield portion.items
                    if stop.is_set():
                        return
                if not waiting:
                    if not self._follow:
                        return
                    await self._sleep(self._poll)
        finally:
            for file in self._files.values():
                file.tail.close()

    def _check(self) -> None:
        for source in self._sources:
            if Path(source).exists():
                if not os.access(source, os.R_OK):
                    log.warning("%s may not be read by this user: give it read permission", source)
                continue
            if not self._follow:
                raise SourceMissing(
                    Both(f"没有这个文件或目录：{source}", f"no such file or folder: {source}")
                )
            log.warning("%s is not there yet; waiting for it", source)

    def _scan(self) -> list[str]:
        """Bring `_files` up to what is there; return the paths that have something to read."""
        found = discover((*self._sources, *self._rotated), self._inodes())
        self._follow_renamed(found)
        for path in self._files.keys() - found.keys():
            self._files.pop(path).tail.close()
        for path, status in found.items():
            file = self._files.get(path)
            try:
                if file is None or file.found != status:
                    self._take(path, status)
                elif self._clock() - file.renewed > _RENEW_S:
                    self._identify(path, status)
            except OSError as error:
                self._refused += self._fault(path, status, error)
        return [path for path in found if path in self._files and not self._files[path].at_end]

    def _inodes(self) -> dict[str, int]:
        """Return what each named file was when it was last read, now or before a restart."""
        before = {path: file.found.inode for path, file in self._files.items()}
        for source in self._sources:
            if source not in before and (position := self._tracker.position(source)) is not None:
                before[source] = position.inode
        return before

    def _follow_renamed(self, found: dict[str, Found]) -> None:
        names = {status.inode: path for path, status in found.items()}
        for old, position in self._tracker.positions().items():
            new = names.get(position.inode)
            if new is None or new == old or (old in found and found[old].inode == position.inode):
                continue
            if self._tracker.position(new) is not None and new in self._files:
                continue  # both are being read: two links to one file
            try:
                if not _same_head(new, position):
                    continue
            except OSError:
                continue
            log.info("%s was renamed to %s; reading goes on there", old, new)
            self._tracker.rename(old, new)
            if old in self._sources:
                self._rotated.add(new)
            if file := self._files.pop(old, None):
                file.tail.rename(new)
                self._files[new] = file

    def _take(self, path: str, status: Found) -> None:
        file = self._files.get(path)
        position = self._tracker.position(path)
        same = position is not None and _same_head(path, position)
        if same and file is not None and not file.tail.is_array:
            same = file.tail.offset <= status.size or path.endswith((".gz", ".xz"))
        elif same and file is None and position is not None:
            same = fits(path, position, status.size)
        if not same or position is None:
            if position is not None and position.offset:
                log.info("%s was replaced or cut; reading it from its beginning", path)
            position = Position()
            self._tracker.begin(path, position)
            if file is not None:
                file.tail.close()
                file = None
        if file is None:
            tail = Tail(path, position, final=not self._follow, max_line=self._max_line)
            file = self._files[path] = _File(tail, status, 0.0)
        file.found = status
        file.at_end = status.size == 0
        self._identify(path, status)
        self._faulty.pop(path, None)

    def _identify(self, path: str, status: Found) -> None:
        length, fingerprint = head(path)
        now = self._clock()
        self._tracker.identify(path, inode=status.inode, head_length=length, head=fingerprint, seen=now)
        self._files[path].renewed = now

    def _read(self, path: str) -> Portion:
        file = self._files[path]
        try:
            portion = file.tail.read()
        except FileNotFoundError:  # deleted since it was seen
            return Portion([], True)
        except OSError as error:
            file.at_end = True
            return Portion(self._fault(path, file.found, error), True)
        file.at_end = portion.at_end
        return portion

    def _fault(self, path: str, status: Found, error: OSError) -> list[Line | Rejected]:
        """What is to be told of a file that can't be read: nothing where that was told of it as it stands."""
        if self._faulty.get(path) == status:
            return []
        self._faulty[path] = status
        return [Rejected(Code.UNREADABLE, f"can't be read: {error.strerror or error}", path)]


async def _in_thread(work: Callable[..., T], *args: object) -> T:
    """Return what `work` returns; a cancellation waits for it, since files are closed after it."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as forgotten
        raise


def _same_head(path: str, position: Position) -> bool:
    length = min(position.head_length, HEAD_BYTES)
    return length == 0 or head(path, length) == (position.head_length, position.head)
