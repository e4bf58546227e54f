"""Every message of a batch is enriched or dead-lettered, and neither sink's outage loses one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from config.records import Author, WeightSource, decode
from config.settings import PipelineSettings
from models.classification import Classification
from models.dummy import DummyClassifier
from streams.index.sqlite import SqliteIndex
from streams.masking import Pseudonymiser
from streams.stages.base import AUTHORS, DEAD, ENRICHED, Counters
from streams.stages.enrich import EnrichStage
from tests.streams.stages.failing_index import FailingIndex
from tests.streams.stages.making import NOW, MemoryPublisher, enricher, incoming, mention


class Choking(DummyClassifier):
    """Fails on one text."""

    async def classify_async(self, texts: Sequence[str]) -> list[Classification]:
        if any("咬" in text for text in texts):
            raise RuntimeError("can't read 13800138000")
        return await super().classify_async(texts)


def stage(
    index: SqliteIndex, publisher: MemoryPublisher, counters: Counters | None = None,
    classifier: DummyClassifier | None = None, clock: list[float] | None = None,
) -> EnrichStage:  # fmt: skip
    now = clock or [NOW]
    return EnrichStage(
        enricher(classifier), index, publisher, PipelineSettings(), counters or Counters(), lambda: now[0]
    )


async def test_the_good_are_enriched_and_the_bad_dead_lettered_with_their_origin(index: SqliteIndex) -> None:
    publisher, counters = MemoryPublisher(), Counters()
    settled: list[str] = []
    counters.settled = settled.extend
    good, broken = incoming(mention(1)), incoming(b'{"tel": 13800138000', key=b"k" * 500)
    old = incoming(mention(2, created_at=5.0))
    await stage(index, publisher, counters).run([good, broken, old, incoming(None)])

    [kept] = publisher.mentions(ENRICHED)
    assert (kept.mention_id, kept.watches, kept.score.intent, kept.ingested_at) == (
        "weibo:1", ["tea"], "complaint", NOW,
    )  # fmt: skip
    letters = {letter.code: letter for letter in publisher.letters()}
    assert set(letters) == {"broken_json", "created_at", "empty"}
    letter = letters["broken_json"]
    assert (letter.topic, letter.partition, letter.offset) == (broken.topic, broken.partition, broken.offset)
    assert (letter.stage, letter.at, letter.size) == ("enrich", NOW, len(broken.value or b""))
    assert letter.payload == '{"tel": 〔手机号〕'
    assert {message.key for message in publisher.of(DEAD)} == {b"weibo:2", b"k" * 200, b"k"}
    assert settled == ["weibo:2"]
    assert (counters.received, counters.enriched, counters.dead) == (4, 1, 3)


async def test_a_thread_shares_its_key(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    batch = [
        incoming(mention(1)),
        incoming(mention(2, parent="1")),
        incoming(mention(3, parent="2", root="1")),
    ]
    await stage(index, publisher).run(batch)
    assert {message.key for message in publisher.of(ENRICHED)} == {b"weibo:1"}


async def test_one_mention_that_chokes_the_model_takes_no_other_with_it(index: SqliteIndex) -> None:
    publisher, counters = MemoryPublisher(), Counters()
    settled: list[str] = []
    counters.settled = settled.extend
    batch = [incoming(mention(1)), incoming(mention(2, "咬到了异物")), incoming(mention(3))]
    await stage(index, publisher, counters, Choking()).run(batch)
    assert [m.mention_id for m in publisher.mentions(ENRICHED)] == ["weibo:1", "weibo:3"]
    [letter] = publisher.letters()
    assert (letter.code, letter.reason) == ("not_enriched", "RuntimeError: can't read 〔手机号〕")
    assert letter.offset == batch[1].offset
    assert settled == ["weibo:2"]


async def test_a_broker_that_is_away_is_waited_for(index: SqliteIndex, pauses: list[float]) -> None:
    publisher, counters = MemoryPublisher(failures=3), Counters()
    await stage(index, publisher, counters).run([incoming(mention(1))])
    assert len(publisher.mentions(ENRICHED)) == 1
    assert len(pauses) == 3
    assert counters.outage("enrich").failures == 0


async def test_an_index_that_is_away_is_waited_for(tmp_path: Path, pauses: list[float]) -> None:
    index = FailingIndex(tmp_path / "index.sqlite", away=2)
    await index.open()
    publisher = MemoryPublisher()
    await stage(index, publisher).run([incoming(mention(1, author=Author(id="42")))])
    await index.close()
    assert len(publisher.mentions(ENRICHED)) == 1
    assert len(pauses) == 2


async def test_followers_known_from_the_index_weigh_a_mention_that_does_not_say(index: SqliteIndex) -> None:
    pseudonym = Pseudonymiser(b"key").id("weibo", "42")
    await index.write_authors([Author(id=pseudonym, platform="weibo", followers=1_000_000)])
    publisher = MemoryPublisher()
    batch = [incoming(mention(1, author=Author(id="42"))), incoming(mention(2, author=Author(id="43")))]
    await stage(index, publisher).run(batch)
    known, unknown = publisher.mentions(ENRICHED)
    assert (known.followers, known.score.weight_source) == (1_000_000, WeightSource.PROFILE)
    assert (unknown.followers, unknown.score.weight_source) == (None, WeightSource.NEUTRAL)
    assert "42" not in {known.author_id, unknown.author_id}
    assert publisher.of(AUTHORS) == []


async def test_a_profile_is_passed_on_when_it_is_new_or_changed(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    enriching = stage(index, publisher)
    for number, followers in enumerate([10, 10, 20, 20]):
        author = Author(id="42", name="王丽", followers=followers)
        await enriching.run([incoming(mention(number, author=author))])
    passed = [decode(message.value, Author) for message in publisher.of(AUTHORS)]
    assert [author.followers for author in passed] == [10, 20]
    assert {author.name for author in passed} == {None}
    assert {message.key for message in publisher.of(AUTHORS)} == {passed[0].id.encode()}


async def test_an_unknown_profile_is_asked_for_again_after_ten_minutes(tmp_path: Path) -> None:
    index, clock = FailingIndex(tmp_path / "index.sqlite"), [NOW]
    await index.open()
    enriching = stage(index, MemoryPublisher(), clock=clock)
    for seconds in (0.0, 1.0, 599.0, 601.0, 602.0):
        clock[0] = NOW + seconds
        await enriching.run([incoming(mention(1, author=Author(id="42")))])
    await index.close()
    assert index.calls["authors"] == 2


async def test_counts_beyond_all_reason_end_as_data_not_as_a_crash(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    odd = b'{"platform":"weibo","id":"1","text":"x","created_at":1.7e9,"reposts":-7,"likes":%s}' % (b"9" * 40)
    await stage(index, publisher).run([incoming(odd)])
    [kept] = publisher.mentions(ENRICHED)
    assert await index.write_mentions([kept]) is not None


async def test_a_message_as_large_as_the_broker_takes_never_outgrows_the_topics(index: SqliteIndex) -> None:
    publisher = MemoryPublisher()
    key, long = b"k" * 900_000, "茶" * 300_000
    batch = [
        incoming(b"x" * 1_000_000, key=key),
        incoming(mention(1, url=long), key=key),
        incoming(mention("9" * 900_000), key=key),
        incoming(mention(2, author=Author(id="a", name=long)), key=key),
        incoming(mention(3, "茶" * 20_000), key=key),
    ]
    await stage(index, publisher).run(batch)
    assert len(publisher.messages) == len(batch)
    assert all(len(m.value) + len(m.key or b"") < 500_000 for m in publisher.messages)


@pytest.mark.parametrize("rounds", [2])
async def test_a_replayed_batch_says_the_same(index: SqliteIndex, rounds: int) -> None:
    publisher = MemoryPublisher()
    batch = [incoming(mention(1)), incoming(b"broken"), incoming(mention(2, parent="1"))]
    for _ in range(rounds):
        await stage(index, publisher).run(batch)
    half = len(publisher.messages) // rounds
    assert publisher.messages[:half] == publisher.messages[half:]
