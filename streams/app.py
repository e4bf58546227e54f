"""The Faust application: one agent a stage, each a few lines around it.

Agents take unacknowledged batches, hand them to their stage, and acknowledge when it
returns, which it does only once its sinks have confirmed. There are no tables: what
a stage remembers is rebuilt from the index (`streams.stages`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import faust
from aiokafka.partitioner import murmur2

from config.settings import KafkaSettings
from streams.stages.base import SCORED, Incoming, InHand, Outgoing, PublishError

_log = logging.getLogger(__name__)


HAND_OVER_S: Final = 5.0
"""Seconds that a rebalance waits for the batches in hand."""


class Stage(Protocol):
    """Takes a batch and returns when all of it is dealt with."""

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Deal with `batch`; raise only what no retry can heal."""
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


class FaustPublisher:
    """Publishes through the app's own producer and waits for the brokers' acknowledgement."""

    def __init__(self, app: faust.App) -> None:
        self._topics: dict[str, Any] = {}
        self._app = app

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when the brokers have acknowledged all `messages`.

        Raises
        ------
        PublishError
            Some were not acknowledged.
        """
        try:
            sent = []
            for message in messages:
                topic = self._topics.get(message.topic)
                if topic is None:
                    topic = self._topics[message.topic] = raw_topic(self._app, message.topic)
                sent.append(await topic.send(key=message.key, value=message.value))
            await asyncio.gather(*sent)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise PublishError(f"{type(error).__name__}: {error}") from error


def raw_topic(app: faust.App, name: str) -> Any:
    """Return a topic whose keys and values are the bytes as they are."""
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


def make_app(
    kafka: KafkaSettings, bootstrap: str, credentials: Any = None, folder: Path | None = None
) -> faust.App:
    """Return the Faust app: no web server, no tables, topics never made by accident.

    A worker that dies without goodbye is noticed after the session timeout of 10 s;
    Faust's own default of 60 s leaves its partitions unread that long. Faust makes a folder for
    tables, of which there are none: it goes into `folder`.
    """
    return faust.App(
        kafka.group,
        broker=";".join(f"kafka://{address.strip()}" for address in bootstrap.split(",")),
        broker_credentials=credentials,
        store="memory://",
        **({} if folder is None else {"datadir": str(folder)}),
        web_enabled=False,
        autodiscover=False,
        worker_redirect_stdouts=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_replication_factor=kafka.replication,
        table_standby_replicas=0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_rebalance_timeout=10.0,
        broker_request_timeout=30.0,
        broker_commit_interval=0.5,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=4096,
        stream_wait_empty=False,
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_batch_size=262_144,
        producer_max_request_size=1_000_000,
        producer_compression_type="gzip",
    )


class Worker:
    """One worker of the group: its agents, its clock ticks, its graceful stop."""

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
        self._tick = tick
        self._tick_every = tick_every
        self._watch_ids = watch_ids
        self._partitions = dict(partitions or {})
        self._ticker: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        for plan in plans:
            self._add_agent(plan)

        async def revoked(_: Any, revoked: Any, **__: Any) -> None:
            if not revoked:
                return
            on_revoked()
            # What is in hand shall be written before the next owner begins, or its older state
            # could cover the next owner's.
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=HAND_OVER_S)

        self._revoked_handler = revoked  # signals keep weak references
        app.on_partitions_revoked.connect(revoked)

    def _add_agent(self, plan: AgentPlan) -> None:
        async def process(stream: Any) -> AsyncIterator[None]:
            room = asyncio.Semaphore(plan.overlapping)
            before: asyncio.Task[None] | None = None
            async for events in stream.noack_take(plan.batch, within=plan.within):
                await room.acquire()
                task = asyncio.create_task(self._process(plan, events, before), name=f"fengsheng-{plan.name}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                task.add_done_callback(lambda _: room.release())
                if plan.overlapping == 1:
                    await _until_done(task)
                else:
                    before = task
                yield

        process.__name__ = plan.name
        self.app.agent(raw_topic(self.app, plan.topic), name=plan.name)(process)

    async def _process(
        self, plan: AgentPlan, events: Sequence[Any], before: asyncio.Task[None] | None
    ) -> None:
        """Run the stage on a batch and acknowledge it, after the batch before it has been.

        Faust commits over a gap of one event, so acknowledgements must stay in order.
        """
        async with self._in_hand.batch():
            try:
                await plan.stage.run([_incoming(event) for event in events])
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                # Going on would commit over this batch: the worker must end, and its
                # successor read the batch again.
                self._fail(plan.name, error)
                await asyncio.Event().wait()
            if before is not None:
                await asyncio.wait({before})
            for event in events:
                event.ack()

    def _fail(self, name: str, error: BaseException) -> None:
        _log.critical("the agent %s failed and can't go on: %s", name, error, exc_info=error)
        if self.failed is not None and not self.failed.done():
            self.failed.set_result(error)

    async def start(self) -> None:
        """Join the group and begin to consume."""
        self.failed = asyncio.get_running_loop().create_future()
        await self.app.start()
        if self._tick is not None:
            self._ticker = asyncio.create_task(self._tick_forever(), name="fengsheng-ticks")

    async def stop(self, within: float = 30.0) -> None:
        """Finish the batches in hand (at most `within` seconds), commit, leave the group."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        failed = self.failed is not None and self.failed.done()
        # A batch that failed never ends; those of the other agents get a moment.
        await self._in_hand.finish(min(within, 1.0) if failed else within)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        consumer = self.app.consumer
        if consumer is not None and consumer.started:
            await consumer.commit()
        await self.app.stop()

    def owned(self) -> list[str]:
        """Return the watches whose partition of the scored mentions this worker reads."""
        mine = {tp.partition for tp in self.app.consumer.assignment() if tp.topic == SCORED}
        count = self._partitions.get(SCORED, 0)
        if not count:
            return []
        return [w for w in self._watch_ids if (murmur2(w.encode()) & 0x7FFFFFFF) % count in mine]

    async def _tick_forever(self) -> None:
        assert self._tick is not None
        while True:
            await asyncio.sleep(self._tick_every)
            try:
                # Among those that a hand-over waits for: a tick measures too.
                task = asyncio.create_task(self._tick(self.owned()), name="fengsheng-tick")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                await task
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._fail("ticks", error)
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
