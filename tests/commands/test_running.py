"""A stop ends: by itself, or cut off."""

from __future__ import annotations

import subprocess
import sys

import pytest

NEVER_STOPS = """
import asyncio, os, signal
from fengsheng import running
running.LONGEST_STOP_S = 0.2

async def main(stop):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()

running.run(main)
"""


@pytest.mark.timeout(60)
def test_a_stop_that_never_ends_is_cut_off() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NEVER_STOPS], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 128 + 15
    assert "ending now" in done.stderr
    assert "still running" in done.stderr
