"""What both kinds of index promise."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.records import (
    Author,
    DeadLetter,
    HourSummary,
    Incident,
    IncidentState,
    Match,
    MatchReason,
    Notification,
    NotificationState,
    ScoredMention,
    Signal,
)
from config.settings import RetentionSettings
from streams.index.base import Index
from streams.index.identity import identity_of
from tests.streams.index.conftest import Make
from tests.streams.index.records import (
    DAY,
    NOON,
    incident,
    incidents,
    mention,
    mentions,
    score,
    signal,
    signals,
)


async def plain(names: Awaitable[list[str]]) -> list[str]:
    """Leave out the prefix that a cluster's names have."""
    return [re.sub(r"^test-[0-9a-f]{8}-", "", name) for name in await names]


async def recent(
    index: Index, watch: str = "tea", since: float = 0.0, until: float = 4e9
) -> list[ScoredMention]:
    return [found async for found in index.recent(watch, since, until)]


slow = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@slow
@given(st.lists(mentions, min_size=1, max_size=12, unique_by=lambda m: m.mention_id))
async def test_mentions_come_back_exactly(index: Index, batch: list[ScoredMention]) -> None:
    assert await index.write_mentions(batch) == []
    assert await index.mentions([m.mention_id for m in batch]) == {m.mention_id: m for m in batch}


@slow
@given(st.lists(signals, min_size=1, max_size=12, unique_by=identity_of))
async def test_signals_come_back_exactly(index: Index, batch: list[Signal]) -> None:
    assert await index.write_signals(batch) == []
    for watch in {written.watch for written in batch[:3]}:
        found = {identity_of(signal): signal for signal in await index.signals(watch, 0, 4e9)}
        for written in batch:
            assert written.watch != watch or found[written.signal_id] == written


@slow
@given(st.lists(incidents, min_size=1, max_size=5, unique_by=identity_of))
async def test_incidents_come_back_exactly(index: Index, batch: list[Incident]) -> None:
    # The examples before this one may have left higher sequences under the same ids.
    batch = [msgspec.structs.replace(i, id=f"{i.id}{i.sequence}{i.updated_at}{i.started_at}") for i in batch]
    assert await index.write_incidents(batch) == []
    for written in batch:
        assert await index.incident(written.id) == written


async def test_the_same_batch_twice_changes_nothing(index: Index) -> None:
    batch = [mention(n, at=NOON + n) for n in range(20)]
    letter = DeadLetter(
        code="bad_json", reason="no JSON", stage="enrich", at=NOON, topic="mentions.raw", partition=0, offset=4,
        size=3, payload="{{{",
    )  # fmt: skip
    for _ in range(2):
        assert await index.write_mentions(batch) == []
        assert await index.write_signals([signal(NOON), signal(NOON + 5)]) == []
        assert await index.write_incidents([incident(1, 1)]) == []
        assert await index.write_authors([Author(id="a")]) == []
        assert await index.write_dead([letter]) == []
        assert await index.counts() == {
            "mentions": 20, "signals": 2, "incidents": 1, "authors": 1, "notifications": 0, "dead": 1,
            "acts": 0, "silences": 0,
        }  # fmt: skip
        assert await index.count_by_watch() == {"tea": 20}


async def test_dead_letters_of_one_offset_and_two_broker_lives_are_two(index: Index) -> None:
    letter = DeadLetter(
        code="bad_json", reason="no JSON", stage="enrich", at=NOON, topic="mentions.raw", partition=0, offset=4,
        size=3, payload="{{{",
    )  # fmt: skip
    await index.write_dead([letter, msgspec.structs.replace(letter, payload="[[[")])
    assert (await index.counts())["dead"] == 2
    assert {one.payload for one in await index.dead()} == {letter.payload, "[[["}


async def test_a_later_version_of_a_mention_replaces_the_earlier(index: Index) -> None:
    await index.write_mentions([mention(1, "我要退款")])
    other = mention(1, "很好喝", matches=[Match(watch="cola", reason=MatchReason.PARENT)])
    await index.write_mentions([other])
    assert await index.search("退款") == []
    assert await index.search("很好喝") == [other]
    assert await index.count_by_watch() == {"cola": 1}
    assert await recent(index, "tea") == []
    assert await recent(index, "cola") == [other]


async def test_twice_in_one_batch_the_last_wins(index: Index) -> None:
    other = mention(1, "很好喝", at=NOON + 2 * DAY)
    await index.write_mentions([mention(1), other])
    assert await recent(index) == [other]


