"""Which rows a recipe takes: what it leaves out is in no epoch."""

from dataclasses import replace
from pathlib import Path

from models.gathering import by_epoch, gather
from models.recipe import RECIPES, Recipe, read_recipe


def test_a_recipe_of_emotion_alone_takes_no_row_for_another_head(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe
) -> None:
    shipped = read_recipe(RECIPES / "emotion.yaml", Recipe)
    for recipe in (
        shipped,
        replace(tiny_recipe, intent_rows_per_class=0, labelled_copies=0, example_copies=0,
                polarity_rows=0, offensive_rows=0, polarity_from_emotion=False),
    ):  # fmt: skip
        rows, epochs = by_epoch(gather(recipe, tiny_data, tiny_labels), recipe.epochs)
        assert any(row.emotion for row in rows)
        assert not any(row.intent or row.polarity or row.offensive for row in rows)
        assert len(epochs) == recipe.epochs


def test_a_post_that_was_read_comes_as_often_as_the_recipe_says(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe
) -> None:
    def read(copies: int) -> int:
        gathered = gather(replace(tiny_recipe, labelled_copies=copies), tiny_data, tiny_labels)
        return len(gathered.always)

    once = read(1) - read(0)
    assert once == 4
    assert read(3) - read(0) == 3 * once
