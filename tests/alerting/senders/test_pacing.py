"""Pacing and back-off."""

from __future__ import annotations

import asyncio

from alerting.senders.backoff import Backoff
from alerting.senders.pacing import Pacer
from tests.alerting.simulated_time import SimulatedTime


async def test_turns_at_a_channel_are_a_second_apart() -> None:
    time = SimulatedTime(100.0)
    pacer = Pacer(time, time.sleep)
    taken: list[tuple[str, float]] = []

    async def go(channel: str) -> None:
        await pacer.turn(channel)
        taken.append((channel, time.now))

    await asyncio.gather(*(go("a") for _ in range(4)), go("b"))
    assert ("b", 100.0) in taken
    assert [at for channel, at in taken if channel == "a"] == [100.0, 101.0, 102.0, 103.0]


async def test_quiet_that_was_asked_for_holds_those_who_wait_already() -> None:
    time = SimulatedTime(100.0)
    pacer = Pacer(time, time.sleep)
    await pacer.turn("a")
    waiting = asyncio.create_task(pacer.turn("a"))
    pacer.hold("a", 30.0)
    await waiting
    assert time.now == 130.0


async def test_a_caller_that_gives_up_costs_no_turn() -> None:
    time = SimulatedTime(100.0)
    pacer = Pacer(time, asyncio.sleep)
    await pacer.turn("a")
    waiting = asyncio.create_task(pacer.turn("a"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    time.now = 101.0
    await pacer.turn("a")
    assert time.now == 101.0


def test_backoff_doubles_up_to_its_bound_and_never_below_half() -> None:
    assert [Backoff(chance=lambda: 1.0).delay(n) for n in (1, 2, 3, 7, 500)] == [1, 2, 4, 60, 60]
    assert [Backoff(chance=lambda: 0.0).delay(n) for n in (1, 2, 500)] == [0.5, 1, 30]
