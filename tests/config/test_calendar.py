"""Known events: written in Beijing's dates, checked like every other file, given to the watches they concern."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from config.calendar import Calendar, on_at
from config.loading import ConfigError, load
from fengsheng.configuration import load_configuration

WATCHES = "watches:\n- {id: a, name: a, any: [a]}\n- {id: b, name: b, any: [b], override: {window: 60}}\n"
EVENTS = """\
events:
  - {name: 双十一, start: 2026-11-10 20:00, end: 2026-11-11}
  - name: 新品
    start: 2026-12-01
    end: 2026-12-01 12:00:30
    watches: [b]
"""


def at(written: str) -> float:
    return datetime.fromisoformat(written + "+08:00").timestamp()


def config(folder: Path, events: str = EVENTS) -> Path:
    (folder / "watches.yaml").write_text(WATCHES)
    (folder / "calendar.yaml").write_text(events)
    return folder


def test_times_are_those_of_beijing_and_an_end_date_counts_whole(tmp_path: Path) -> None:
    sale, launch = load(config(tmp_path) / "calendar.yaml", Calendar).events
    assert (sale.start, sale.end) == (at("2026-11-10 20:00"), at("2026-11-12 00:00"))
    assert (launch.start, launch.end) == (at("2026-12-01 00:00"), at("2026-12-01 12:00:30"))


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-10T12:00:00Z",
        "2026-11-10T20:00:00+08:00",
        "'2026-11-10T07:00:00-05:00'",
        "'2026-11-10 20:00'",
    ],
)
def test_a_time_may_carry_its_own_offset(tmp_path: Path, written: str) -> None:
    folder = config(tmp_path, f"events: [{{name: x, start: {written}, end: 2026-11-11}}]")
    assert load(folder / "calendar.yaml", Calendar).events[0].start == at("2026-11-10 20:00")


@pytest.mark.parametrize("written", ["2026-11-11", "'2026-11-11'", "'20261111'", "'2026-W46-3'"])
def test_an_end_without_a_time_is_the_end_of_that_day(tmp_path: Path, written: str) -> None:
    folder = config(tmp_path, f"events: [{{name: x, start: 2026-11-10, end: {written}}}]")
    assert load(folder / "calendar.yaml", Calendar).events[0].end == at("2026-11-12 00:00")


def test_each_watch_gets_the_events_that_concern_it(tmp_path: Path) -> None:
    found = load_configuration(config(tmp_path))
    a, b = (found.rules_of(watch) for watch in found.watches.watches)
    assert [event.name for event in a.calendar] == ["双十一"]
    assert [event.name for event in b.calendar] == ["双十一", "新品"]
    assert b.window == 60
    assert on_at(b.calendar, at("2026-12-01 09:00")) == "新品"
    assert on_at(a.calendar, at("2026-12-01 09:00")) is None
    assert on_at(a.calendar, at("2026-11-12 00:00")) is None


def test_events_at_the_same_time_are_all_named(tmp_path: Path) -> None:
    both = "events: [{name: 甲, start: 2026-11-10, end: 2026-11-12}, {name: 乙, start: 2026-11-11, end: 2026-11-11}]"
    events = load(config(tmp_path, both) / "calendar.yaml", Calendar).events
    assert on_at(events, at("2026-11-11 12:00")) == "甲、乙"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("end: 2026-11-11}", "end: 2026-11-09}", "calendar.yaml:2: events.0.end: found 2026-11-09, expected a time"
         " after the start (2026-11-10 20:00)"),
        ("start: 2026-12-01", "start: soon", ":4: events.1.start: found 'soon', expected a date or time of Asia/Shanghai"),
        ("start: 2026-12-01", "start: 20261201", ":4: events.1.start: found 20261201, expected a date or time"),
        ("watches: [b]", "watches: [c]", ":6: events.1.watches.0: found 'c', expected one of the watches: a, b"),
        ("name: 新品", "title: 新品", ":3: events.1.title: found the unknown key 'title'"),
    ],
)  # fmt: skip
def test_a_wrong_event_is_pointed_at(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_configuration(config(tmp_path, EVENTS.replace(old, new)))
    assert message in str(caught.value)


def test_the_shipped_calendar_is_empty() -> None:
    assert load(Path(__file__).parents[2] / "config" / "calendar.yaml", Calendar).events == ()
