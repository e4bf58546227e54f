"""A batch in hand is kept until its sink confirms."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.retrying import Hopeless, Outage, until_confirmed


class Flaky:
    """Fails `failures` times, then gives 7."""

    def __init__(self, failures: int, error: type[Exception] = ConnectionError) -> None:
        self.left = failures
        self.error = error

    async def __call__(self) -> int:
        if self.left:
            self.left -= 1
            raise self.error("no answer")
        return 7


class Sleeps:
    """Notes the pauses, sleeps none."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


@given(st.integers(0, 30))
def test_it_tries_until_it_works_with_growing_bounded_pauses(failures: int) -> None:
    sleeps, outage = Sleeps(), Outage()
    action = Flaky(failures)
    found = asyncio.run(
        until_confirmed("write", action, (ConnectionError,), outage, sleeps, first=0.2, longest=15.0)
    )
    assert found == 7
    assert len(sleeps.pauses) == failures
    for number, pause in enumerate(sleeps.pauses):
        middle = min(0.2 * 2**number, 15.0)
        assert middle * 0.8 <= pause <= middle * 1.2
    assert (outage.failures, outage.last_error) == (0, "")


async def test_an_outage_can_be_seen_while_it_lasts() -> None:
    outage, seen = Outage(), []

    async def look(_: float) -> None:
        seen.append((outage.failures, outage.last_error))

    await until_confirmed("write", Flaky(2), (ConnectionError,), outage, look)
    assert seen == [(1, "no answer"), (2, "no answer")]


async def test_what_time_does_not_heal_is_raised_at_once() -> None:
    sleeps = Sleeps()
    with pytest.raises(KeyError):
        await until_confirmed("write", Flaky(1, KeyError), (ConnectionError,), None, sleeps)
    assert sleeps.pauses == []


async def test_cancellation_passes_through() -> None:
    paused = asyncio.Event()

    async def sleep(_: float) -> None:
        paused.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(until_confirmed("write", Flaky(1), (ConnectionError,), None, sleep))
    await paused.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_no_time_heals_is_raised_though_its_base_is_retried() -> None:
    class BurntError(ConnectionError, Hopeless): ...

    sleeps = Sleeps()
    with pytest.raises(BurntError):
        await until_confirmed("ask", Flaky(1, BurntError), (ConnectionError,), sleep=sleeps)
    assert sleeps.pauses == []
