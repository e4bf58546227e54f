"""Emotions by reading: they join the right posts, and a run learns a reader's doubt with the label."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.data import USUAL_DEV, USUAL_TRAIN, VIRUS_DEV, numbered_texts, read_emotion
from models.emotion_readings import Reading, read_readings, readings_by_text
from models.finetune import finetune
from models.folds import Fold
from models.gathering import gather
from models.labelled import checksum, read_labels
from models.labels import EMOTIONS, HEADS
from models.normalise import normalise
from models.recipe import Recipe
from models.teaching import with_mood

MLM = "mlm/weibo.txt.xz"


@pytest.fixture
def tiny_readings(tiny_data: Path, tmp_path: Path) -> Path:
    """Readings of two unlabelled posts and of the first labelled one."""
    unlabelled = dict(numbered_texts(tiny_data / MLM))
    labelled = dict(numbered_texts(tiny_data / USUAL_TRAIN))
    path = tmp_path / "readings.tsv"
    path.write_text(
        f"# head\n{MLM}\t5\t{checksum(unlabelled[5])}\thappy\t70\tneutral\n"
        f"{MLM}\t9\t{checksum(unlabelled[9])}\tneutral\t90\thappy\n"
        f"{USUAL_TRAIN}\t1\t{checksum(labelled[1])}\tsad\t60\tangry\n",
        encoding="utf-8",
    )
    return path


@given(first=st.sampled_from(EMOTIONS), second=st.sampled_from(EMOTIONS), confidence=st.integers(1, 99))
def test_a_distribution_is_one_and_what_was_read_leads(first: str, second: str, confidence: int) -> None:
    if first == second:
        return
    shares = dict(zip(EMOTIONS, Reading("a", 1, "0", first, confidence, second).distribution(), strict=True))
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) > 0
    others = [share for name, share in shares.items() if name not in (first, second)]
    assert shares[first] + 1e-12 >= shares[second]
    assert shares[second] + 1e-12 >= max(others)
    assert max(others) - min(others) < 1e-12


def test_the_shipped_readings_are_many_and_of_every_emotion() -> None:
    readings = read_readings()
    assert len(readings) > 10_000
    assert {reading.emotion for reading in readings} == set(EMOTIONS)
    assert len({(reading.file, reading.line) for reading in readings}) == len(readings)


def test_the_shipped_readings_join_the_data_and_none_is_of_a_dev_text(data_dir: Path) -> None:
    found = readings_by_text(data_dir)
    assert len(found) == len(read_readings())
    dev = {normalise(row.text) for name in (USUAL_DEV, VIRUS_DEV) for row in read_emotion(data_dir / name)}
    assert not found.keys() & dev


@pytest.mark.parametrize(
    "line",
    [
        "a\t1\tff\tbored\t50\tsad",
        "a\t1\tff\tsad\t50\tbored",
        "a\tone\tff\tsad\t50\tangry",
        "a\t1\tff\tsad\t100\tangry",
        "a\t1\tff\tsad\t0\tangry",
        "a\t1\tff\tsad\t50\tsad",
        "a\t1\tff\tsad\t50",
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "readings.tsv"
    path.write_text(f"# head\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"readings\.tsv:2: expected file, line"):
        read_readings(path)


def test_a_recipe_learns_readings_as_often_as_it_says_and_beside_the_labels(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tiny_readings: Path
) -> None:
    def rows(copies: int) -> list[tuple[str, str | None, tuple[float, ...]]]:
        recipe = replace(tiny_recipe, reading_copies=copies, intent_rows_per_class=0)
        gathered = gather(recipe, tiny_data, tiny_labels, readings=tiny_readings)
        return [(row.text, row.emotion, row.mood) for row in gathered.always if row.mood]

    assert rows(0) == []
    alone = [row for row in rows(2) if row[1] is None]
    assert len(alone) == 4
    assert {EMOTIONS[mood.index(max(mood))] for *_, mood in alone} == {"happy", "neutral"}
    beside = {row for row in rows(2) if row[1] is not None}
    assert {(emotion, EMOTIONS[mood.index(max(mood))]) for _, emotion, mood in beside} == {("angry", "sad")}


def test_a_row_that_was_read_carries_its_reading_and_stands_once(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    [label, *_] = [label for label in read_labels(tiny_labels) if label.split == "train"]
    readings = tmp_path / "readings.tsv"
    readings.write_text(
        f"{label.file}\t{label.line}\t{label.checksum}\thappy\t70\tneutral\n", encoding="utf-8"
    )
    recipe = replace(tiny_recipe, reading_copies=1, intent_rows_per_class=0, labelled_copies=2)
    found = [
        row
        for row in gather(recipe, tiny_data, tiny_labels, readings=readings).always
        if row.mood is not None
    ]
    assert [row.intent for row in found] == [label.intent] * 2


def test_a_reading_whose_text_a_fold_leaves_out_is_not_learnt(
    tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tiny_readings: Path
) -> None:
    recipe = replace(tiny_recipe, reading_copies=1)
    texts = {
        number: {
            row.text
            for row in gather(recipe, tiny_data, tiny_labels, Fold(number, 2), readings=tiny_readings).always
            if row.mood
        }
        for number in (0, 1)
    }
    read = readings_by_text(tiny_data, tiny_readings)
    measured = {text for text, reading in read.items() if reading.file == USUAL_TRAIN}
    assert len(measured) == 1
    assert texts[0] & texts[1] == set(read) - measured
    assert texts[0] | texts[1] == set(read)


def test_a_reader_stands_in_for_what_teachers_said_of_the_emotion_only() -> None:
    mood = Reading("a", 1, "0", "sad", 80, "angry").distribution()
    width = sum(map(len, HEADS.values()))
    alone = with_mood(None, mood)
    assert alone == [*mood, *[0.0] * (width - len(EMOTIONS))]
    said = [1 / 19] * width
    assert with_mood(said, mood) == [*mood, *said[len(EMOTIONS) :]]


@given(st.floats(0, 1))
def test_a_reader_and_teachers_share_what_is_learnt_of_the_emotion(share: float) -> None:
    mood = Reading("a", 1, "0", "sad", 80, "angry").distribution()
    said = [*reversed(mood), *[0.1] * (sum(map(len, HEADS.values())) - len(EMOTIONS))]
    mixed = with_mood(said, mood, share)
    assert sum(mixed[: len(EMOTIONS)]) == pytest.approx(1)
    for found, ends in zip(mixed, zip(mood, said, strict=False), strict=False):
        assert min(ends) - 1e-9 <= found <= max(ends) + 1e-9
    assert mixed[len(EMOTIONS) :] == said[len(EMOTIONS) :]
    unread = [0.0] * len(said)
    assert with_mood(unread, mood, share) == with_mood(None, mood, share) == with_mood(None, mood)


def test_a_run_is_taught_what_was_read_beside_the_labels(
    tiny_data: Path,
    tiny_labels: Path,
    tiny_base: Path,
    tiny_recipe: Recipe,
    tiny_readings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: dict[str, list[float]] = {}

    def train(model: Any, rows: Any, epochs: Any, recipe: Any, run_dir: Path, *_: Any, **more: Any) -> None:
        prepared = torch.load(run_dir / "prepared.pt", weights_only=True)["rows"]
        said.update({prepared[index][0]: row for index, row in more["taught"].items()})
        torch.save({}, run_dir / "best.pt")

    monkeypatch.setattr("models.finetune.train", train)
    recipe = replace(tiny_recipe, reading_copies=1)
    finetune(recipe, tiny_data, str(tiny_base), tmp_path / "run", labels=tiny_labels, readings=tiny_readings)
    read = readings_by_text(tiny_data, tiny_readings)
    assert said == {text: with_mood(None, reading.distribution()) for text, reading in read.items()}


def test_a_run_goes_on_with_the_readings_it_was_begun_with(
    tiny_data: Path,
    tiny_labels: Path,
    tiny_base: Path,
    tiny_recipe: Recipe,
    tiny_readings: Path,
    tmp_path: Path,
) -> None:
    recipe = replace(tiny_recipe, reading_copies=1, epochs=1)
    run_dir = tmp_path / "run"
    finetune(recipe, tiny_data, str(tiny_base), run_dir, labels=tiny_labels, readings=tiny_readings)
    text = tiny_readings.read_text(encoding="utf-8")
    tiny_readings.write_text(text.replace("\t70\t", "\t71\t"), encoding="utf-8")
    with pytest.raises(ValueError, match="holds another run, begun with readings"):
        finetune(recipe, tiny_data, str(tiny_base), run_dir, labels=tiny_labels, readings=tiny_readings)
