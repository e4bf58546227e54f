"""Partitions read at different speeds in a catch-up: the detector sees the same as if they had not been."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from zlib import crc32

import msgspec
import pytest
import pytest_asyncio

from alerting.detector import Detector
from config.records import Incident, Match, MatchReason, ScoredMention, Signal, decode
from streams.backlog import Looks
from streams.index.sqlite import SqliteIndex
from streams.merging import Merge
from streams.stages.base import INCIDENTS, SCORED, Counters, Incoming
from streams.stages.measure import FEED_DELAY_S, MeasureStage
from streams.stages.ordering import Ordering
from tests.alerting.timeline import DEFAULT, WATCH, Story
from tests.streams.stages.making import MemoryPublisher, incoming

HOLD = 60.0
SPEEDS = (1, 7)
MATCHES = [Match(watch=WATCH.id, reason=MatchReason.KEYWORD, keyword="青山茶饮")]


@pytest.fixture(scope="module")
def crisis() -> list[ScoredMention]:
    """Half an hour of ordinary talk, a crisis and its ebb."""
    story = Story().talk(30, 4, 0.08).crisis(rise=5, peak=45, plateau=6)
    return [msgspec.structs.replace(m, matches=MATCHES) for m in story.mentions]


class World:
    """An index, a log in two partitions, and the stage that measures them, at a clock of its own."""

    def __init__(self, index: SqliteIndex, now: float, ordered: bool = True, hold: float = HOLD) -> None:
        self.index = index
        self.now = now
        self.seconds = 0.0
        self.ordered = ordered
        self.hold = hold
        self.on_look: Callable[[], None] = lambda: None
        self.publisher = MemoryPublisher()
        self.unread: list[list[ScoredMention]] = []
        self.start()

    def start(self) -> None:
        """A new worker: nothing is remembered."""
        self.counters = Counters()
        merge = Merge(self.hold, 20_000, DEFAULT.allowed_lateness)
        looks = Looks(self.waiting, lambda: self.seconds)
        ordering = Ordering(merge, looks, lambda: self.now, lambda: self.seconds)
        self.stage = MeasureStage(
            {WATCH.id: WATCH}, lambda watch: Detector(watch, DEFAULT), Detector.lookback(DEFAULT), self.index,
            self.publisher, self.counters, lambda: self.now, 3_600.0, ordering if self.ordered else None,
        )  # fmt: skip

    async def waiting(self) -> float | None:
        self.on_look()
        return min((log[0].created_at for log in self.unread if log), default=None)

    async def take(self, mentions: Sequence[ScoredMention]) -> None:
        """What the index stage does with a batch, then the measure stage."""
        await self.index.write_mentions(mentions)
        await self.stage.run(messages(mentions))
        self.seconds += 1.0

    async def read(self, log: list[ScoredMention], count: int) -> None:
        """Take batches; what is in hand is not committed yet, so it still counts as on its way."""
        while log and count > 0:
            batch = log[: min(50, count)]
            await self.take(batch)
            del log[: len(batch)]
            count -= len(batch)

    async def tick(self, seconds: float = 5.0) -> None:
        self.seconds += seconds
        await self.stage.tick([WATCH.id])

    async def finish(self) -> None:
        """Read what is left at different speeds, and what is held."""
        while any(self.unread):
            for log, speed in zip(self.unread, SPEEDS, strict=True):
                await self.read(log, 40 * speed)
        await self.tick()
        assert self.counters.held == 0

    async def outcome(self) -> tuple[list[Signal], list[Incident]]:
        """What was told, without what a restart may change: posts given twice are late, usual words learnt anew."""
        plain = msgspec.structs.replace
        signals = await self.index.signals(WATCH.id, 0.0, float("inf"))
        incidents = await self.index.incidents(WATCH.id)
        return [plain(s, late=0) for s in signals], [
            plain(i, signal=plain(i.signal, late=0), evidence=plain(i.evidence, terms=[])) for i in incidents
        ]

    def told(self) -> set[str]:
        return {decode(m.value, Incident).notification_key for m in self.publisher.of(INCIDENTS)}


def messages(mentions: Sequence[ScoredMention]) -> list[Incoming]:
    return [incoming(msgspec.structs.replace(m, watch=WATCH.id), SCORED, WATCH.id.encode()) for m in mentions]


def partitioned(mentions: Sequence[ScoredMention]) -> list[list[ScoredMention]]:
    """Two partitions: most threads in the slow one."""
    fast = [m for m in mentions if crc32(m.thread_id.encode()) % 6 == 0]
    slow = [m for m in mentions if crc32(m.thread_id.encode()) % 6]
    return [slow, fast]


@pytest_asyncio.fixture
async def world(index: SqliteIndex, crisis: list[ScoredMention]) -> World:
    """A day after the crisis; nothing of it has been read."""
    found = World(index, crisis[-1].created_at + 86_400)
    found.unread = partitioned(crisis)
    return found


@pytest_asyncio.fixture
async def expected(
    crisis: list[ScoredMention], tmp_path: Path
) -> tuple[tuple[list[Signal], list[Incident]], set[str]]:
    """What comes of the crisis when it is read in order."""
    index = SqliteIndex(tmp_path / "in-order.sqlite")
    await index.open()
    try:
        plain = World(index, crisis[-1].created_at + 86_400, ordered=False)
        await plain.take(crisis)
        return await plain.outcome(), plain.told()
    finally:
        await index.close()


Expected = tuple[tuple[list[Signal], list[Incident]], set[str]]


async def test_a_partition_far_ahead_changes_what_is_told_where_order_is_not_brought(
    world: World, expected: Expected
) -> None:
    assert expected[1]
    world.ordered = False
    world.start()
    slow, fast = world.unread
    await world.read(fast, len(fast))
    await world.read(slow, len(slow))
    assert world.told() != expected[1]


async def test_a_partition_far_ahead_changes_nothing(world: World, expected: Expected) -> None:
    _, fast = world.unread
    await world.read(fast, len(fast))
    assert world.counters.held > 100
    assert world.told() == set()
    await world.finish()
    assert (await world.outcome(), world.told()) == expected


async def test_partitions_at_different_speeds_change_nothing(world: World, expected: Expected) -> None:
    await world.finish()
    assert (await world.outcome(), world.told()) == expected


@pytest.mark.parametrize("stopping", [1, 4, 8])
async def test_a_restart_holds_again_what_was_held(world: World, expected: Expected, stopping: int) -> None:
    slow, fast = world.unread
    await world.read(fast, len(fast))
    for _ in range(stopping):
        await world.read(slow, 60)
        world.start()  # what was held is acknowledged, and gone from memory
        await world.tick(1.0)
        assert world.counters.held > 0
    await world.finish()
    assert (await world.outcome(), world.told()) == expected


async def test_watches_taken_over_hold_again_what_the_index_has(world: World, expected: Expected) -> None:
    slow, fast = world.unread
    await world.read(fast, len(fast))
    await world.read(slow, 200)
    world.stage.forget()
    await world.read(slow, 1)
    assert world.counters.held > 100
    await world.finish()
    assert (await world.outcome(), world.told()) == expected


async def test_who_never_gets_a_message_again_still_measures_what_was_held(
    world: World, expected: Expected
) -> None:
    slow, fast = world.unread
    await world.read(fast, len(fast))
    await world.index.write_mentions(slow)  # and the worker dies before it publishes them to their watch
    world.start()
    await world.tick()
    assert world.told() == set()
    slow.clear()
    await world.tick()
    assert (await world.outcome(), world.told()) == expected


async def test_what_was_seen_before_they_came_sets_nobody_free(world: World) -> None:
    coming, world.unread = world.unread, [[], []]
    await world.tick()  # nothing was on its way then
    world.unread = coming
    await world.read(coming[1], 50)
    assert world.counters.held == 50


async def test_a_tick_that_a_hand_over_overtakes_measures_nothing(world: World, expected: Expected) -> None:
    slow, fast = world.unread
    await world.read(fast, len(fast))
    await world.read(slow, 60)
    told = len(world.publisher.messages)
    await world.index.write_mentions(slow)
    slow.clear()  # all that is held is due
    world.on_look = world.stage.forget
    await world.tick()
    assert len(world.publisher.messages) == told
    world.on_look = lambda: None
    await world.tick()
    assert (await world.outcome(), world.told()) == expected


async def test_nobody_waits_for_a_partition_that_stands_still_for_ever(world: World) -> None:
    _, fast = world.unread
    count = len(fast)
    await world.read(fast, count)
    await world.tick(HOLD - world.seconds - 1)
    assert world.counters.held == count
    await world.tick(HOLD)
    assert world.counters.held == 0
    assert (await world.outcome())[0]


async def test_a_live_post_is_measured_at_once(index: SqliteIndex, crisis: list[ScoredMention]) -> None:
    world = World(index, crisis[0].created_at)
    for mention in crisis[:200]:
        world.now = mention.created_at + 2
        await world.take([mention])
        assert world.counters.held == 0
        assert world.stage.detectors[WATCH.id].watermark == mention.created_at


async def test_no_silence_is_told_while_older_posts_are_on_their_way(
    index: SqliteIndex, crisis: list[ScoredMention]
) -> None:
    advanced: list[float] = []

    class Asked(Detector):
        def advance(self, now: float) -> list[Signal | Incident]:
            advanced.append(now)
            return []

    world = World(index, crisis[-1].created_at)
    await world.take(crisis[:50])
    await world.tick()
    world.stage._detector_for = lambda watch: Asked(watch, DEFAULT)
    world.stage.forget()
    world.now = crisis[49].created_at + 1_000
    world.unread = [crisis[60:70], []]
    await world.tick()
    world.unread = [[], []]
    await world.tick()
    assert advanced[0] == crisis[60].created_at
    assert advanced[1] == world.now - FEED_DELAY_S


async def test_what_can_not_be_measured_later_is_dead_lettered(
    world: World, crisis: list[ScoredMention]
) -> None:
    class Choking(Detector):
        def observe(self, mention: ScoredMention) -> list[Signal | Incident]:
            if mention.mention_id == world.unread[1][0].mention_id:
                raise ZeroDivisionError("odd")
            return super().observe(mention)

    world.stage._detector_for = lambda watch: Choking(watch, DEFAULT)
    _, fast = world.unread
    await world.take(fast)
    assert world.publisher.letters() == []
    world.unread[0].clear()
    world.unread[1][1:] = []
    await world.tick(HOLD)
    [letter] = world.publisher.letters()
    assert letter.code == "not_measured"
    assert decode(letter.payload, ScoredMention).mention_id == fast[0].mention_id
