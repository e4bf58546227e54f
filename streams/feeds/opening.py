"""Opening a file that may be compressed, at a byte offset of what is in it."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import zlib
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

HEAD_BYTES: Final = 1024
"""Bytes at the beginning of a file that tell it from another under the same name."""

DAMAGED: Final = (lzma.LZMAError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged compressed file raises, besides EOFError for an unfinished one."""

_SKIP: Final = 1 << 20
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"


def is_compressed(path: str) -> bool:
    """Return whether `path` is read through a decompressor."""
    return path.endswith((".gz", ".xz"))


def open_at(path: str, offset: int) -> BufferedReader:
    """Return `path` opened for reading, at `offset` bytes into its uncompressed content.

    A compressed file is read and thrown away up to `offset`.

    Raises
    ------
    OSError
        The file is gone or not readable.
    EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile
        A compressed file ends before `offset`, or is damaged.
    """
    if path.endswith(".gz"):
        stream = cast("BufferedReader", gzip.GzipFile(path, "rb"))
    elif path.endswith(".xz"):
        stream = cast("BufferedReader", lzma.LZMAFile(path, "rb"))  # noqa: SIM115
    else:
        stream = Path(path).open("rb")  # noqa: SIM115 - the caller closes what this returns
        stream.seek(offset)
        return stream
    left = offset
    try:
        while left:
            skipped = stream.read(min(left, _SKIP))
            if not skipped:
                raise EOFError(f"{path} ends {left} bytes before {offset}")
            left -= len(skipped)
    except BaseException:
        stream.close()
        raise
    return stream


def unpacked(stream: BinaryIO) -> BufferedReader:
    """Return a stream that has no name to tell by (stdin), through a decompressor where its first bytes ask for one."""
    plain = stream if isinstance(stream, BufferedReader) else BufferedReader(cast("RawIOBase", stream))
    beginning = plain.peek(len(_XZ))
    if beginning.startswith(_GZIP):
        return cast("BufferedReader", gzip.GzipFile(fileobj=plain))
    return cast("BufferedReader", lzma.LZMAFile(plain)) if beginning.startswith(_XZ) else plain


def head(path: str, length: int = HEAD_BYTES) -> tuple[int, str]:
    """Return how many of the first `length` raw bytes there are, and their fingerprint.

    The end of a JSON array is left out: whoever appends to the array writes over it.
    """
    with Path(path).open("rb") as stream:
        data = stream.read(length)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        data = data.rstrip(b"] \t\r\n")
    return len(data), hashlib.blake2b(data, digest_size=16).hexdigest()
