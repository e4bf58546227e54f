"""Reading one file from a place on, as far as it goes at the moment."""

from __future__ import annotations

import logging
from io import BufferedReader
from typing import Final, NamedTuple

import msgspec

from streams.feeds.cursor import Position
from streams.feeds.encoding import Transcoder
from streams.feeds.formats import Code, Rejected
from streams.feeds.lines import MAX_LINE, Line, Splitter
from streams.feeds.opening import DAMAGED, is_compressed, open_at

log = logging.getLogger(__name__)

CHUNK: Final = 256 * 1024
"""Bytes read at a time."""

MAX_ARRAY: Final = 256 * 1024 * 1024
"""Bytes of the largest JSON array file: it has to be read whole."""

_SPACE: Final = b" \t\r\n\xef\xbb\xbf"


class Portion(NamedTuple):
    """What one read gave; `at_end` when there is no more at the moment."""

    items: list[Line | Rejected]
    at_end: bool


class Tail:
    """One file, plain or compressed, of lines or of one JSON array; not shared by threads.

    Parameters
    ----------
    path : the file.
    position : where to begin.
    final : whether the file will not grow any more, so that its last line needs no line end.
    """

    def __init__(
        self, path: str, position: Position, *, final: bool = False, max_line: int = MAX_LINE
    ) -> None:
        self.path = path
        self._final = final
        self._max_line = max_line
        self._begin = position
        self._is_array: bool | None = None
        self._splitter = Splitter(path, position.offset, position.line, max_line)
        self._transcoder = Transcoder(path)
        self._stream: BufferedReader | None = None
        self._elements: list[bytes] | None = None
        self._told = False
        self._next = position.offset

    @property
    def offset(self) -> int:
        """Bytes (elements of an array) read so far."""
        return self._next if self._is_array else self._splitter.offset

    @property
    def is_array(self) -> bool:
        """Whether the file was seen to be one JSON array."""
        return bool(self._is_array)

    def rename(self, path: str) -> None:
        """Go on under another name."""
        self.close()
        self.path = path
        self._splitter.rename(path)

    def close(self) -> None:
        """Release the file; reading goes on where it was."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._elements = None

    def read(self) -> Portion:
        """Return the next lines; blocking, but for one chunk only.

        Raises
        ------
        OSError
            The file is gone or not readable.
        """
        try:
            if self._is_array is None and not self._look():
                return Portion([], True)
            return self._read_array() if self._is_array else self._read_lines()
        except EOFError:  # a compressed file that is still being written
            self.close()
            if not self._final:
                return Portion([], True)
            return Portion([Rejected(Code.UNREADABLE, "the compressed file ends early", self.path)], True)
        except DAMAGED as error:
            self.close()
            reason = f"damaged compressed file: {error}"
            return Portion([Rejected(Code.UNREADABLE, reason, self.path)], True)

    def _look(self) -> bool:
        """Look at the beginning: lines or array, and in which encoding; False while it is blank."""
        with open_at(self.path, 0) as stream:
            beginning = stream.read(CHUNK)
        first = beginning.lstrip(_SPACE)[:1]
        if not first:
            return False
        self._is_array = first == b"["
        if self._begin.offset and not self._is_array:
            self._transcoder.learn(beginning.split(b"\n")[:-1])
        return True

    def _read_lines(self) -> Portion:
        if self._stream is None:
            self._stream = open_at(self.path, self._splitter.offset)
        # read1, because a compressed file that is being written raises once its end is met: what
        # stands before that end must have been given by then.
        chunk = self._stream.read1(CHUNK)
        lines = self._splitter.push(chunk)
        at_end = not chunk
        if at_end:
            self.close()
            if self._last_line_is_whole() and (last := self._splitter.flush()) is not None:
                lines.append(last)
        self._transcoder.learn(line.data for line in lines if not line.too_long)
        if self._transcoder.encoding == "gb18030":
            lines = [self._in_utf8(line) for line in lines]
        return Portion(list(lines), at_end)

    def _last_line_is_whole(self) -> bool:
        """Whether the unfinished last line can be read: a whole JSON object can't go on."""
        rest = self._splitter.rest
        if self._final:
            return True
        if not rest.rstrip().endswith(b"}"):
            return False
        self._transcoder.learn([rest])
        try:
            msgspec.json.decode(self._transcoder.utf8(rest).lstrip(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return False
        return True

    def _in_utf8(self, line: Line) -> Line:
        if line.too_long:
            return line
        data = self._transcoder.utf8(line.data)
        return line._replace(data=data, size=len(data))

    def _read_array(self) -> Portion:
        if self._elements is None:
            with open_at(self.path, 0) as stream:
                data = stream.read(MAX_ARRAY + 1)
            if len(data) > MAX_ARRAY:
                reason = (
                    f"a JSON array of more than {MAX_ARRAY >> 20} MB: write one object a line (JSON Lines)"
                )
                return Portion([Rejected(Code.TOO_LONG, reason, self.path)], True)
            self._transcoder.learn([data])
            data = self._transcoder.utf8(data).removeprefix(b"\xef\xbb\xbf")
            try:
                self._elements = [bytes(raw) for raw in msgspec.json.decode(data, type=list[msgspec.Raw])]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
                if not self._final:  # half written: read again when it has changed
                    if not self._told:
                        log.warning(
                            "%s is not a whole JSON array yet (%s); waiting for the rest", self.path, error
                        )
                        self._told = True
                    return Portion([], True)
                reason = f"not a whole JSON array: {error}"
                return Portion([Rejected(Code.NOT_JSON, reason, self.path)], True)
        here = self._next
        part = self._elements[here : here + 1000]
        self._next = here + len(part)
        at_end = self._next >= len(self._elements)
        if at_end:
            self._elements = None
        return Portion([self._element(here + index, data) for index, data in enumerate(part)], at_end)

    def _element(self, index: int, data: bytes) -> Line:
        kept = data if len(data) <= self._max_line else data[:2000]
        return Line(self.path, index + 1, index, index + 1, kept, len(data))


def fits(path: str, position: Position, size: int) -> bool:
    """Return whether a file of `size` bytes can have been read up to `position`.

    Together with the fingerprint of its beginning this tells a file that was truncated and
    written anew from one that grew. Blocking; raises OSError.
    """
    if is_compressed(path) or not position.offset:
        return True
    with open_at(path, 0) as stream:
        if stream.read(CHUNK).lstrip(_SPACE).startswith(b"["):
            return True
        if position.offset > size:
            return False
        stream.seek(position.offset - 1)
        return stream.read(1) in (b"\n", b"}", b" ", b"\r", b"\t")