async def test_a_mention_whose_month_changes_is_in_one_place(index: Index, make: Make) -> None:
    await index.write_mentions([mention(1), mention(2)])
    moved = mention(1, at=NOON + 2 * DAY)
    await index.write_mentions([moved])
    assert (await index.counts())["mentions"] == 2
    assert await recent(index) == [mention(2), moved]
    # Also by a process that did not write it.
    back = mention(2, at=NOON - 40 * DAY)
    after = make()
    await after.open()
    await after.write_mentions([back])
    assert await recent(index) == [back, moved]
    assert await index.mentions(["weibo:2"]) == {"weibo:2": back}


async def test_words_are_found_and_parts_of_words_are_not(index: Index) -> None:
    refund = mention(1, "我要退款，太差了")
    praise = mention(2, "新款奶茶付款方便，进退两难", at=NOON + 1)
    script = mention(3, "我要申請退款", at=NOON + 2)
    latin = mention(4, "C++ 和 iPhone15 的 T恤", at=NOON + 3)
    await index.write_mentions([refund, praise, script, latin])
    assert await index.search("退款") == [script, refund]
    assert await index.search("款") == []
    assert await index.search("申请 退款") == [script]
    assert await index.search("退款 奶茶") == []
    assert await index.search("c++") == [latin]
    assert await index.search("IPHONE15 t恤") == [latin]
    assert await index.search('"NEAR( OR*') == []
    assert await index.search("！？") == []
    assert await index.search("  ") == [latin, script, praise, refund]


async def test_search_filters_and_limits(index: Index) -> None:
    angry = mention(1)
    happy = mention(2, at=NOON + 1, score=score(emotion="happy", intent="praise"))
    cola = mention(3, at=NOON + 2, matches=[Match(watch="cola", reason=MatchReason.KEYWORD)])
    await index.write_mentions([angry, happy, cola])
    assert await index.search(None) == [cola, happy, angry]
    assert await index.search(None, limit=2) == [cola, happy]
    assert await index.search(None, limit=0) == []
    assert await index.search("退款", watch="tea") == [happy, angry]
    assert await index.search(None, emotion="happy") == [happy]
    assert await index.search(None, intent="complaint") == [cola, angry]
    assert await index.search(None, since=NOON + 1, until=NOON + 2) == [happy]


async def test_recent_takes_open_bounds(index: Index) -> None:
    await index.write_mentions([mention(1), mention(2, at=NOON + 1)])
    found = [m.mention_id async for m in index.recent("tea", float("-inf"), float("inf"))]
    assert found == ["weibo:1", "weibo:2"]


async def test_a_thread_is_its_root_and_all_below_it(index: Index) -> None:
    root = mention(1)
    below = [mention(n, at=NOON + n, thread_id="weibo:1", parent_id="weibo:1") for n in range(2, 8)]
    await index.write_mentions([*reversed(below), mention(9), root])
    found = await index.threads(["weibo:1", "weibo:77"], fresh=True)
    assert found == {"weibo:1": [root, *below]}
    assert await index.threads(["weibo:1"], limit=3) == {"weibo:1": [root, *below[:2]]}
    both = await index.threads(["weibo:1", "weibo:77"], limit=2, fresh=True)
    assert both["weibo:1"] == [root, below[0]]
    assert await index.threads([]) == {}


