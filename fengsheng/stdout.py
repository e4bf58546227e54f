"""Standard output that can't be written: one line and status 1, or a quiet end where the reader went away."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fengsheng.language import say
from fengsheng.output import escaped, talk


class OutputLostError(Exception):
    """Standard output took no more.

    No `OSError`, so that nobody on the way takes it for a failure of what they were reading.
    """

    def __init__(self, error: OSError, where: str) -> None:
        super().__init__(error.strerror or str(error))
        self.closed = error.errno == errno.EPIPE
        self.where = where


class _Raw(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            lost = OutputLostError(error, _name_of(self.fileno()))
        # What still lies in the buffers goes nowhere, and fails no second time when they are closed.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        raise lost


@contextmanager
def watched_stdout() -> Iterator[None]:
    """Say in one line that standard output can't be written, whichever command was writing to it."""
    if not isinstance(given := sys.stdout, io.TextIOWrapper):
        yield  # closed, or a test's
        return
    given.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Raw(given.fileno(), "wb", closefd=False)),
        encoding="utf-8",
        errors="replace",
        # Unbuffered (-u) means that a reader sees each line at once, too.
        line_buffering=given.line_buffering or given.write_through,
    )
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OutputLostError as lost:
        if lost.closed:
            # The reader has all it wanted (| head): not our failure, unless there was one before.
            before = lost.__context__
            raise SystemExit(before.code if isinstance(before, SystemExit) else 0) from None
        _tell(lost)
        raise SystemExit(1) from None


def _tell(lost: OutputLostError) -> None:
    told = say(
        f"标准输出 {lost.where} 写不下去（{lost}），输出不完整；请腾出空间或换一个地方，再运行一次",
        f"standard output {lost.where} can't be written ({lost}), so it is incomplete; make room or send it"
        " elsewhere, and run this again",
    )
    talk.print(f"[bold red]错误 error[/] {escaped(told)}", soft_wrap=True)


def _name_of(descriptor: int) -> str:
    """What lies behind a descriptor, where the system tells."""
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return "stdout"
