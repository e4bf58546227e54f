"""Two workers with the same page: the old one still sends while its successor is given the incident."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from alerting.claiming import FRESH, LEASE
from alerting.delivery import Delivery
from config.records import Notification, NotificationState
from tests.alerting.delivery.conftest import Desk
from tests.alerting.memory_log import MemoryLog
from tests.alerting.sample_incident import FIRED
from tests.alerting.slack_server import Fault

POST = "chat.postMessage"


def other_log(desk: Desk, log: MemoryLog) -> Delivery:
    """The delivery of a worker that sees the same sent-log through `log`."""
    kept, desk.log = desk.log, log
    try:
        return desk.delivery()
    finally:
        desk.log = kept


async def slow_post(desk: Desk) -> tuple[asyncio.Task[list[Notification]], asyncio.Event]:
    """The old worker posts; Slack has the request and carries it out when the event is set."""
    carried_out = asyncio.Event()
    desk.slack.fail(POST, Fault(after=carried_out))
    old = asyncio.create_task(desk.delivery().deliver(FIRED))
    await desk.slack.seen[POST].wait()
    return old, carried_out


def while_sleeping(desk: Desk, what: Callable[[], Awaitable[object]]) -> None:
    """Let `what` happen in the first sleep from now on."""
    begun = len(desk.time.sleeps)

    async def hook(count: int) -> None:
        if count == begun + 1:
            await what()

    desk.time.on_sleep = hook


async def test_a_slow_post_of_the_old_worker_is_waited_for(desk: Desk) -> None:
    old, carried_out = await slow_post(desk)

    async def arrives() -> None:
        assert desk.slack.messages() == []
        carried_out.set()
        await old

    while_sleeping(desk, arrives)
    assert await desk.delivery().deliver(FIRED) == []
    assert len(desk.slack.messages()) == 1
    assert LEASE in desk.time.sleeps
    [sent] = await old
    assert desk.log.rows[sent.key, "pr"]


async def test_a_slow_post_of_a_worker_that_was_stopped_in_it_is_waited_for_and_found(desk: Desk) -> None:
    old, carried_out = await slow_post(desk)
    old.cancel()
    await asyncio.wait({old})
    arrived = asyncio.Event()

    async def arrives() -> None:
        carried_out.set()
        for _ in range(10_000):  # the server runs in this loop: it needs turns, not time
            if desk.slack.messages():
                arrived.set()
                return
            await asyncio.sleep(0)

    while_sleeping(desk, arrives)
    [sent] = await desk.delivery().deliver(FIRED)
    assert arrived.is_set()
    assert len(desk.slack.messages()) == 1
    assert sent.ts == desk.slack.messages()[0]["ts"]


async def test_the_same_worker_waits_too_where_its_own_send_was_cut_off(desk: Desk) -> None:
    delivery = desk.delivery()
    carried_out = asyncio.Event()
    desk.slack.fail(POST, Fault(after=carried_out))
    first = asyncio.create_task(delivery.deliver(FIRED))
    await desk.slack.seen[POST].wait()
    first.cancel()
    await asyncio.wait({first})
    carried_out.set()
    await delivery.deliver(FIRED)
    assert desk.time.sleeps[0] == LEASE
    assert len(desk.slack.messages()) == 1


async def test_an_old_worker_that_was_told_to_wait_gives_up_when_it_finds_its_claim_taken(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(status=429, retry_after=40))

    async def successor() -> None:
        desk.time.on_sleep = None
        assert len(await desk.delivery().deliver(FIRED)) == 1

    while_sleeping(desk, successor)
    assert await desk.delivery().deliver(FIRED) == []
    assert len(desk.slack.messages()) == 1
    entry = await desk.log.notification(FIRED.notification_key, "pr")
    assert entry is not None
    assert entry.state is NotificationState.SENT


class Stepping(MemoryLog):
    """The old worker's view of the log: at one of its steps the successor does all its work."""

    def __init__(self, shared: MemoryLog, step: int, successor: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self.rows = shared.rows
        self.steps = 0
        self._step = step
        self._successor = successor

    async def notification(self, key: str, receiver: str) -> Notification | None:
        await self._next()
        found = await super().notification(key, receiver)
        await self._next()
        return found

    async def notifications(self, incident_id: str) -> list[Notification]:
        await self._next()
        found = await super().notifications(incident_id)
        await self._next()
        return found

    async def save_notification(self, notification: Notification) -> None:
        await self._next()
        await super().save_notification(notification)
        await self._next()

    async def _next(self) -> None:
        self.steps += 1
        if self.steps == self._step:
            self.steps = -1000  # the rest of the old worker's steps are its own
            await self._successor()


@pytest.mark.parametrize("step", range(1, 14))
async def test_at_whichever_step_the_old_worker_is_frozen_there_is_one_page(desk: Desk, step: int) -> None:
    async def successor() -> None:
        await desk.delivery().deliver(FIRED)
        desk.time.now += FRESH + 1  # a worker that lost its partition was silent for longer

    log = Stepping(desk.log, step, successor)
    await other_log(desk, log).deliver(FIRED)
    assert log.steps < 0, "the old worker has no such step"
    assert len(desk.slack.messages()) == 1


async def test_a_page_taken_over_by_a_worker_that_then_dies_is_sent_by_the_one_it_was_taken_from(
    desk: Desk,
) -> None:
    desk.slack.fail(POST, Fault(status=429, retry_after=40))

    async def successor() -> None:
        desk.time.on_sleep = None
        entry = await desk.log.notification(FIRED.notification_key, "pr")
        assert entry is not None
        await desk.log.save_notification(replace(entry, holder="a worker that dies at once"))

    while_sleeping(desk, successor)
    assert len(await desk.delivery().deliver(FIRED)) == 1
    assert len(desk.slack.messages()) == 1


async def test_without_a_successor_nobody_waits(desk: Desk) -> None:
    await desk.delivery().deliver(FIRED)
    assert desk.time.sleeps == []
    assert len(desk.slack.messages()) == 1
