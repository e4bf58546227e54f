"""Several workers want to send the same page: one request at a time, and an end to it, whoever dies."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerting.claiming import FRESH, LEASE, Claims
from alerting.senders.base import Lost
from alerting.senders.http import TIMEOUT
from config.records import Notification, NotificationState
from tests.alerting.memory_log import MemoryLog
from tests.alerting.sample_incident import FIRED

ENTRY = Notification(
    key=FIRED.notification_key, incident_id=FIRED.id, receiver="pr", state=NotificationState.SENDING,
    at=0.0, watch=FIRED.watch, transition=FIRED.transition, page=True, holder="a dead worker",
)  # fmt: skip


class OrderedTime:
    """Simulated time for several tasks: whoever sleeps to the earliest moment wakes first."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, woken))
        await woken

    async def run(self, tasks: list[asyncio.Task[None]], until: float) -> None:
        """Let time pass until all tasks are done, or it is `until`."""
        while True:
            for _ in range(20):  # nothing here waits for anything but this clock
                await asyncio.sleep(0)
            if all(task.done() for task in tasks) or self.now >= until:
                return
            self.now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


@dataclass
class Request:
    begun: float
    over: float


async def worker(
    log: MemoryLog,
    time: OrderedTime,
    chances: list[float],
    begins: float,
    takes: float,
    requests: list[Request],
) -> None:
    await time.sleep(begins)
    claims = Claims(log, time, time.sleep, chance=iter(chances * 100).__next__)
    claimed = await claims.take(ENTRY, time(), known=True)
    while claimed is not None:
        try:
            await claims.confirm(claimed)
        except Lost:
            claimed = await claims.retake(claimed)
            continue
        requests.append(Request(time(), time() + takes))
        await time.sleep(takes)
        await log.save_notification(replace(claimed, state=NotificationState.SENT))
        return


_Worker = st.tuples(
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
    st.floats(0, 3 * LEASE),
    st.floats(0.01, TIMEOUT),
    st.none() | st.floats(0, 10 * LEASE),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(_Worker, min_size=1, max_size=4))
def test_requests_never_overlap_nor_follow_a_success_and_whoever_lives_comes_to_an_end(
    workers: list[tuple[list[float], float, float, float | None]],
) -> None:
    asyncio.run(_play(workers))


async def _play(workers: list[tuple[list[float], float, float, float | None]]) -> None:
    log, time, requests = MemoryLog(), OrderedTime(), list[Request]()
    await log.save_notification(ENTRY)
    tasks = [
        asyncio.create_task(worker(log, time, chances, begins, takes, requests))
        for chances, begins, takes, _ in workers
    ]

    async def die(task: asyncio.Task[None], at: float) -> None:
        await time.sleep(at)
        task.cancel()

    deaths = [
        asyncio.create_task(die(task, at))
        for task, (_, _, _, at) in zip(tasks, workers, strict=True)
        if at is not None
    ]
    await time.run(tasks, until=100 * LEASE)
    assert all(task.done() for task in tasks)
    for death in deaths:
        death.cancel()
    for one, other in itertools.pairwise(requests):
        assert other.begun > one.over
    found = await log.notification(ENTRY.key, "pr")
    assert found is not None
    if any(not task.cancelled() for task in tasks):
        assert found.state is NotificationState.SENT
        assert requests


def test_a_lease_is_longer_than_what_may_still_be_under_way() -> None:
    assert LEASE > FRESH + TIMEOUT
