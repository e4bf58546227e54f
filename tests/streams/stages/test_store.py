"""Authors, dead letters and notifications: what can't be read is told, the rest is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from config.records import Author, Incident, encode
from streams.index.base import IndexUnavailable
from streams.index.sqlite import SqliteIndex
from streams.masking import Pseudonymiser
from streams.stages.base import AUTHORS, DEAD, INCIDENTS, Counters, InHand, dead_letter
from streams.stages.notify import NotifyStage
from streams.stages.store import AuthorsStage, DeadStage
from tests.alerting.sample_incident import FIRED
from tests.streams.stages.failing_index import FailingIndex
from tests.streams.stages.making import NOW, MemoryPublisher, incoming


async def test_authors_are_kept_under_pseudonyms_and_the_unreadable_dead_lettered(index: SqliteIndex) -> None:
    publisher, counters = MemoryPublisher(), Counters()
    keeping = AuthorsStage(index, Pseudonymiser(b"key"), publisher, counters, lambda: NOW)
    await keeping.run(
        [
            incoming(Author(id="42", platform="weibo", name="王丽", followers=5), AUTHORS),
            incoming(None, AUTHORS),
            incoming(b"{", AUTHORS),
            incoming(Author(id="43"), AUTHORS, key=b"k" * 999),
            incoming(Author(id="42", platform="weibo", followers=6), AUTHORS),
        ]
    )
    pseudonym = Pseudonymiser(b"key").id("weibo", "42")
    stored = await index.authors([pseudonym, "42"])
    assert list(stored) == [pseudonym]
    assert (stored[pseudonym].followers, stored[pseudonym].name) == (6, None)
    assert [letter.code for letter in publisher.letters()] == ["author", "author"]
    assert max(len(message.key or b"") for message in publisher.of(DEAD)) == 200
    assert counters.dead == 2


async def test_authors_wait_for_an_index_that_is_away(tmp_path: Path, pauses: list[float]) -> None:
    index = FailingIndex(tmp_path / "index.sqlite", away=2)
    await index.open()
    keeping = AuthorsStage(index, Pseudonymiser(b"key"), MemoryPublisher(1), Counters(), lambda: NOW)
    await keeping.run([incoming(Author(id="42", platform="weibo"), AUTHORS), incoming(b"{", AUTHORS)])
    assert (await index.counts())["authors"] == 1
    await index.close()
    assert len(pauses) == 3


async def test_dead_letters_are_kept_once_and_strangers_letters_skipped(
    tmp_path: Path, pauses: list[float]
) -> None:
    index = FailingIndex(tmp_path / "index.sqlite", away=2)
    await index.open()
    letter = dead_letter(incoming(b"\xff13800138000"), "encoding", "not UTF-8", "enrich", NOW)
    keeping = DeadStage(index, Counters())
    for _ in range(2):
        await keeping.run([incoming(letter, DEAD), incoming(b"hello", DEAD), incoming(None, DEAD)])
    assert (await index.counts())["dead"] == 1
    await index.close()
    assert len(pauses) == 2


def notify(deliver: object, publisher: MemoryPublisher, counters: Counters) -> NotifyStage:
    return NotifyStage(deliver, publisher, counters, lambda: NOW)  # type: ignore[arg-type]


async def test_every_incident_is_told_and_the_unreadable_dead_lettered() -> None:
    told: list[Incident] = []

    async def deliver(incident: Incident) -> None:
        told.append(incident)

    publisher, counters = MemoryPublisher(), Counters()
    batch = [incoming(FIRED, INCIDENTS), incoming(None, INCIDENTS), incoming(b"{}", INCIDENTS)]
    await notify(deliver, publisher, counters).run(batch)
    assert told == [FIRED]
    [letter] = publisher.letters()
    assert (letter.code, letter.stage, letter.offset) == ("not_incident_form", "notify", batch[2].offset)
    assert (counters.delivered, counters.dead) == (1, 1)


async def test_a_page_waits_for_the_sent_log_and_holds_up_no_other(pauses: list[float]) -> None:
    tries: dict[str, int] = {}
    second_told = asyncio.Event()

    async def deliver(incident: Incident) -> None:
        tries[incident.id] = tries.get(incident.id, 0) + 1
        if incident.id == "other":
            second_told.set()
            return
        if tries[incident.id] < 3:
            raise IndexUnavailable("the sent-log is away")
        await second_told.wait()

    other = msgspec.structs.replace(FIRED, id="other")
    counters = Counters()
    await notify(deliver, MemoryPublisher(), counters).run(
        [incoming(FIRED, INCIDENTS), incoming(encode(other), INCIDENTS)]
    )
    assert tries == {FIRED.id: 3, "other": 1}
    assert counters.delivered == 2
    assert len(pauses) == 2


async def test_a_stop_waits_for_the_batch_in_hand_and_lets_none_begin() -> None:
    hand, go, inside = InHand(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with hand.batch():
            inside.set()
            await go.wait()

    first = asyncio.create_task(work())
    await inside.wait()
    finishing = asyncio.create_task(hand.finish(within=30.0))
    inside.clear()
    go.set()
    assert await finishing is True
    await first
    late = asyncio.create_task(work())
    done, _ = await asyncio.wait([late], timeout=0.05)
    assert not done
    assert not inside.is_set()
    late.cancel()


async def test_a_stop_gives_up_on_a_batch_that_never_ends() -> None:
    hand = InHand()
    async with hand.batch():
        assert await hand.finish(within=0.01) is False
