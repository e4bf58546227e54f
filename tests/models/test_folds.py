"""Cross-validation: every row is measured on once, and never learnt by the run that measures it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch")

from models.folds import Fold, as_table, crossvalidate
from models.gathering import gather, left_out
from models.normalise import normalise
from models.recipe import Recipe


@given(st.text(), st.integers(2, 12))
def test_a_text_is_in_exactly_one_fold(text: str, count: int) -> None:
    assert sum(Fold(number, count).holds(text) for number in range(count)) == 1


def test_a_fold_is_measured_on_and_not_learnt(
    tiny_data: Path, tiny_base: Path, tiny_recipe: Recipe, tiny_labels: Path, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, epochs=1)
    parts = [left_out(tiny_data, Fold(number, 3))["fold_usual"] for number in range(3)]
    whole = [row for part in parts for row in part]
    assert len({row.text for row in whole}) == len(whole)
    for number, part in enumerate(parts):
        learnt = {
            row.text for row in gather(recipe, tiny_data, tiny_labels, Fold(number, 3)).always if row.emotion
        }
        assert learnt.isdisjoint({normalise(row.text) for row in part})
        assert learnt | {row.text for row in part} >= {row.text for row in whole}
    found = crossvalidate(
        recipe, tiny_data, str(tiny_base), tmp_path, [Fold(0, 3), Fold(1, 3)], labels=tiny_labels
    )
    table = as_table(found)
    assert table.count("\n") == 5  # two folds, their mean and deviation
    assert f"{found[0]['fold_usual_accuracy']:.4f}" in table
