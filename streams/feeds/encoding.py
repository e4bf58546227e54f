"""The encoding of a text file whose writer did not say: UTF-8, or else GB18030 as a whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable

log = logging.getLogger(__name__)

BOM = b"\xef\xbb\xbf"
"""The mark that some programs put before UTF-8."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins, of either byte order."""


class Transcoder:
    """Turns the lines of one file into UTF-8.

    UTF-8 (with or without a byte-order mark) is left as it is, cut in the middle of its last
    character or not. A file most of whose lines beyond ASCII are no UTF-8 while all of them are
    GB18030 is read as GB18030, which is said in the log once. Any other faulty line is left for the
    parser to reject.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self.encoding: str | None = None

    def learn(self, lines: Iterable[bytes]) -> None:
        """Decide the encoding from complete lines, if they hold anything beyond ASCII."""
        if self.encoding is not None:
            return
        good = bad = 0
        chinese = True
        for line in lines:
            if line.isascii():
                continue
            if _decodes(line, "utf-8") or _cut_short(line):
                good += 1
            else:
                bad += 1
                chinese = chinese and not line.startswith(UTF16) and b"\x00" not in line
                chinese = chinese and _decodes(line, "gb18030")
        if bad > good and chinese:
            self.encoding = "gb18030"
            log.warning("%s: not UTF-8; read as GB18030 (GBK)", self._file)
        elif good or bad:
            self.encoding = "utf-8"

    def utf8(self, line: bytes) -> bytes:
        """Return `line` in UTF-8, or unchanged when it is in neither encoding."""
        if self.encoding != "gb18030" or line.isascii():
            return line
        try:
            # A GB18030 file that somebody appended UTF-8 to: Chinese in UTF-8 proves itself.
            if any(character >= "\u0800" for character in line.decode("utf-8")):
                return line
        except UnicodeDecodeError:
            pass
        try:
            return line.decode("gb18030").encode("utf-8")
        except (UnicodeDecodeError, UnicodeEncodeError):
            return line


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _cut_short(line: bytes) -> bool:
    """Whether it is UTF-8 whose last character was cut, as at the end of a file that was copied in part."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        begun = line[: error.start].decode("utf-8")
        return error.reason == "unexpected end of data" and any(character >= "\u0800" for character in begun)
    return False
