"""Run an asyncio program until it ends or a signal asks it to: the first asks, the second insists."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import typer

from fengsheng.language import say
from fengsheng.output import talk, warn

T = TypeVar("T")
_log = logging.getLogger(__name__)

LONGEST_STOP_S: Final = 60.0
"""Seconds after which a stop that has not ended is cut off; batches in hand get half of them."""


def run(
    main: Callable[[asyncio.Event], Coroutine[Any, Any, T]], told: Callable[[int], object] | None = None
) -> T:
    """Run ``main(stop)``; SIGINT and SIGTERM set `stop`, a second one ends the process at once.

    So does the end of `LONGEST_STOP_S` seconds. Nothing is lost by either: what was not stored
    is read again at the next start.

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
            loop.call_later(LONGEST_STOP_S, cut_off, number)
            if told is not None:
                told(number)

        def cut_off(number: int) -> None:
            names = ", ".join(sorted({task.get_name() for task in asyncio.all_tasks(loop)}))
            talk.print(
                f"{LONGEST_STOP_S:.0f} 秒还没停下，就此结束；没做完的下次启动时重读 "
                "did not stop in time, ending now; what was not done is read again",
                soft_wrap=True,
            )
            _log.warning("still running when the stop was cut off: %s", names)
            os._exit(128 + number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked, number)
        return await main(stop)

    return asyncio.run(guarded())


def end_if_interrupted(signals: Sequence[int]) -> None:
    """End with the signal's status where one came: a script must not take a part for the whole."""
    if signals:
        warn(say("被中断：以上只是已读部分的结果", "interrupted: this is the result of a part"))
        raise typer.Exit(128 + signals[0])


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
