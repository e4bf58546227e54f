"""A real SQLite index, and retries that do not wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

import streams.stages.enrich
import streams.stages.index
import streams.stages.measure
import streams.stages.notify
import streams.stages.store
from streams.index.sqlite import SqliteIndex
from streams.retrying import until_confirmed


@pytest_asyncio.fixture
async def index(tmp_path: Path) -> AsyncIterator[SqliteIndex]:
    opened = SqliteIndex(tmp_path / "index.sqlite")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses that the stages asked for; none is slept."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    for stage in ("enrich", "index", "measure", "notify", "store"):
        module = getattr(streams.stages, stage)
        monkeypatch.setattr(module, "until_confirmed", partial(until_confirmed, sleep=sleep))
    return asked
