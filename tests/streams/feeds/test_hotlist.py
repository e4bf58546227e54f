"""Hot lists as collectors write them: entries in their order, and a line that is safe when all of it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Kind, Mention
from streams.feeds.cursor import Tracker
from streams.feeds.follow import Follower
from streams.feeds.formats import Code, Format, HotSnapshot, Reading, Rejected, parse_line
from streams.feeds.replay import load_sorted
from streams.feeds.run import run_feed
from tests.streams.feeds.fakes import KeepingSink

AT = 1_795_395_900.0
DAILYHOT = {
    "code": 200, "name": "weibo", "title": "微博", "type": "热搜榜", "total": 3, "fromCache": False,
    "updateTime": "2026-11-23T01:05:00.000Z",
    "data": [
        {"id": "1", "title": "青山茶饮 异物", "desc": "", "timestamp": 1_795_390_000_000, "hot": 1_203_344,
         "url": "https://s.weibo.example/1", "mobileUrl": "https://m.example/1"},
        {"id": "2", "title": "", "hot": 1},
        {"id": "3", "title": "第三条", "mobileUrl": "https://m.example/3"},
    ],
}  # fmt: skip
NEWSNOW = {
    "status": "success", "id": "bilibili-hot-search", "updatedTime": AT * 1000,
    "items": [{"id": "a", "title": "一", "url": "https://b.example/1", "extra": {"icon": "x"}}, {"title": "二"}],
}  # fmt: skip
ENTRY = {"platform": "baidu", "rank": 8, "title": "青山茶饮 道歉", "time": "2026-11-23 09:05"}
OWN = {"platform": "weibo", "id": "x", "kind": "hot", "rank": 4, "text": "青山茶饮", "created_at": AT}


def parsed(row: Any, **reading: Any) -> Any:
    return parse_line(json.dumps(row, ensure_ascii=False).encode(), "", Reading(**reading))


def entries(row: Any) -> list[tuple[str, int | None, str, float]]:
    found = parsed(row)
    assert isinstance(found, HotSnapshot)
    assert {m.kind for m in found.entries} == {Kind.HOT}
    return [(m.platform, m.rank, m.text, m.created_at) for m in found.entries]


def test_the_answers_of_both_collectors_and_plain_entries_are_read() -> None:
    assert entries(DAILYHOT) == [("weibo", 1, "青山茶饮 异物", AT), ("weibo", 3, "第三条", AT)]
    assert entries(NEWSNOW) == [("bili", 1, "一", AT), ("bili", 2, "二", AT)]
    assert entries(ENTRY) == [("baidu", 8, "青山茶饮 道歉", AT)]
    assert [m.url for m in parsed(DAILYHOT).entries] == ["https://s.weibo.example/1", "https://m.example/3"]


def test_our_own_form_may_hold_one_too() -> None:
    one = parsed(OWN)
    assert isinstance(one, Mention)
    assert (one.kind, one.rank) == (Kind.HOT, 4)
    assert parsed({**OWN, "kind": "post"}).rank is None


def test_the_same_snapshot_again_is_the_same_and_a_later_one_is_not() -> None:
    ids = [m.mention_id for m in parsed(NEWSNOW).entries]
    assert ids == [m.mention_id for m in parsed(NEWSNOW).entries]
    later = parsed({**NEWSNOW, "updatedTime": (AT + 60) * 1000})
    assert not set(ids) & {m.mention_id for m in later.entries}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({**DAILYHOT, "updateTime": "soon"}, Code.BAD_TIME),
        ({k: v for k, v in DAILYHOT.items() if k != "updateTime"}, Code.MISSING_FIELD),
        ({**DAILYHOT, "data": [{"title": ""}]}, Code.MISSING_FIELD),
        ({**ENTRY, "rank": "top"}, Code.WRONG_TYPE),
        ({**ENTRY, "rank": 0}, Code.WRONG_TYPE),
        ({**ENTRY, "title": " "}, Code.MISSING_FIELD),
        ({**ENTRY, "platform": "x" * 41}, Code.WRONG_TYPE),
        ({"rank": 1, "title": "一", "time": AT}, Code.MISSING_FIELD),
    ],
)
def test_what_is_wrong_is_named(row: Any, code: Code) -> None:
    found = parsed(row)
    assert isinstance(found, Rejected)
    assert found.code is code


def test_another_format_takes_none_and_this_one_takes_nothing_else() -> None:
    for form in (Format.FENGSHENG, Format.MEDIACRAWLER):
        assert isinstance(parsed(NEWSNOW, format=form), Rejected)
    other = parsed({"id": "1", "created_at": AT, "text": "话"}, format=Format.HOTLIST)
    assert isinstance(other, Rejected)
    assert "hot list" in other.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "rank", "url"]), inner),
    max_leaves=6,
)  # fmt: skip
KEYS = ["data", "items", "name", "id", "updateTime", "updatedTime", "title", "rank", "platform", "time"]


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_row_is_read_or_refused_and_ranks_are_places(row: dict[str, Any]) -> None:
    found = parsed(row, format=Format.HOTLIST)
    assert isinstance(found, HotSnapshot | Rejected)
    if isinstance(found, HotSnapshot):
        assert all(m.rank is not None and m.rank >= 1 and m.text for m in found.entries)


async def test_a_snapshots_line_is_safe_when_its_last_entry_is(tmp_path: Path) -> None:
    path = tmp_path / "hot.jsonl"
    first, second = (json.dumps(row, ensure_ascii=False) + "\n" for row in (ENTRY, DAILYHOT))
    path.write_text(first + second, encoding="utf-8")
    tracker, sink = Tracker(), KeepingSink()
    feed = asyncio.create_task(run_feed(Follower([str(path)], tracker, follow=False), sink, tracker))
    await sink.until(lambda kept: len(kept.mentions) == 3)
    one, two, three = (m.mention_id for m in sink.mentions)

    def offset() -> int:
        position = tracker.position(str(path))
        assert position is not None
        return position.offset

    tracker.confirm([one])
    assert offset() == len(first.encode())
    tracker.confirm([three])
    assert offset() == len(first.encode())
    tracker.confirm([two])
    assert offset() == len((first + second).encode())
    stats = await feed
    assert (stats.lines, stats.mentions, stats.newest) == (2, 3, AT)


def test_a_dump_of_snapshots_is_sorted_among_posts(tmp_path: Path) -> None:
    post = {"platform": "weibo", "id": "1", "text": "话", "created_at": AT + 30}
    later = {**NEWSNOW, "updatedTime": (AT + 60) * 1000}
    path = tmp_path / "all.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (later, post, ENTRY)), encoding="utf-8")
    found = load_sorted([path])
    assert [m.created_at - AT for m in found] == [0, 30, 60, 60]