async def test_recent_gives_all_of_a_watch_in_order_across_months(index: Index, make: Make) -> None:
    batch = [mention(n, at=NOON + (n // 2) * DAY) for n in range(11)]
    await index.write_mentions(batch[::-1])
    expected = sorted(batch, key=lambda m: (m.created_at, m.mention_id))
    other = make(page=3)
    await other.open()
    assert await recent(other) == expected
    assert await recent(other, since=NOON + DAY, until=NOON + 3 * DAY) == expected[2:6]
    assert await recent(other, "nobody") == []


async def test_recent_may_be_left_half_way(index: Index) -> None:
    await index.write_mentions([mention(n, at=NOON + n) for n in range(9)])
    async for found in index.recent("tea", 0, 4e9):
        assert found.mention_id == "weibo:0"
        break
    assert len(await recent(index)) == 9


async def test_what_cannot_be_kept_is_named_and_the_rest_is_kept(index: Index) -> None:
    bad = [
        mention(1, at=-1.0),
        mention(2, at=float("nan")),
        mention(3, at=1e13),
        mention(4, mention_id=""),
        mention(5, mention_id="长" * 200),
        mention(6, score=score(mass=float("inf"))),
        mention(7, text="\ud800", words=[]),
    ]
    failures = await index.write_mentions([*bad, mention(8)])
    assert [failure.code for failure in failures] == [
        "bad_time", "bad_time", "bad_time", "bad_id", "bad_id", "bad_value", "bad_value",
    ]  # fmt: skip
    assert all(failure.reason for failure in failures)
    assert await recent(index) == [mention(8)]
    [failure] = await index.write_incidents([incident(1, -1), incident(2, 1)])
    assert (failure.id, failure.code) == ("tea-1", "bad_value")


async def test_signals_of_a_watch_by_time_and_the_last(index: Index) -> None:
    batch = [signal(NOON + 5 * n, emotions={"angry": 0.5}, by_platform={"weibo": n}) for n in range(8)]
    await index.write_signals([*batch[::-1], signal(NOON + 99, watch="cola")])
    assert await index.signals("tea", NOON + 5, NOON + 30) == batch[1:6]
    assert await index.last_signal("tea") == batch[-1]
    assert await index.last_signal("nobody") is None


async def test_hours_sum_the_minutes(index: Index) -> None:
    batch = [signal(NOON + 60 * n, minute_mass=n / 10) for n in range(90)]
    await index.write_signals([*batch, signal(NOON + 30), signal(NOON, watch="cola", minute_mass=9.0)])
    found = await index.hours("tea", NOON, NOON + 2 * 3600)
    first, second = [n / 10 for n in range(60)], [n / 10 for n in range(60, 90)]
    assert [(hour.hour_start, hour.minutes) for hour in found] == [(NOON, 60), (NOON + 3600, 30)]
    assert [hour.mass_sum for hour in found] == pytest.approx([sum(first), sum(second)])
    squares = [sum(x * x for x in first), sum(x * x for x in second)]
    assert [hour.mass_sq_sum for hour in found] == pytest.approx(squares)
    assert await index.hours("tea", NOON, NOON + 60) == [
        HourSummary(hour_start=NOON, minutes=1, mass_sum=0.0, mass_sq_sum=0.0)
    ]
    assert await index.hours("nobody", 0, 4e9) == []


async def test_the_newest_sequence_of_an_incident_wins(index: Index) -> None:
    await index.write_incidents([incident(1, 3)])
    assert await index.write_incidents([incident(1, 2), incident(1, 1)]) == []
    assert await index.incident("tea-1") == incident(1, 3)
    same = incident(1, 3, owner="@lead")
    await index.write_incidents([same])
    assert await index.incident("tea-1") == same
    await index.write_incidents([incident(1, 5), incident(1, 4)])
    assert await index.incidents() == [incident(1, 5)]
    assert await index.incident("tea-2") is None


async def test_incidents_are_listed_newest_first_and_filtered(index: Index) -> None:
    old = incident(1, 4, state=IncidentState.RESOLVED)
    new = incident(2, 1, at=NOON + 3600)
    cola = incident(3, 1, at=NOON + 7200, watch="cola")
    await index.write_incidents([old, cola, new])
    assert await index.incidents() == [cola, new, old]
    assert await index.incidents(watch="tea") == [new, old]
    assert await index.incidents(open_only=True) == [cola, new]
    assert await index.incidents(since=NOON + 4) == [cola, new, old]
    assert await index.incidents(since=NOON + 5) == [cola, new]
    assert await index.incidents(limit=1) == [cola]


async def test_authors_merge_by_time(index: Index) -> None:
    await index.write_authors([Author(id="a", platform="weibo", name="甲", followers=10, updated_at=20.0)])
    await index.write_authors([Author(id="a", followers=5, badge="蓝V", updated_at=10.0)])
    await index.write_authors(
        [Author(id="a", followers=12, updated_at=30.0), Author(id="b"), Author(id="b", name="乙")]
    )
    assert await index.authors(["a", "b", "c", "a"]) == {
        "a": Author(id="a", platform="weibo", name="甲", followers=12, badge="蓝V", updated_at=30.0),
        "b": Author(id="b", name="乙"),
    }


async def test_profiles_written_at_once_lose_nothing(index: Index) -> None:
    reports = [
        Author(id="a", name="甲"), Author(id="a", followers=7), Author(id="a", badge="蓝V"),
        Author(id="a", statuses=3), Author(id="a", friends=2), Author(id="a", verified=True),
    ]  # fmt: skip
    await asyncio.gather(*(index.write_authors([report]) for report in reports))
    assert await index.authors(["a"]) == {
        "a": Author(id="a", name="甲", followers=7, badge="蓝V", statuses=3, friends=2, verified=True)
    }


async def test_the_sent_log_never_forgets_that_something_was_sent(index: Index) -> None:
    sending = Notification(
        key="tea-1:1:fired", incident_id="tea-1", receiver="pr", state=NotificationState.SENDING, at=NOON
    )
    sent = msgspec.structs.replace(
        sending, state=NotificationState.SENT, at=NOON + 1, ts="17.3", text="【Ⅱ级】\n青山"
    )
    assert await index.notification(sending.key, "pr") is None
    await index.save_notification(sending)
    assert await index.notification(sending.key, "pr") == sending
    taken_over = msgspec.structs.replace(sending, holder="another")
    await index.save_notification(taken_over)
    assert await index.notification(sending.key, "pr") == taken_over
    await index.save_notification(sent)
    await index.save_notification(sending)
    assert await index.notification(sending.key, "pr") == sent
    assert await index.notification(sending.key, "boss") is None
    later = msgspec.structs.replace(sent, key="tea-1:2:escalated", at=NOON + 9)
    await index.save_notification(later)
    assert await index.notifications("tea-1") == [sent, later]
    assert await index.notifications("tea-2") == []


async def test_retention_drops_whole_expired_months_and_old_dead_letters(make: Make) -> None:
    index = make(retention=RetentionSettings(mentions_days=30, signals_days=60, dead_days=7), page=2)
    await index.open()
    await index.setup()
    october, november, december = NOON - 31 * DAY, NOON, NOON + 2 * DAY
    await index.write_mentions([mention(n, at=at) for n, at in enumerate([october, november, december])])
    await index.write_signals([signal(october), signal(november)])
    letter = DeadLetter(
        code="x", reason="x", stage="enrich", at=NOON, topic="t", partition=0, offset=1, size=0, payload=""
    )
    await index.write_dead([msgspec.structs.replace(letter, offset=n, at=NOON + n * DAY) for n in range(5)])
    october_ends = NOON - 29.5 * DAY

    assert await plain(index.expired(october_ends + 30 * DAY - 1)) == []
    now = october_ends + 30 * DAY
    assert await plain(index.expired(now)) == ["mentions-2025.10"]
    now = NOON + 11 * DAY
    expected = ["mentions-2025.10", "dead (4 letters)"]
    assert await plain(index.expired(now)) == expected
    assert await plain(index.drop_expired(now)) == expected
    assert await index.expired(now) == []
    counts = await index.counts()
    assert (counts["mentions"], counts["signals"], counts["dead"]) == (2, 2, 1)
    assert await recent(index) == [mention(1, at=november), mention(2, at=december)]
    assert await index.count_by_watch() == {"tea": 2}
    # What comes late makes the month anew.
    assert await index.write_mentions([mention(0, at=october)]) == []
    assert len(await index.search("退款")) == 3
    now = october_ends + 60 * DAY
    expected = ["mentions-2025.10", "mentions-2025.11", "signals-2025.10", "dead (1 letters)"]
    assert await plain(index.drop_expired(now)) == expected
    assert await recent(index) == [mention(2, at=december)]
    assert await index.signals("tea", 0, 4e9) == [signal(november)]


async def test_a_restart_keeps_everything(make: Make) -> None:
    first = make()
    await first.open()
    await first.setup()
    await first.write_mentions([mention(1)])
    await first.write_incidents([incident(1, 2)])
    await first.close()
    second = make()
    await second.open()
    assert await second.mentions(["weibo:1"]) == {"weibo:1": mention(1)}
    assert await second.search("退款") == [mention(1)]
    assert await second.incidents() == [incident(1, 2)]
    await second.write_incidents([incident(1, 1)])
    assert await second.incident("tea-1") == incident(1, 2)
    assert await second.setup()
    assert (await second.counts())["mentions"] == 1


async def test_an_empty_index_answers_everything(index: Index) -> None:
    assert await index.write_mentions([]) == []
    assert await index.mentions([]) == {}
    assert await index.mentions(["weibo:1"]) == {}
    assert await index.authors([]) == {}
    assert await index.search("退款") == []
    assert await index.threads(["weibo:1"]) == {}
    assert await recent(index) == []
    assert await index.signals("tea", 0, 4e9) == []
    assert await index.hours("tea", 0, 4e9) == []
    assert await index.last_signal("tea") is None
    assert await index.incidents() == []
    assert set((await index.counts()).values()) == {0}
    assert await index.count_by_watch() == {}
    assert await index.drop_expired(NOON) == []
