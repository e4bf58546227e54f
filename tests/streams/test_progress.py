"""What may be committed: everything before the first message that is not dealt with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.progress import Progress

_LOGS = st.lists(st.integers(0, 40), unique=True, min_size=1).map(sorted)
"""Offsets that a log has; those between them do not exist."""


@given(st.data(), _LOGS)
def test_nothing_is_committed_over_what_is_not_done_and_all_is_in_the_end(
    data: st.DataObject, log: list[int]
) -> None:
    start = data.draw(st.integers(0, log[0]))
    progress = Progress(start)
    unread, unfinished, finished = list(log), list[int](), set[int]()
    while unread or unfinished:
        if unread and (not unfinished or data.draw(st.booleans())):
            offset = unread.pop(0)
            progress.read(offset)
            unfinished.append(offset)
        else:
            offset = unfinished.pop(data.draw(st.integers(0, len(unfinished) - 1)))
            progress.finish(offset)
            finished.add(offset)
        assert all(offset in finished for offset in log if offset < progress.next)
        assert progress.next >= start
    assert progress.next == log[-1] + 1


@given(st.lists(st.integers(0, 20)), _LOGS)
def test_what_was_done_before_the_beginning_or_twice_changes_nothing(
    again: list[int], log: list[int]
) -> None:
    progress, same = Progress(log[0]), Progress(log[0])
    for offset in log:
        progress.read(offset)
        same.read(offset)
        progress.finish(offset)
        same.finish(offset)
        for old in again:
            if old <= offset and old in log:
                same.finish(old)
                same.read(old)
    assert same.next == progress.next
