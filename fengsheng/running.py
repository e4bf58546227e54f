"""Run an asyncio program until it ends or a signal asks it to: the first asks, the second insists."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from fengsheng.output import talk

T = TypeVar("T")


def run(
    main: Callable[[asyncio.Event], Coroutine[Any, Any, T]], told: Callable[[int], object] | None = None
) -> T:
    """Run ``main(stop)``; SIGINT and SIGTERM set `stop`, a second one ends the process at once.

    Parameters
    ----------
    told : called with the number of the signal that asked to stop.
    """

    async def guarded() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked(number: int) -> None:
            if stop.is_set():
                os._exit(128 + number)
            talk.print("正在停止，完成手中的一批… stopping: finishing the batch in hand (again to force)")
            stop.set()
            if told is not None:
                told(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked, number)
        return await main(stop)

    return asyncio.run(guarded())


async def first_of(*awaitables: Awaitable[object]) -> None:
    """Return when any of `awaitables` is done; the others are cancelled, its exception is raised."""
    tasks = [asyncio.ensure_future(a) for a in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
