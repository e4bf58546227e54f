"""What people do to incidents is kept by both kinds of index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from config.records import Act, ActKind, Silence
from streams.index.base import Index
from streams.index.sqlite import SqliteIndex
from streams.index.tables import SCHEMA
from tests.streams.index.records import NOON, acts, incident, silences
from tests.streams.index.test_contract import slow

ACK = Act(
    id="a1", kind=ActKind.ACKNOWLEDGE, incident_id="tea-1", watch="tea", by="@lead", at=NOON, why="在处理"
)
NIGHT = Silence(
    id="s1",
    author="@lead",
    reason="夜间",
    starts_at=NOON,
    ends_at=NOON + 3600,
    created_at=NOON,
    watches=["tea"],
)
change = msgspec.structs.replace


@slow
@given(st.lists(acts, min_size=1, max_size=5, unique_by=lambda act: act.id))
async def test_acts_come_back_exactly(index: Index, batch: list[Act]) -> None:
    assert await index.write_acts(batch) == []
    found = {act.id: act for act in await index.acts()}
    assert [found[act.id] for act in batch] == batch


@slow
@given(st.lists(silences, min_size=1, max_size=5, unique_by=lambda silence: silence.id))
async def test_silences_come_back_exactly(index: Index, batch: list[Silence]) -> None:
    assert await index.write_silences(batch) == []
    found = {silence.id: silence for silence in await index.silences()}
    assert [found[silence.id] for silence in batch] == batch


async def test_acts_are_asked_for_by_watch_and_time(index: Index) -> None:
    later = change(ACK, id="a2", at=NOON + 5)
    other = change(ACK, id="a3", watch="cola")
    for _ in range(2):  # a second time changes nothing
        await index.write_acts([later, ACK, other])
    assert await index.acts("tea") == [ACK, later]
    assert await index.acts(since=NOON + 5) == [later]
    assert await index.acts() == [ACK, other, later]


async def test_silences_over_are_left_out_and_one_that_is_cut_short_is_replaced(index: Index) -> None:
    await index.write_silences([NIGHT])
    assert await index.silences(since=NOON + 3599) == [NIGHT]
    assert await index.silences(since=NOON + 3600) == []
    short = change(NIGHT, ends_at=NOON + 60)
    await index.write_silences([short])
    assert await index.silences() == [short]


async def test_an_index_of_the_schema_before_gains_the_tables_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    first = SqliteIndex(path)
    await first.open()
    await first.write_incidents([incident(1, 1)])
    await first.close()
    with sqlite3.connect(path) as old:
        old.executescript("DROP TABLE acts; DROP TABLE silences; PRAGMA user_version=1")
    old.close()
    again = SqliteIndex(path)
    await again.open()
    assert await again.setup() == [f"index {path} brought up to schema {SCHEMA} (SQLite)"]
    await again.write_acts([ACK])
    assert (await again.acts(), await again.incident("tea-1")) == ([ACK], incident(1, 1))
    await again.close()
