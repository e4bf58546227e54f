"""Where each file has been read to, so that a restart loses nothing and repeats little.

A cursor stands before the first line that is not confirmed yet. Lines are confirmed in any
order, so those behind an unconfirmed one wait for it; after a restart they are read again,
and identity makes that harmless.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

STDIN: Final = "-"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A durable cursor.

    `offset` and `line` are bytes and lines of the uncompressed file (elements of a JSON
    array) that are confirmed; `inode`, `head_length` and `head` tell the file from another
    of the same name; `seen` is when it was last there (epoch seconds).
    """

    offset: int = 0
    line: int = 0
    inode: int = 0
    head_length: int = 0
    head: str = ""
    seen: float = 0.0


@dataclass(slots=True)
class _Entry:
    track: _Track
    end: int
    line: int
    size: int
    mention_id: str | None
    done: bool = False


@dataclass(slots=True)
class _Track:
    position: Position
    pending: deque[_Entry] = field(default_factory=deque)


class Tracker:
    """Keeps the cursors of a feed, and counts what is on its way.

    `produced` is called for every line in the order of its file, before its mention is sent;
    `confirm` from anywhere (any thread), when mentions are safe. Several lines with one
    mention id are confirmed together. Not persistent by itself: see `CursorStore`.
    """

    def __init__(self, positions: dict[str, Position] | None = None) -> None:
        self._lock = threading.RLock()
        self._tracks = {name: _Track(position) for name, position in (positions or {}).items()}
        self._waiting: dict[str, list[_Entry]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._count = 0
        self._bytes = 0
        self._dirty = False

    @property
    def in_flight(self) -> int:
        """Lines sent and not confirmed."""
        return self._count

    @property
    def in_flight_bytes(self) -> int:
        """Bytes of the lines sent and not confirmed."""
        return self._bytes

    def position(self, file: str) -> Position | None:
        """Return the cursor of `file`, or None when it was never read."""
        with self._lock:
            track = self._tracks.get(file)
            return None if track is None else track.position

    def positions(self) -> dict[str, Position]:
        """Return all cursors that a restart can use (not that of standard input)."""
        with self._lock:
            return {name: track.position for name, track in self._tracks.items() if name != STDIN}

    def begin(self, file: str, position: Position) -> None:
        """Start `file` at `position`, forgetting an earlier file of that name.

        Lines of the earlier file that are still on their way no longer move this cursor.
        """
        with self._lock:
            self._tracks[file] = _Track(position)
            self._dirty = True

    def identify(self, file: str, *, inode: int, head_length: int, head: str, seen: float) -> None:
        """Renew what tells `file` from another, without moving its cursor."""
        with self._lock:
            track = self._tracks.setdefault(file, _Track(Position()))
            before = track.position
            track.position = msgspec.structs.replace(
                before, inode=inode, head_length=head_length, head=head, seen=seen
            )
            self._dirty = self._dirty or track.position != before

    def rename(self, old: str, new: str) -> None:
        """Carry the cursor of `old` over to `new`: the same file under another name."""
        with self._lock:
            track = self._tracks.pop(old, None)
            if track is not None:
                self._tracks[new] = track
                self._dirty = True

    def forget(self, files: Iterable[str]) -> None:
        """Drop the cursors of `files`."""
        with self._lock:
            for file in files:
                if self._tracks.pop(file, None) is not None:
                    self._dirty = True

    def produced(
        self, file: str, offset_end: int, mention_id: str | None, *, line: int = 0, size: int = 0
    ) -> None:
        """Note that the line of `file` which ends at `offset_end` was read.

        Parameters
        ----------
        file, offset_end, line : where the line ends, and its number.
        mention_id : what has to be confirmed; None when nothing has to (a blank line, an
            author or a rejection that is already safe).
        size : bytes of the line, for the bound on what is on its way.
        """
        with self._lock:
            track = self._tracks.setdefault(file, _Track(Position()))
            entry = _Entry(track, offset_end, line, size, mention_id, done=mention_id is None)
            track.pending.append(entry)
            if mention_id is None:
                self._advance(track)
                return
            self._waiting.setdefault(mention_id, []).append(entry)
            self._count += 1
            self._bytes += size

    def confirm(self, mention_ids: Iterable[str]) -> None:
        """Note that `mention_ids` are safe; ids that are not on their way are ignored."""
        with self._lock:
            touched: dict[int, _Track] = {}
            for mention_id in mention_ids:
                for entry in self._waiting.pop(mention_id, ()):
                    entry.done = True
                    self._count -= 1
                    self._bytes -= entry.size
                    touched[id(entry.track)] = entry.track
            for track in touched.values():
                self._advance(track)
            listeners = list(self._listeners) if touched else []
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each confirmation, on the confirming thread; return its removal."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def take_changes(self) -> dict[str, Position] | None:
        """Return all cursors if any moved since the last call, else None."""
        with self._lock:
            if not self._dirty:
                return None
            self._dirty = False
            return self.positions()

    def give_back_changes(self) -> None:
        """Count what `take_changes` gave as not saved."""
        with self._lock:
            self._dirty = True

    def _advance(self, track: _Track) -> None:
        last = None
        while track.pending and track.pending[0].done:
            last = track.pending.popleft()
        if last is not None:
            track.position = msgspec.structs.replace(track.position, offset=last.end, line=last.line)
            self._dirty = True
