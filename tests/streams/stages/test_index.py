"""The index is written and confirmed before a watch hears of a mention, in any order, however often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from config.records import ScoredMention
from streams.index.sqlite import SqliteIndex
from streams.stages.base import DEAD, ENRICHED, SCORED, Counters, Incoming, Outgoing
from streams.stages.index import IndexStage
from streams.threads import ThreadMemory
from tests.streams.stages.failing_index import FailingIndex
from tests.streams.stages.making import NOW, MemoryPublisher, belonging, incoming, mention, scored

SILENT = "真的吗"


def stage(
    index: SqliteIndex, publisher: MemoryPublisher, counters: Counters | None = None,
    memory: ThreadMemory | None = None,
) -> IndexStage:  # fmt: skip
    return IndexStage(index, publisher, memory or ThreadMemory(), counters or Counters(), lambda: NOW)


def messages(mentions: Sequence[ScoredMention]) -> list[Incoming]:
    return [incoming(m, ENRICHED, m.thread_id.encode()) for m in mentions]


async def everything(index: SqliteIndex) -> dict[str, ScoredMention]:
    return {m.mention_id: m for m in await index.search(None, limit=1000)}


async def test_each_mention_is_stored_once_and_sent_to_each_of_its_watches(index: SqliteIndex) -> None:
    publisher, counters = MemoryPublisher(), Counters()
    settled: list[str] = []
    counters.settled = settled.extend
    made = await scored(mention(1), mention(2, "青山茶饮的奶茶"), mention(3, SILENT))
    await stage(index, publisher, counters).run(messages(made))
    assert await everything(index) == {m.mention_id: m for m in made}
    sent = [
        (m.key, s.mention_id, s.watch)
        for m, s in zip(publisher.of(SCORED), publisher.mentions(SCORED), strict=True)
    ]
    assert sent == [
        (b"tea", "weibo:1", "tea"), (b"tea", "weibo:2", "tea"), (b"milk", "weibo:2", "milk"),
    ]  # fmt: skip
    assert settled == ["weibo:1", "weibo:2", "weibo:3"]
    assert (counters.indexed, counters.scored, counters.dead) == (3, 3, 0)


async def test_the_index_has_a_mention_before_its_watch_hears_of_it(index: SqliteIndex) -> None:
    class Checking(MemoryPublisher):
        async def publish(self, messages: Sequence[Outgoing]) -> None:
            await super().publish(messages)
            stored = await everything(index)
            assert {m.mention_id for m in self.mentions(SCORED)} <= set(stored)

    await stage(index, publisher := Checking()).run(messages(await scored(mention(1))))
    assert len(publisher.mentions(SCORED)) == 1


async def test_comments_follow_their_root_over_batches_and_restarts(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    root, reply, deeper = await scored(
        mention(1), mention(2, SILENT, parent="1"), mention(3, SILENT, parent="2", root="1")
    )
    first = stage(index, publisher)
    await first.run(messages([root]))
    await first.run(messages([reply]))
    await stage(index, publisher).run(messages([deeper]))
    stored = await everything(index)
    assert belonging(stored["weibo:1"].matches) == {"tea": "keyword"}
    assert belonging(stored["weibo:2"].matches) == {"tea": "parent"}
    assert belonging(stored["weibo:3"].matches) == {"tea": "parent"}
    assert {m.story for m in stored.values()} == {root.story}
    assert [m.mention_id for m in publisher.mentions(SCORED)] == ["weibo:1", "weibo:2", "weibo:3"]


async def test_a_parent_that_comes_later_brings_its_comments_to_the_watch_they_gain(
    index: SqliteIndex,
) -> None:
    publisher = MemoryPublisher()
    root, comment, brand = await scored(
        mention(1), mention(2, SILENT, parent="1"), mention(3, "奶茶", parent="1")
    )
    await stage(index, publisher).run(messages([comment, brand]))
    assert [(m.mention_id, m.watch) for m in publisher.mentions(SCORED)] == [("weibo:3", "milk")]
    publisher.messages.clear()
    await stage(index, publisher).run(messages([root]))
    stored = await everything(index)
    assert belonging(stored["weibo:2"].matches) == {"tea": "parent"}
    assert belonging(stored["weibo:3"].matches) == {"milk": "keyword", "tea": "parent"}
    sent = {(m.mention_id, m.watch) for m in publisher.mentions(SCORED)}
    assert sent >= {("weibo:1", "tea"), ("weibo:2", "tea"), ("weibo:3", "tea")}


async def test_parent_and_comment_of_one_batch_meet_in_either_order(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    root, comment = await scored(mention(1), mention(2, SILENT, parent="1"))
    await stage(index, publisher).run(messages([comment, root]))
    assert {(m.mention_id, m.watch) for m in publisher.mentions(SCORED)} == {
        ("weibo:1", "tea"), ("weibo:2", "tea"),
    }  # fmt: skip
    assert len(publisher.mentions(SCORED)) == 2


async def test_a_replayed_batch_leaves_the_same_index_and_counts_nobody_twice(index: SqliteIndex) -> None:
    made = await scored(mention(1), mention(2, SILENT, parent="1"), mention(3, SILENT))
    batch = messages(made) + messages(made[:1])
    await stage(index, MemoryPublisher()).run(batch)
    before = await everything(index)
    await stage(index, publisher := MemoryPublisher()).run(batch)
    assert await everything(index) == before
    assert (await index.counts())["mentions"] == 3
    assert await index.count_by_watch() == {"tea": 2}
    assert [m.mention_id for m in publisher.mentions(SCORED)] == ["weibo:1", "weibo:2"]


async def test_a_death_between_index_and_publish_costs_an_adopted_comment_nothing(index: SqliteIndex) -> None:
    class Dying(MemoryPublisher):
        async def publish(self, messages: Sequence[Outgoing]) -> None:
            raise asyncio.CancelledError

    root, comment, deeper = await scored(
        mention(1), mention(2, SILENT, parent="1"), mention(3, SILENT, parent="2", root="1")
    )
    await stage(index, MemoryPublisher()).run(messages([comment, deeper]))
    with contextlib.suppress(asyncio.CancelledError):
        await stage(index, Dying()).run(messages([root]))
    assert belonging((await everything(index))["weibo:2"].matches) == {"tea": "parent"}
    await stage(index, publisher := MemoryPublisher()).run(messages([root]))
    assert {(m.mention_id, m.watch) for m in publisher.mentions(SCORED)} == {
        ("weibo:1", "tea"), ("weibo:2", "tea"), ("weibo:3", "tea"),
    }  # fmt: skip


async def test_what_the_index_refuses_is_dead_lettered_with_its_origin(tmp_path: Path) -> None:
    index = FailingIndex(tmp_path / "index.sqlite", refused=["weibo:2"])
    await index.open()
    publisher, counters = MemoryPublisher(), Counters()
    settled: list[str] = []
    counters.settled = settled.extend
    batch = messages(await scored(mention(1), mention(2), mention(3)))
    await stage(index, publisher, counters).run(batch)
    assert set(await everything(index)) == {"weibo:1", "weibo:3"}
    await index.close()
    assert [m.mention_id for m in publisher.mentions(SCORED)] == ["weibo:1", "weibo:3"]
    [letter] = publisher.letters()
    assert (letter.code, letter.stage, letter.offset) == ("mapper_parsing", "index", batch[1].offset)
    assert letter.reason == "电话〔手机号〕 is no number"
    assert [message.key for message in publisher.of(DEAD)] == [b"weibo:2"]
    assert settled == ["weibo:1", "weibo:2", "weibo:3"]
    assert (counters.indexed, counters.dead) == (2, 1)


async def test_what_is_no_scored_mention_is_dead_lettered(index: SqliteIndex) -> None:
    publisher, counters = MemoryPublisher(), Counters()
    batch = [incoming(b"{}", ENRICHED), incoming(b"\xff", ENRICHED), incoming(None, ENRICHED)]
    await stage(index, publisher, counters).run(batch + messages(await scored(mention(1))))
    assert [letter.code for letter in publisher.letters()] == ["not_enriched_form"] * 3
    assert counters.dead == 3
    assert set(await everything(index)) == {"weibo:1"}


async def test_neither_sinks_outage_loses_a_mention(tmp_path: Path, pauses: list[float]) -> None:
    index = FailingIndex(tmp_path / "index.sqlite", away=3)
    await index.open()
    publisher, counters = MemoryPublisher(failures=4), Counters()
    root, comment = await scored(mention(1), mention(2, SILENT, parent="1"))
    indexing = stage(index, publisher, counters)
    await indexing.run(messages([comment]))
    await indexing.run(messages([root]))
    assert await index.count_by_watch() == {"tea": 2}
    await index.close()
    assert {m.mention_id for m in publisher.mentions(SCORED)} == {"weibo:1", "weibo:2"}
    assert len(pauses) == 3 + 3 + 4 + 3  # threads, first write, publish, adopted mentions
    assert counters.outage("index").failures == 0
