"""Counts, ids and times as crawlers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.feeds.formats.times import parse_time
from streams.feeds.formats.values import as_count, as_flag, as_id, as_text

NOON = 1_306_835_215.0  # 2011-05-31 17:46:55 +08:00


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (0, 0),
        ("0", 0),
        ("1,234", 1234),
        ("1.2万", 12_000),
        ("1.2 万", 12_000),
        ("10万+", 100_000),
        ("3亿", 300_000_000),
        ("2.5w", 25_000),
        ("1.15k", 1_150),
        ("9.9萬", 99_000),
        (12.0, 12),
        ("None", None),
        ("", None),
        (None, None),
        (True, None),
        (-1, None),
        ("-1", None),
        ("转发", None),
        (float("nan"), None),
        (10**30, None),
        ([], None),
        ("9" * 39, None),
    ],
)
def test_counts(written: object, count: int | None) -> None:
    assert as_count(written) == count


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1306835215, NOON),
        (1306835215.0, NOON),
        (1306835215000, NOON),
        (1306835215000000, NOON),
        ("1306835215", NOON),
        ("1306835215000", NOON),
        ("2011-05-31 17:46:55", NOON),
        ("2011-05-31 17:46:55+08:00", NOON),
        ("2011-05-31T09:46:55Z", NOON),
        ("2011-05-31T09:46:55.500Z", NOON + 0.5),
        ("2011-05-31 17:46", NOON - 55),
        ("2011/5/31 17:46:55", NOON),
        ("2011年5月31日 17:46:55", NOON),
        ("2011-05-31", NOON - 55 - 46 * 60 - 17 * 3600),
        ("Tue May 31 17:46:55 +0800 2011", NOON),
        ("Tue, 31 May 2011 09:46:55 GMT", NOON),
        ("Tue, 31 May 2011 17:46:55 +0800", NOON),
        (-86400, -86400.0),
        (0, None),
        ("0", None),
        ("", None),
        ("None", None),
        ("刚刚", None),
        ("2011-13-31 17:46", None),
        ("2011-02-30", None),
        ("10-15", None),
        (True, None),
        (None, None),
        (float("inf"), None),
        (10**400, None),
        ("2011-05-31 17:46:55+99:99", None),
    ],
)
def test_times(written: object, seconds: float | None) -> None:
    assert parse_time(written) == seconds


@pytest.mark.parametrize(
    ("written", "identity"),
    [(5, "5"), (" a ", "a"), ("null", None), ("x" * 181, None), (1.5, None), ({}, None)],
)
def test_ids(written: object, identity: str | None) -> None:
    assert as_id(written) == identity


def test_text_and_flags() -> None:
    assert as_text("a\x00b ") == "ab"
    assert as_text("None") == as_text(5) == ""
    assert [as_flag(value) for value in (True, "1", 0, "FALSE", 2, None)] == [
        True,
        True,
        False,
        False,
        None,
        None,
    ]


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text())))
def test_nothing_makes_them_raise(value: object) -> None:
    count, moment = as_count(value), parse_time(value)
    assert count is None or count >= 0
    assert moment is None or abs(moment) < 1e12


@given(st.floats(min_value=1e9, max_value=4e9))
def test_seconds_and_milliseconds_agree(seconds: float) -> None:
    assert parse_time(seconds) == seconds
    assert parse_time(seconds * 1000) == pytest.approx(seconds)
