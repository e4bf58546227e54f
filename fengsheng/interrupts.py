"""Ctrl-C while libraries load: the program leaves at once, for nothing has been done that needs cleaning.

Nothing heavy is imported here: `fengsheng.__main__` uses it before anything else.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPED: Final = "已停止 stopped"
INTERRUPTED: Final = 128 + signal.SIGINT
"""The status of a command that Ctrl-C ended before it was done."""


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process in this block with one line and status 130.

    A KeyboardInterrupt amid a library's import comes out as some other error, since libraries catch it, or leaves
    the library half made. No clean-up runs: the block must not be entered while there is something to clean up.
    Outside the main thread, and where SIGINT is ignored or somebody else's, nothing changes.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    try:
        # Not by a stream: the signal may have come while one was writing.
        os.write(2, f"{STOPPED}\n".encode())
    finally:
        os._exit(INTERRUPTED)
