"""One worker of the group: an agent a stage, hand-overs, ticks, the graceful stop.

Agents take unacknowledged batches, hand them to their stage, and acknowledge when it
returns, which it does only once its sinks have confirmed.

When the group shares its partitions out anew, every worker drops what it has in hand: all
of it is read again by the next owners, from what was committed. Batches in hand get a
moment to be finished, and none begins before it is known who owns what.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import faust
from aiokafka.partitioner import murmur2

from streams.app import raw_topic
from streams.retrying import Hopeless
from streams.stages.base import SCORED, Incoming, InHand

_log = logging.getLogger(__name__)

HAND_OVER_S: Final = 5.0
"""Seconds that a hand-over waits for the batches in hand; then they are cut off."""

CUT_OFF_S: Final = 1.0
"""Seconds that a batch which was cut off may take to notice."""

COMMIT_S: Final = 2.0
"""Seconds that a hand-over waits for what was finished to be committed."""


class Stage(Protocol):
    """Takes a batch and returns when all of it is dealt with."""

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Deal with `batch`; raise only what no retry can heal. It may be cancelled and run again."""
        ...


@dataclass(frozen=True)
class AgentPlan:
    """Which stage reads which topic, in batches of how many messages gathered for how many seconds.

    `overlapping` batches may be in hand at once: more than one where a batch may have to
    wait for a receiver's outage and must not hold up those behind it.
    """

    name: str
    topic: str
    stage: Stage
    batch: int
    within: float
    overlapping: int = 1


