"""The rate limit, and what waits behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.senders.limiting import Limit
from alerting.senders.outbox import Outbox
from tests.alerting.simulated_time import SimulatedTime


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), st.lists(st.floats(0, 40), min_size=1, max_size=20))
def test_never_more_than_the_limit_in_any_minute(most: int, pauses: list[float]) -> None:
    time = SimulatedTime(100.0)
    taken: list[float] = []

    async def go() -> None:
        limit = Limit(most, time, time.sleep)
        for pause in pauses:
            time.now += pause
            await limit.ready()
            limit.take()
            taken.append(time.now)

    asyncio.run(go())
    assert all(sum(at - 60 + 1e-6 < other <= at for other in taken) <= most for at in taken)


async def test_quiet_that_was_asked_for_is_kept() -> None:
    time = SimulatedTime(100.0)
    limit = Limit(5, time, time.sleep)
    limit.hold(30)
    assert limit.left == 0
    await limit.ready()
    assert time.now == 130.0


class Desk:
    def __init__(self, most: int) -> None:
        self.time = SimulatedTime(100.0)
        self.sent: list[tuple[int, ...]] = []
        self.tried: list[bool] = []
        self.fail = False
        self.gate: asyncio.Event | None = None
        self.box: Outbox[int, str] = Outbox(Limit(most, self.time, self.time.sleep), self.deliver)

    async def deliver(self, what: Sequence[int], tried: bool) -> str:
        if self.gate:
            await self.gate.wait()
        if self.fail:
            raise ConnectionError("down")
        self.sent.append(tuple(what))
        self.tried.append(tried)
        return f"message {len(self.sent)}"


async def test_with_room_each_goes_alone() -> None:
    desk = Desk(most=5)
    assert await asyncio.gather(*(desk.box.send(n) for n in range(4))) == [
        f"message {n}" for n in range(1, 5)
    ]
    assert desk.sent == [(0,), (1,), (2,), (3,)]


async def test_without_room_all_that_waits_goes_as_one() -> None:
    desk = Desk(most=2)
    said = await asyncio.gather(*(desk.box.send(n) for n in range(6)))
    assert desk.sent == [(0,), (1,), (2, 3, 4, 5)]
    assert said == ["message 1", "message 2"] + ["message 3"] * 4
    assert desk.time.sleeps == [60.0]


async def test_a_failure_is_everybodys_who_was_in_it() -> None:
    desk = Desk(most=1)
    desk.fail = True
    outcomes = await asyncio.gather(*(desk.box.send(n) for n in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, ConnectionError) for outcome in outcomes)
    desk.fail = False
    assert await desk.box.send(9) == "message 1"


@pytest.mark.parametrize("gives_up", [0, 1])
async def test_who_gives_up_takes_nobody_along(gives_up: int) -> None:
    desk = Desk(most=1)
    desk.gate = asyncio.Event()
    tasks = [asyncio.create_task(desk.box.send(n)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[gives_up].cancel()
    await asyncio.gather(tasks[gives_up], return_exceptions=True)
    desk.gate.set()
    rest = [task for n, task in enumerate(tasks) if n != gives_up]
    await asyncio.gather(*rest)
    others = [n for n in range(3) if n != gives_up]
    assert [n for sent in desk.sent for n in sent if n in others] == others


async def test_what_a_cancelled_caller_may_have_sent_is_told_to_the_next() -> None:
    desk = Desk(most=1)
    assert await desk.box.send(0) == "message 1"
    desk.gate, begun = asyncio.Event(), asyncio.Event()
    deliver = desk.box.deliver

    async def noted(what: Sequence[int], tried: bool) -> str:
        begun.set()
        return await deliver(what, tried)

    desk.box.deliver = noted
    tasks = [asyncio.create_task(desk.box.send(n)) for n in (1, 2, 3)]
    await begun.wait()  # the minute is over: all three go as one, and the first holds the desk
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    desk.gate.set()
    await asyncio.gather(*tasks[1:])
    assert [n for sent in desk.sent[1:] for n in sent] == [2, 3]
    assert desk.tried[1]
