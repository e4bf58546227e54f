"""Months of event time and the merging of authors: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author
from streams.index.merging import merge_authors
from streams.index.months import LATEST, expired_months, month_end, month_in, month_of, month_start


@given(st.floats(0, LATEST, exclude_max=True))
def test_a_time_lies_in_its_month(at: float) -> None:
    month = month_of(at)
    assert month_start(month) <= at < month_end(month)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("mentions-2025.11", "2025.11"),
        ("x-signals-1999.01", "1999.01"),
        ("mentions", None),
        ("m-2025.13", None),
    ],
)
def test_names_tell_their_month(name: str, month: str | None) -> None:
    assert month_in(name) == month


def test_a_month_expires_when_its_last_moment_is_old_enough() -> None:
    end = month_end("2025.11")
    assert expired_months(["2025.12", "2025.11", "2025.10"], 10, end + 10 * 86_400) == ["2025.10", "2025.11"]
    assert expired_months(["2025.11"], 10, end + 10 * 86_400 - 0.001) == []


authors = st.builds(
    Author, id=st.just("a"), name=st.none() | st.text(max_size=3), followers=st.none() | st.integers(0, 9),
    updated_at=st.none() | st.floats(0, 9),
)  # fmt: skip


@given(authors, authors)
def test_merging_again_changes_nothing(known: Author, new: Author) -> None:
    merged = merge_authors(known, new)
    if known.updated_at is None or new.updated_at is not None:
        assert merge_authors(merged, new) == merged
    assert merge_authors(merged, merged) == merged


@given(authors, authors)
def test_merging_loses_no_value(known: Author, new: Author) -> None:
    merged = merge_authors(known, new)
    assert (merged.followers is None) == (known.followers is None and new.followers is None)
    assert merged.followers in (known.followers, new.followers)
