"""The stages: batches, order, bounds, repeats, failures, no memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibrator import Calibrator
from models.classification import UNREADABLE, Classification
from models.labels import HEADS
from models.serving import stages as stages_module
from models.serving.batching import Forward, plan
from models.serving.directory import open_directory
from models.serving.stages import Stages
from models.serving.tokenising import Tokeniser
from tests.models.serving.conftest import Scripted

PLAIN = dict.fromkeys(HEADS, Calibrator())


@pytest.fixture
def engine() -> Scripted:
    return Scripted()


@pytest.fixture
def stages(engine: Scripted, directory: Path) -> Iterator[Stages]:
    opened = Stages(
        Tokeniser(open_directory(directory), 32), engine, PLAIN, batch_tokens=64, cache_size=100, within=60.0
    )
    yield opened
    engine.gate.set()
    opened.close()
    assert engine.closed


def _of(future: Future[list[Classification]] | None) -> list[Classification]:
    assert future is not None
    return future.result(60)


@given(st.lists(st.integers(1, 128), max_size=60), st.integers(1, 600))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(plan(lengths, budget))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget
    ordered = [lengths[index] for batch in found for index in batch]
    assert ordered == sorted(ordered)


@given(st.lists(st.integers(2, 30), min_size=1, max_size=40), st.integers(30, 400))
def test_without_memory_batches_are_halved_until_they_fit_and_the_budget_with_them(
    lengths: list[int], room: int
) -> None:
    engine = Scripted(room)
    forward = Forward(engine, 1200)
    rows = [[0, place, *[1] * (length - 2)] for place, length in enumerate(lengths)]
    found = forward(rows)
    assert found["emotion"][:, 0].tolist() == list(range(len(rows)))
    assert {head: value.shape for head, value in found.items()} == {
        head: (len(rows), len(names)) for head, names in HEADS.items()
    }
    if len(rows) * max(lengths) > room:
        assert forward.batch_tokens <= len(rows) * max(lengths)
        # No smaller than needed: what did not fit was more than the room, and of three rows one is the half.
        assert forward.batch_tokens > room / 3


def test_a_single_row_without_memory_is_an_error() -> None:
    with pytest.raises(MemoryError):
        Forward(Scripted(room=3), 100)([[0, 1, 2, 3], [0, 1, 2, 3]])


BATCH = [[0, 1, 2, 3]] * 4
"""16 tokens."""


def test_after_a_run_of_batches_that_found_memory_the_budget_doubles_up_to_what_it_was() -> None:
    engine = Scripted(room=15)
    forward = Forward(engine, 30)
    forward(BATCH)
    assert forward.batch_tokens == 8
    engine.room = 1000
    for _ in range(47):  # the two halves went well
        forward(BATCH[:1])
    assert forward.batch_tokens == 8
    forward(BATCH[:1])
    assert forward.batch_tokens == 16
    for _ in range(50):
        forward(BATCH)
    assert forward.batch_tokens == 30
    for _ in range(1000):
        forward(BATCH)
    assert forward.batch_tokens == 30
    assert len(engine.seen) == 1 + 2 + 48 + 50 + 1000


def test_a_batch_without_memory_begins_the_run_anew() -> None:
    engine = Scripted(room=15)
    forward = Forward(engine, 16)
    for _ in range(30):
        forward(BATCH)
        for _ in range(40):
            forward(BATCH[:1])
    assert forward.batch_tokens == 8


def test_a_shortage_that_stays_is_met_ever_more_rarely() -> None:
    engine = Scripted(room=15)
    forward = Forward(engine, 16)
    failed = []
    for count in range(20_000):
        before = len(engine.seen)
        forward([[0, 1, 2, 3]] * (forward.batch_tokens // 4))
        if len(engine.seen) - before > 1:
            failed.append(count)
    gaps = [later - earlier for earlier, later in itertools.pairwise(failed)]
    assert 6 < len(gaps) < 12
    assert gaps[0] < 60
    assert gaps[-1] > 3000


def test_many_texts_come_back_in_their_order_in_batches_within_the_budget(
    stages: Stages, engine: Scripted
) -> None:
    texts = [f"{a}{b}" * n for n in (1, 2, 5) for a in "气死我了好开" for b in "太恶心投诉垃"]
    found = _of(stages.submit(texts))
    ids = stages._tokeniser.encode(texts)
    for row, one in zip(ids, found, strict=True):
        score = one.emotion_scores["neutral"]
        assert score == pytest.approx(np.exp(row[1]) / (np.exp(row[1]) + 5), abs=1e-6)
    for batch in engine.seen:
        assert len(batch) == 1 or len(batch) * max(map(len, batch)) <= 64
    assert sum(map(len, engine.seen)) == len(texts)


def test_callers_share_batches(stages: Stages, engine: Scripted) -> None:
    engine.gate.clear()
    first = stages.submit(["气死我了"])
    assert engine.entered.acquire(timeout=60)  # core is busy: the next two wait together
    second, third = stages.submit(["好开心呀"]), stages.submit(["今天开会"])
    while stages._coming:
        threading.Event().wait(0.001)
    engine.gate.set()
    for future in (first, second, third):
        assert len(_of(future)) == 1
    assert [len(batch) for batch in engine.seen] == [1, 2]


def test_the_same_text_from_two_callers_at_once_is_classified_once(stages: Stages, engine: Scripted) -> None:
    engine.gate.clear()
    first = stages.submit(["气死我了"])
    assert engine.entered.acquire(timeout=60)
    second = stages.submit(["气死我了", "気"])
    while stages._coming:
        threading.Event().wait(0.001)
    engine.gate.set()
    assert _of(second)[0] is _of(first)[0]
    assert sum(map(len, engine.seen)) == 1
    assert (stages.recent.hits, stages.recent.misses) == (1, 1)


def test_a_full_queue_takes_no_more_until_there_is_room(stages: Stages, engine: Scripted) -> None:
    engine.gate.clear()
    taken = []
    for count in range(100_000):  # each job is a text of its own; what waits is bounded
        future = stages.submit([f"气死我了{count}"], wait=False)
        if future is None:
            break
        taken.append(future)
    assert future is None
    engine.gate.set()
    assert all(len(_of(future)) == 1 for future in taken)
    assert len(_of(stages.submit(["好开心呀"]))) == 1


def test_a_failure_is_told_to_who_waits_and_the_next_texts_go_well(stages: Stages, engine: Scripted) -> None:
    engine.error = OSError("the device is gone")
    with pytest.raises(OSError, match="the device is gone"):
        _of(stages.submit(["气死我了", "好开心呀"]))
    engine.error = None
    assert len(_of(stages.submit(["气死我了", "好开心呀"]))) == 2


def test_what_is_no_text_is_refused_before_anything_is_taken_in(stages: Stages, engine: Scripted) -> None:
    with pytest.raises(TypeError, match=r"texts\[1\] is NoneType, expected str"):
        stages.submit(["气死我了", None])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"texts\[0\] is bytes"):
        stages.submit([b"x"], wait=False)  # type: ignore[list-item]
    assert not stages._pending
    assert not stages._coming
    assert len(_of(stages.submit(["气死我了"]))) == 1


def test_a_failure_on_the_way_to_the_model_leaves_nobody_waiting(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(text: str) -> str:
        if text == "今天开会":
            raise ValueError("odd")
        return text

    with monkeypatch.context() as patch:
        patch.setattr(stages_module, "normalise", odd)
        with pytest.raises(ValueError, match="odd"):
            _of(stages.submit(["气死我了", "今天开会"]))
    with monkeypatch.context() as patch:
        patch.setattr(stages._tokeniser, "encode", lambda texts: [])
        with pytest.raises(ValueError, match="zip"):
            _of(stages.submit(["气死我了", "好开心呀"]))
    assert len(_of(stages.submit(["气死我了", "好开心呀", "今天开会"]))) == 3


def test_one_row_too_large_for_the_memory_is_told_and_the_others_are_served(
    stages: Stages, engine: Scripted
) -> None:
    engine.room = 20
    with pytest.raises(MemoryError):
        _of(stages.submit(["气死我了" * 8]))
    assert len(_of(stages.submit([f"{sign}心" for sign in "气死我了好开太恶投诉垃圾公司"]))) == 14
    assert stages.forward.batch_tokens <= 64


def test_a_caller_that_gives_up_disturbs_nobody(stages: Stages, engine: Scripted) -> None:
    engine.gate.clear()
    given_up, other = stages.submit(["气死我了"]), stages.submit(["气死我了"])
    assert given_up is not None
    assert given_up.cancel()
    engine.gate.set()
    assert len(_of(other)) == 1


def test_closing_finishes_what_was_handed_in(stages: Stages) -> None:
    future = stages.submit([f"气死我了{count}" for count in range(500)])
    stages.close()
    assert len(_of(future)) == 500
    with pytest.raises(RuntimeError, match="closed"):
        stages.submit(["气死我了"])


def test_what_cannot_be_read_needs_no_model(stages: Stages, engine: Scripted) -> None:
    assert _of(stages.submit(["", "@用户", "hello"])) == [UNREADABLE] * 3
    assert _of(stages.submit([])) == []
    assert not engine.seen
