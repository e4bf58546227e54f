"""What teachers say is kept by content: no other text and no other teacher is ever answered for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from models.classification import UNREADABLE, Classification, from_scores
from models.labels import HEADS
from models.teaching import teach

_TOGETHER = 512


@dataclass
class Parrot:
    """Says the label whose place is the text's length, and notes what it is asked."""

    fingerprint: str
    shift: int = 0
    asked: list[str] = field(default_factory=list)
    name: str = "parrot"

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        self.asked += texts
        return [UNREADABLE if text == "?" else self._one(len(text) + self.shift) for text in texts]

    def _one(self, place: int) -> Classification:
        return from_scores(
            {
                head: {name: float(n == place % len(names)) for n, name in enumerate(names)}
                for head, names in HEADS.items()
            }
        )


def test_a_stopped_call_goes_on_and_asks_only_for_the_rest(tmp_path: Path) -> None:
    texts = [f"帖子{'好' * (n % 7)}" for n in range(_TOGETHER + 5)]
    first = Parrot("a")
    teach([first], texts[:_TOGETHER], tmp_path)
    again = Parrot("a")
    found = teach([again], texts, tmp_path)
    assert again.asked == texts[_TOGETHER:]
    assert found.shape == (len(texts), sum(map(len, HEADS.values())))
    np.testing.assert_array_equal(found, teach([Parrot("b")], texts, tmp_path / "elsewhere"))


def test_other_texts_and_other_teachers_are_asked_anew(tmp_path: Path) -> None:
    one, other = ["好", "很好"], ["很好", "好"]
    straight = teach([Parrot("a")], one, tmp_path)
    np.testing.assert_array_equal(teach([Parrot("a")], other, tmp_path), straight[::-1])
    moved = teach([Parrot("b", shift=1)], one, tmp_path)
    assert (moved != straight).any()
    both = teach([Parrot("a"), Parrot("b", shift=1)], one, tmp_path)
    np.testing.assert_allclose(both, (straight + moved) / 2)


def test_of_what_a_teacher_can_not_read_it_says_nothing(tmp_path: Path) -> None:
    found = teach([Parrot("a"), Parrot("b")], ["好", "?"], tmp_path)
    assert found[0].sum() == pytest.approx(len(HEADS))
    assert found[1].sum() == 0


def test_without_a_teacher_nothing_is_taught(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no teacher"):
        teach([], ["好"], tmp_path)
