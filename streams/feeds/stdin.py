"""Lines from standard input: a pipe, a terminal or a redirected file."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import BinaryIO

from streams.feeds.cursor import STDIN
from streams.feeds.encoding import Transcoder
from streams.feeds.formats import Rejected
from streams.feeds.lines import MAX_LINE, Line, Splitter
from streams.feeds.tail import CHUNK


class Stdin:
    """The lines of a stream that can be read once; it has no cursor that outlives the process.

    Parameters
    ----------
    stream : standard input when not given.
    """

    def __init__(self, stream: BinaryIO | None = None, *, max_line: int = MAX_LINE) -> None:
        self._stream = stream if stream is not None else sys.stdin.buffer
        self._max_line = max_line

    async def batches(self, stop: asyncio.Event) -> AsyncGenerator[list[Line | Rejected]]:
        """Give lines as they come, until the stream ends or `stop` is set."""
        splitter = Splitter(STDIN, max_line=self._max_line)
        transcoder = Transcoder(STDIN)
        async with aclosing(self._chunks(stop)) as chunks:
            async for chunk in chunks:
                lines = splitter.push(chunk)
                transcoder.learn(line.data for line in lines if not line.too_long)
                if lines:
                    yield [_in_utf8(line, transcoder) for line in lines]
        if not stop.is_set() and (last := splitter.flush()) is not None:
            transcoder.learn([last.data])
            yield [_in_utf8(last, transcoder)]

    async def _chunks(self, stop: asyncio.Event) -> AsyncGenerator[bytes]:
        if not _makes_wait(self._stream):
            while not stop.is_set() and (chunk := self._stream.read(CHUNK)):
                yield chunk
            return
        reader = asyncio.StreamReader(limit=CHUNK)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._stream
        )
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                reading = asyncio.ensure_future(reader.read(CHUNK))
                await asyncio.wait({reading, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    reading.cancel()
                    return
                if not (chunk := reading.result()):
                    return
                yield chunk
        finally:
            stopped.cancel()
            transport.close()


def _makes_wait(stream: BinaryIO) -> bool:
    """Whether reading may have to wait: of a file and of /dev/null, which cron gives, it never has to."""
    mode = os.fstat(stream.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()


def _in_utf8(line: Line, transcoder: Transcoder) -> Line:
    if line.too_long:
        return line
    data = transcoder.utf8(line.data)
    return line._replace(data=data, size=len(data))
