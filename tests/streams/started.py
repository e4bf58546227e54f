"""A worker that is stopped before its broker goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.worker import Worker


@asynccontextmanager
async def started(worker: Worker) -> AsyncIterator[Worker]:
    """Start it, and stop it whatever the test finds."""
    await worker.start()
    try:
        yield worker
    finally:
        if not worker.app.should_stop:
            await worker.stop(within=1.0)
