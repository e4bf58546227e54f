"""Which rows a recipe takes: what it leaves out is in no epoch."""

import shutil
from dataclasses import replace
from pathlib import Path

from models.data import USUAL_TRAIN, VIRUS_DEV, read_emotion
from models.gathering import by_epoch, gather
from models.labelled import checksum
from models.normalise import normalise
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


def test_of_a_text_that_measures_nothing_is_learnt_but_its_emotion(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    first = next(iter(read_emotion(tiny_data / USUAL_TRAIN)))
    labels = tmp_path / "labels.tsv"
    labels.write_text(
        f"{USUAL_TRAIN}\t1\t{checksum(first.text)}\tcomplaint\tnegative\tdev\n", encoding="utf-8"
    )
    same = [row for row in gather(tiny_recipe, tiny_data, labels).always if row.text == normalise(first.text)]
    assert same
    assert all(row.emotion and row.intent is None and row.polarity is None for row in same)


def test_a_text_of_a_dev_split_is_in_no_row_that_teaches_its_emotion(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_data, tmp_path / "data")
    shutil.copyfile(folder / USUAL_TRAIN, folder / VIRUS_DEV)
    gathered = gather(tiny_recipe, folder, tiny_labels)
    dev = {normalise(row.text) for row in read_emotion(folder / VIRUS_DEV)}
    rows = [*gathered.always, *(row for pool, _ in gathered.turns for row in pool)]
    assert not [row for row in rows if row.text in dev and (row.emotion or row.extra)]