class Worker:
    """The agents of one worker.

    Parameters
    ----------
    on_revoked : called when partitions are about to change hands, before and after what is in hand is
        finished; forgets what belongs to them.
    tick : called every `tick_every` seconds with those of `watch_ids` that this worker measures.
    partitions : partitions of each topic.
    """

    def __init__(
        self,
        app: faust.App,
        plans: Sequence[AgentPlan],
        on_revoked: Callable[[], None],
        tick: Callable[[Sequence[str]], Coroutine[Any, Any, None]] | None = None,
        watch_ids: Sequence[str] = (),
        tick_every: float = 5.0,
        partitions: Mapping[str, int] | None = None,
    ) -> None:
        self.app = app
        self.failed: asyncio.Future[BaseException] | None = None
        self._in_hand = InHand()
        self._on_revoked = on_revoked
        self._tick = tick
        self._tick_every = tick_every
        self._watch_ids = watch_ids
        self._partitions = dict(partitions or {})
        self._own: list[asyncio.Task[None]] = []
        self._owning = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut_off: set[asyncio.Task[None]] = set()
        for plan in plans:
            self._add_agent(plan)

        async def revoked(*_: Any, **__: Any) -> None:
            await self._hand_over()

        async def assigned(*_: Any, **__: Any) -> None:
            self._owning.set()

        self._handlers = (revoked, assigned)  # signals keep weak references
        app.on_partitions_revoked.connect(revoked)
        app.on_partitions_assigned.connect(assigned)

    async def _hand_over(self) -> None:
        """Let the batches in hand be finished, for a moment, and begin no other.

        What is in hand shall be written before the next owner begins, or its older state could
        cover the next owner's.
        """
        self._owning.clear()
        self._on_revoked()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=HAND_OVER_S)
            for task in late:
                self._cut_off.add(task)
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CUT_OFF_S)
            self._on_revoked()  # a batch that waited for another has begun to remember since
        # Or the next owners would do it all again; a broker that does not answer is not waited for.
        await asyncio.wait({asyncio.ensure_future(self.app.consumer.commit())}, timeout=COMMIT_S)

    def _add_agent(self, plan: AgentPlan) -> None:
        async def process(stream: Any) -> AsyncIterator[None]:
            room = asyncio.Semaphore(plan.overlapping)
            async for events in stream.noack_take(plan.batch, within=plan.within):
                await room.acquire()
                await self._owning.wait()
                task = self._begin(self._process(plan, self._still_ours(events)), f"fengsheng-{plan.name}")
                task.add_done_callback(lambda _: room.release())
                if plan.overlapping == 1:
                    await _until_done(task)
                yield

        process.__name__ = plan.name
        self.app.agent(raw_topic(self.app, plan.topic), name=plan.name)(process)

    def _still_ours(self, events: Sequence[Any]) -> list[Any]:
        """Return what was read since the partitions were last shared out; the rest is read again by its owners."""
        return [e for e in events if e.message.generation_id == self.app.consumer_generation_id]

    def _begin(self, what: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._unless_cut_off(what), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _unless_cut_off(self, what: Coroutine[Any, Any, None]) -> None:
        """Await `what`, which a hand-over may end early."""
        task = asyncio.current_task()
        assert task is not None
        try:
            await what
        except asyncio.CancelledError:
            if task not in self._cut_off:
                raise
            task.uncancel()
        finally:
            self._cut_off.discard(task)

    async def _process(self, plan: AgentPlan, events: Sequence[Any]) -> None:
        """Run the stage on a batch and acknowledge it."""
        if not events:
            return
        async with self._in_hand.batch():
            try:
                await plan.stage.run([_incoming(event) for event in events])
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                # This batch stays unacknowledged: the worker must end, and its successor read it again.
                self._fail(f"agent {plan.name}", error)
                await asyncio.Event().wait()
            for event in events:
                event.ack()  # for Faust's own books
                self.app.consumer.finish(event.message)

    def _fail(self, name: str, error: BaseException) -> None:
        # What says itself what to do is told by the command that it ends: no stack shall hide that.
        known = isinstance(error, Hopeless)
        level = logging.INFO if known else logging.CRITICAL
        _log.log(level, "the %s failed and can't go on: %s", name, error, exc_info=None if known else error)
        if self.failed is not None and not self.failed.done():
            self.failed.set_result(error)

    async def start(self) -> None:
        """Join the group and begin to consume."""
        self.failed = asyncio.get_running_loop().create_future()
        await self.app.start()
        self._own.append(asyncio.create_task(self._until_crashed(), name="fengsheng-crashes"))
        if self._tick is not None:
            self._own.append(asyncio.create_task(self._tick_forever(), name="fengsheng-ticks"))

    async def stop(self, within: float = 30.0) -> None:
        """Finish the batches in hand (at most `within` seconds), commit, leave the group."""
        for own in self._own:
            own.cancel()
        await asyncio.gather(*self._own, return_exceptions=True)
        failed = self.failed is not None and self.failed.done()
        # A batch that failed never ends; those of the other agents get a moment.
        await self._in_hand.finish(min(within, 1.0) if failed else within)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        consumer = self.app.consumer
        if consumer is not None and consumer.started and not self.app.crashed:
            await consumer.commit()
        await self.app.stop()

    def owned(self) -> list[str]:
        """Return the watches whose partition of the scored mentions this worker reads."""
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == SCORED}
        count = self._partitions.get(SCORED, 0)
        if not count:
            return []
        return [w for w in self._watch_ids if (murmur2(w.encode()) & 0x7FFFFFFF) % count in mine]

    async def _until_crashed(self) -> None:
        """End the worker where Faust has given up: it would stay in the group and read nothing."""
        await self.app.wait_until_stopped()
        if self.app.crashed:
            self._fail("connection to Kafka", self.app.crash_reason or RuntimeError("no reason given"))

    async def _tick_forever(self) -> None:
        assert self._tick is not None
        while True:
            await asyncio.sleep(self._tick_every)
            await self._owning.wait()
            # Among those that a hand-over waits for: a tick measures too.
            task = self._begin(self._tick(self.owned()), "fengsheng-tick")
            try:
                await task
            except Exception as error:
                self._fail("clock", error)
                return


async def _until_done(task: asyncio.Task[Any]) -> None:
    """Wait for a batch; for ever where a stop has cancelled it, until Faust cancels the agent.

    An agent whose own code raises CancelledError is started again by Faust, also amid a stop.
    That agent would take another batch, and Faust, which cancels only those it had completely
    started, would wait for its end for ever.
    """
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    if task.cancelled():
        await asyncio.Event().wait()
    task.result()


def _incoming(event: Any) -> Incoming:
    message = event.message
    return Incoming(message.topic, message.partition, message.offset, message.key, message.value)
