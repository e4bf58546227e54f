"""The law of cursors: nothing unconfirmed is skipped, no confirmed prefix is read again."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.feeds.cursor import STDIN, Position, Tracker
from streams.feeds.store import FORGET_AFTER, CursorsBusy, CursorStore

LINES = 12
FILES = ("a", "b")


class CursorLaw(RuleBasedStateMachine):
    """Reads two files of lines of one byte, confirms in any order, crashes at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: dict[str, Position] = {}
        self.confirmed: set[str] = set()
        self.restart()

    def restart(self) -> None:
        self.tracker = Tracker(dict(self.saved))
        self.next = {file: self.tracker.position(file) or Position() for file in FILES}
        self.at = {file: position.offset for file, position in self.next.items()}
        self.flying: set[str] = set()

    @staticmethod
    def mention(file: str, index: int) -> str | None:
        """Every fifth line carries nothing; some ids stand in both files and twice in one."""
        return None if index % 5 == 4 else f"m{index % 7}" if index % 2 else f"{file}{index}"

    @precondition(lambda self: any(at < LINES for at in self.at.values()))
    @rule(data=st.data())
    def produce(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from([file for file in FILES if self.at[file] < LINES]))
        index = self.at[file]
        mention = self.mention(file, index)
        self.tracker.produced(file, index + 1, mention, line=index + 1, size=10)
        self.at[file] = index + 1
        if mention is not None:
            self.flying.add(mention)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        ids = data.draw(st.sets(st.sampled_from(sorted(self.flying)), min_size=1))
        self.tracker.confirm([*ids, "unknown"])
        self.flying -= ids
        self.confirmed |= ids

    @rule()
    def save(self) -> None:
        if (changed := self.tracker.take_changes()) is not None:
            self.saved = changed

    @rule(save_first=st.booleans())
    def crash(self, save_first: bool) -> None:
        if save_first:
            self.save()
        self.restart()

    @invariant()
    def nothing_unconfirmed_is_behind_a_cursor(self) -> None:
        for file in FILES:
            for cursor in (self.tracker.position(file), self.saved.get(file)):
                for index in range(cursor.offset if cursor else 0):
                    mention = self.mention(file, index)
                    assert mention is None or mention in self.confirmed

    @invariant()
    def the_cursor_stands_right_before_the_first_unconfirmed_line(self) -> None:
        for file in FILES:
            cursor = self.tracker.position(file)
            offset = cursor.offset if cursor else 0
            if offset < self.at[file]:
                assert self.mention(file, offset) in self.flying

    @invariant()
    def what_flies_is_counted(self) -> None:
        assert (self.tracker.in_flight == 0) == (not self.flying)
        assert self.tracker.in_flight_bytes == 10 * self.tracker.in_flight


TestCursorLaw = CursorLaw.TestCase
TestCursorLaw.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@given(st.permutations(range(8)))
def test_any_order_of_confirmations_ends_at_the_same_place(order: list[int]) -> None:
    tracker = Tracker()
    for index in range(8):
        tracker.produced("f", 10 * (index + 1), f"m{index}", line=index + 1, size=10)
    for index in order:
        tracker.confirm([f"m{index}"])
    position = tracker.position("f")
    assert position is not None
    assert (position.offset, position.line, tracker.in_flight) == (80, 8, 0)


def test_lines_with_one_id_are_confirmed_together() -> None:
    tracker = Tracker()
    tracker.produced("f", 1, "m", size=3)
    tracker.produced("f", 2, "m", size=3)
    assert (tracker.in_flight, tracker.in_flight_bytes) == (2, 6)
    tracker.confirm(["m"])
    assert tracker.positions()["f"].offset == 2
    assert (tracker.in_flight, tracker.in_flight_bytes) == (0, 0)


def test_a_file_begun_anew_is_not_moved_by_the_old_ones_confirmations() -> None:
    tracker = Tracker()
    tracker.produced("f", 100, "old")
    tracker.begin("f", Position())
    tracker.produced("f", 5, "new")
    tracker.confirm(["old"])
    assert tracker.positions()["f"].offset == 0
    tracker.confirm(["new"])
    assert tracker.positions()["f"].offset == 5
    assert tracker.in_flight == 0


def test_a_renamed_file_keeps_its_cursor_and_what_flies() -> None:
    tracker = Tracker()
    tracker.produced("f", 5, "m")
    tracker.rename("f", "f.1")
    tracker.confirm(["m"])
    assert {file: position.offset for file, position in tracker.positions().items()} == {"f.1": 5}


def test_confirmations_from_other_threads() -> None:
    tracker = Tracker()
    told: list[int] = []
    tracker.listen(lambda: told.append(1))
    for index in range(400):
        tracker.produced("f", index + 1, f"m{index}", size=1)

    def confirm(first: int) -> None:
        for index in range(first, 400, 4):
            tracker.confirm([f"m{index}"])

    threads = [threading.Thread(target=confirm, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tracker.positions()["f"].offset == 400
    assert len(told) == 400


def test_the_cursor_of_standard_input_is_not_kept() -> None:
    tracker = Tracker()
    tracker.produced(STDIN, 5, None)
    assert tracker.positions() == {}


def test_cursors_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "cursors.json"
    kept = {"/x/a.jsonl": Position(offset=7, line=2, inode=3, head_length=4, head="ab", seen=9.0)}
    with CursorStore(path) as store:
        assert store.load() == {}
        store.save(kept)
    with CursorStore(path) as store:
        assert store.load() == kept
    assert sorted(file.name for file in path.parent.iterdir()) == ["cursors.json", "cursors.lock"]


def test_cursors_of_files_long_gone_are_dropped(tmp_path: Path) -> None:
    with CursorStore(tmp_path / "c.json") as store:
        store.save({"old": Position(seen=1.0), "new": Position(seen=2.0 + FORGET_AFTER)})
        assert list(store.load()) == ["new"]


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(b'{"a": {"offset": "x')
    with CursorStore(path) as store:
        assert store.load() == {}
    assert (tmp_path / "c.damaged").exists()
    assert "read again" in caplog.text


def test_two_feeds_do_not_share_cursors(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    program = "import sys,pathlib;from streams.feeds.store import CursorStore as S;S(pathlib.Path(sys.argv[1])).__enter__()"
    with CursorStore(path):
        other = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert "in use by another feed" in other.stderr
        with pytest.raises(CursorsBusy):
            CursorStore(path).__enter__()
    with CursorStore(path):
        pass
