"""Splitting a growing stream of bytes into lines whose place in it is known."""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_LINE: Final = 1_000_000
"""Bytes of the longest line that is read: Kafka refuses larger messages by default."""

_KEPT: Final = 2_000


class Line(NamedTuple):
    """One line, with its line end, and where it stands.

    `start` and `end` are byte offsets in the (uncompressed) file; for an element of a JSON
    array they count elements. `size` is the whole length in bytes; `data` is cut when
    `size` is beyond the limit.
    """

    file: str
    number: int
    start: int
    end: int
    data: bytes
    size: int

    @property
    def too_long(self) -> bool:
        """Whether `data` is only the beginning of the line."""
        return self.size > len(self.data)


class Splitter:
    """Cuts chunks into lines, remembering an unfinished one; holds at most `max_line` bytes."""

    def __init__(self, file: str, offset: int = 0, number: int = 0, max_line: int = MAX_LINE) -> None:
        self._file = file
        self._start = offset
        self._number = number
        self._max = max_line
        self._rest = b""
        self._dropped = 0
        self._flushed = False

    @property
    def offset(self) -> int:
        """Byte offset up to which the stream has been pushed."""
        return self._start + len(self._rest) + self._dropped

    @property
    def rest(self) -> bytes:
        """The unfinished last line, or its beginning when it is too long."""
        return self._rest

    def rename(self, file: str) -> None:
        """Name the lines to come after `file`."""
        self._file = file

    def push(self, chunk: bytes) -> list[Line]:
        """Return the lines that `chunk` finishes."""
        pieces = chunk.split(b"\n")
        lines = []
        for piece in pieces[:-1]:
            self._keep(piece)
            lines.append(self._finish(b"\n"))
        self._keep(pieces[-1])
        return lines

    def flush(self) -> Line | None:
        """Return the last line as if it had ended, or None when there is nothing of it."""
        if not (self._rest or self._dropped):
            return None
        line = self._finish(b"")
        self._flushed = True
        return line

    def _keep(self, piece: bytes) -> None:
        if not self._dropped and len(self._rest) + len(piece) <= self._max:
            self._rest += piece
            return
        size = len(self._rest) + self._dropped + len(piece)
        kept = min(_KEPT, self._max)  # so that what is kept is always less than the line
        self._rest = (self._rest + piece[:kept])[:kept]
        self._dropped = size - len(self._rest)

    def _finish(self, line_end: bytes) -> Line:
        size = len(self._rest) + self._dropped + len(line_end)
        data = self._rest if self._dropped else self._rest + line_end
        if not (self._flushed and size == len(line_end)):  # else the late end of a flushed line
            self._number += 1
        self._flushed = False
        line = Line(self._file, self._number, self._start, self._start + size, data, size)
        self._start += size
        self._rest, self._dropped = b"", 0
        return line
