"""Laws of event-time order: whatever the partitions' speeds, a watch sees its mentions in order of time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.merging import Merge

Item = tuple[str, float, str]
"""Watch, event time, identity."""
LONG, MANY, LATENESS = 60.0, 10_000, 120.0
OLD = 10_000_000.0
"""A wall clock from which all event times here are long ago."""

times = st.floats(0, 5_000, allow_nan=False)
partitions = st.lists(st.lists(st.tuples(st.sampled_from("ab"), times), max_size=25), min_size=1, max_size=4)


def logs(drawn: list[list[tuple[str, float]]]) -> list[list[Item]]:
    """Partitions, each in order of time, with identities."""
    return [
        [(watch, at, f"{number}-{n}") for n, (watch, at) in enumerate(sorted(log, key=lambda p: p[1]))]
        for number, log in enumerate(drawn)
    ]


class Reader:
    """A stage in small: takes items, passes or holds them, remembers what it measured."""

    def __init__(self, merge: Merge[Item], clock: float = OLD) -> None:
        self.merge = merge
        self.clock = clock
        self.measured: list[Item] = []
        self.watermarks: dict[str, float] = {}

    def measure(self, item: Item) -> None:
        watch, at, _ = item
        self.watermarks[watch] = max(at, self.watermarks.get(watch, at))
        self.measured.append(item)

    def take(self, item: Item, waiting: float | None, now: float = 0.0) -> None:
        watch, at, identity = item
        if self.merge.passes(watch, at, self.watermarks.get(watch), waiting, self.clock):
            self.measure(item)
        else:
            self.merge.hold(watch, at, identity, item, now)

    def release(self, waiting: float | None, now: float = 0.0) -> None:
        for item in self.merge.due(waiting, self.watermarks.get, now):
            self.measure(item)

    def of(self, watch: str) -> list[Item]:
        return [item for item in self.measured if item[0] == watch]


def in_order(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item[1], item[2]))


def read(left: list[list[Item]], turns: st.DataObject, reader: Reader) -> None:
    """Read the partitions to their ends at drawn speeds; what is unread is on its way."""
    while any(left):
        log = turns.draw(st.sampled_from([log for log in left if log]))
        for _ in range(turns.draw(st.integers(1, 8))):
            if log:
                item = log.pop(0)
                reader.take(item, min((log[0][1] for log in [*left, [item]] if log), default=None))
        reader.release(min((log[0][1] for log in left if log), default=None))


@given(partitions, st.data())
def test_any_interleaving_gives_the_same_order(
    drawn: list[list[tuple[str, float]]], turns: st.DataObject
) -> None:
    everything = [item for log in logs(drawn) for item in log]
    reader = Reader(Merge(LONG, MANY, LATENESS))
    read(logs(drawn), turns, reader)
    assert len(reader.merge) == 0
    for watch in "ab":
        expected = in_order([item for item in everything if item[0] == watch])
        got = reader.of(watch)
        assert [item[1] for item in got] == [item[1] for item in expected]
        assert sorted(got) == sorted(expected)


@given(partitions, st.data(), st.integers(1, 5), st.floats(0, 10))
def test_nothing_is_lost_or_doubled_however_small_the_buffer_and_short_the_patience(
    drawn: list[list[tuple[str, float]]], turns: st.DataObject, most: int, longest: float
) -> None:
    everything = [item for log in logs(drawn) for item in log]
    reader = Reader(Merge(longest, most, LATENESS))
    for now, item in enumerate(turns.draw(st.permutations(everything))):
        waiting = turns.draw(st.none() | times)
        reader.take(item, waiting, now)
        if len(reader.merge):
            reader.merge.hold(*item, item, now) if item not in reader.measured else None
        reader.release(waiting, now)
        assert len(reader.merge) <= most
    reader.release(None)
    assert sorted(reader.measured) == sorted(everything)


@given(st.lists(st.tuples(st.sampled_from("ab"), times), max_size=30), st.floats(0, 100))
def test_nothing_is_held_longer_than_the_longest(drawn: list[tuple[str, float]], longest: float) -> None:
    merge: Merge[int] = Merge(longest, MANY, LATENESS)
    given_back: dict[int, float] = {}
    for now, (watch, at) in enumerate(drawn):
        merge.hold(watch, at, str(now), now, now)
        for item in merge.due(-1.0, lambda _: None, now):  # something older waits for ever
            given_back[item] = now
    for now in range(len(drawn), len(drawn) + 102):
        for item in merge.due(-1.0, lambda _: None, now):
            given_back[item] = now
    assert len(given_back) == len(drawn)
    assert all(came <= back <= came + longest + 1 for came, back in given_back.items())


def test_a_full_buffer_gives_back_its_oldest_first() -> None:
    reader = Reader(Merge(LONG, 2, LATENESS))
    for item in [("a", 30.0, "1"), ("b", 10.0, "2"), ("a", 20.0, "3"), ("b", 40.0, "4")]:
        reader.take(item, 0.0)
        reader.release(0.0)
    assert reader.measured == [("b", 10.0, "2"), ("a", 20.0, "3")]


@pytest.mark.parametrize("waiting", [None, OLD - 100, OLD - 5])
@pytest.mark.parametrize("watermark", [None, OLD - 3_000, OLD - 1])
def test_a_live_post_passes_at_once(watermark: float | None, waiting: float | None) -> None:
    assert Merge[Item](LONG, MANY, LATENESS).passes("a", OLD - 2, watermark, waiting, OLD)


def test_a_live_post_waits_behind_what_is_held_and_behind_an_older_backlog() -> None:
    merge: Merge[str] = Merge(LONG, MANY, LATENESS)
    assert not merge.passes("a", OLD - 2, OLD - 3_000, OLD - 2_000, OLD)
    assert not merge.passes("a", OLD - 900, OLD - 3_000, None, OLD)
    merge.hold("a", OLD - 900, "1", "one", 0.0)
    assert not merge.passes("a", OLD - 2, OLD - 3_000, None, OLD)
    assert merge.passes("b", OLD - 2, OLD - 3_000, None, OLD)


def test_old_posts_beside_live_ones_hold_up_nobody() -> None:
    merge: Merge[str] = Merge(LONG, MANY, LATENESS)
    assert merge.passes("a", OLD - 2, OLD - 10, OLD - 86_400, OLD)
    assert merge.passes("a", OLD - 86_400, OLD - 10, OLD - 90_000, OLD)
    merge.hold("a", OLD - 2, "1", "one", 0.0)
    assert merge.due(OLD - 86_400, {"a": OLD - 10}.get, 0.0) == ["one"]


def test_what_is_forgotten_does_not_come_back() -> None:
    merge: Merge[str] = Merge(LONG, MANY, LATENESS)
    merge.hold("a", 1.0, "1", "one", 0.0)
    assert (len(merge), merge.oldest("a"), merge.oldest("b")) == (1, 1.0, None)
    merge.clear()
    assert (len(merge), merge.oldest("a")) == (0, None)
    assert merge.due(None, lambda _: None, 0.0) == []
