"""Which rows a fine-tuning run learns from, and which only measure it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from models import data
from models.data import Row
from models.emotion_readings import READINGS, readings_by_text
from models.folds import Fold
from models.labelled import LABELS, read_split
from models.normalise import normalise
from models.recipe import Recipe
from models.weak_intents import is_held_out, label_text, read_examples, weak_rows, windows

_EMOTION_SETS: Final = (data.USUAL_TRAIN, data.VIRUS_TRAIN)
_EMOTION_DEV: Final = (data.USUAL_DEV, data.VIRUS_DEV)
_SCAN: Final = 3  # every third unlabelled line is offered to the rules


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of a run.

    Attributes
    ----------
    always
        In every epoch.
    turns
        By set, rows of which each epoch takes another part; and how many an epoch takes.
    held
        Rows labelled by the rules that no epoch sees.
    """

    always: list[Row]
    turns: list[tuple[list[Row], int]]
    held: list[Row]


def _labelled(row: Row, unseen: frozenset[str], *, intent: bool, polarity: bool) -> Row:
    """Normalise an emotion row and let the rules add an intent to it; that costs no further step.

    That no rule finds an intent does not say that there is none.
    """
    text = normalise(row.text)
    if text in unseen:
        return Row(text, row.emotion)
    found = label_text(text) if intent else None
    if is_held_out(text) or found == "other":
        found = None
    return Row(text, row.emotion, found, row.polarity if polarity else None)


def _offered(data_dir: Path) -> Iterator[str]:
    """Give the texts that the rules may label, the sets nearest to brand talk first."""
    complaints = (item["text"] for item in data.read_jsonl(data_dir / data.CAR_COMPLAINTS))
    cut = [part for text in complaints for part in windows(normalise(text), 60)[1:3]]
    return itertools.chain(
        cut,
        data.read_texts(data_dir / data.POLARITY),
        data.read_texts(data_dir / data.CASCADES),
        itertools.islice(data.read_texts(data_dir / data.CONTROL), 0, None, 4),
        itertools.islice(data.read_texts(data_dir / data.UNLABELLED), 0, None, _SCAN),
    )


def _complaint_rows(data_dir: Path, limit: int) -> list[Row]:
    """Take the openings of the car owners' complaints, which their source labels as such."""
    rows = []
    for item in data.read_jsonl(data_dir / data.CAR_COMPLAINTS):
        parts = windows(normalise(item["text"]), 60)
        if parts:
            rows.append(Row(parts[min(1, len(parts) - 1)], intent="complaint", polarity="negative"))
    random.Random(7).shuffle(rows)  # noqa: S311 - a sample, not a secret
    return rows[:limit]


def example_rows(copies: int, seed: int, *, held_out: bool) -> list[Row]:
    """Fill the written examples with names; the template decides which side of the split all copies are on."""
    rng = random.Random(seed)  # noqa: S311 - names, not a secret
    return [
        example.fill(rng)
        for example in read_examples()
        if is_held_out(example.template) == held_out
        for _ in range(copies)
    ]


def left_out(data_dir: Path, fold: Fold) -> dict[str, list[Row]]:
    """Give the emotion rows of a fold by the name of their set, the author's text normalised."""
    return {
        name: [
            Row(text, row.emotion)
            for row in data.read_emotion(data_dir / path)
            if fold.holds(text := normalise(row.text))
        ]
        for name, path in (("fold_usual", data.USUAL_TRAIN), ("fold_virus", data.VIRUS_TRAIN))
    }


def gather(
    recipe: Recipe,
    data_dir: Path,
    labels: Path = LABELS,
    fold: Fold | None = None,
    readings: Path = READINGS,
) -> Gathered:
    """Gather the rows of a run; no text of a dev split is among the rows it learns that split's labels from.

    Parameters
    ----------
    fold
        Emotion rows that are left out, to measure on.
    readings
        The posts whose emotion was read, see `models.emotion_readings`; a row whose text was read carries the reading.

    Raises
    ------
    FileNotFoundError
        If a data set is missing; names the file.
    """
    intent_dev = frozenset(row.text for row in read_split(data_dir, "dev", labels))
    emotion_dev = frozenset(
        normalise(row.text) for name in _EMOTION_DEV for row in data.read_emotion(data_dir / name)
    )
    emotion = [
        _labelled(
            row, intent_dev, intent=bool(recipe.intent_rows_per_class), polarity=recipe.polarity_from_emotion
        )
        for name in _EMOTION_SETS
        for row in data.read_emotion(data_dir / name)
    ]
    held_emotions = frozenset(
        row.text for row in emotion if row.text in emotion_dev or (fold is not None and fold.holds(row.text))
    )
    emotion = [row for row in emotion if row.text not in held_emotions]
    weak = weak_rows(_offered(data_dir), recipe.intent_rows_per_class) if recipe.intent_rows_per_class else []
    weak += _complaint_rows(data_dir, recipe.intent_rows_per_class // 2)
    weak = [row for row in weak if row.text not in intent_dev]
    examples = example_rows(recipe.example_copies, recipe.seed, held_out=False)
    always = emotion + [row for row in weak if not is_held_out(row.text)] + examples
    always += read_split(data_dir, "train", labels) * recipe.labelled_copies
    if recipe.reading_copies:
        unseen = emotion_dev | held_emotions
        moods = {
            text: reading.distribution()
            for text, reading in readings_by_text(data_dir, readings).items()
            if text not in unseen
        }
        always = [replace(row, mood=moods.get(row.text)) for row in always]
        carried = {row.text for row in always}
        alone = [Row(text, mood=mood) for text, mood in moods.items() if text not in carried]
        always += alone * recipe.reading_copies
    turns = [
        (_shuffled(rows, emotion_dev | intent_dev, recipe.seed), count)
        for rows, count in (
            (data.read_polarity(data_dir / data.POLARITY) if recipe.polarity_rows else [], recipe.polarity_rows),
            (data.read_extra(data_dir / data.EXTRA) if recipe.extra_rows else [], recipe.extra_rows),
            (data.read_offensive(data_dir / data.OFFENSIVE) if recipe.offensive_rows else [], recipe.offensive_rows),
        )
    ]  # fmt: skip
    if recipe.distil_rows:
        wanted = recipe.distil_rows * recipe.epochs
        turns.append(
            (_unlabelled(data_dir, wanted, emotion_dev | intent_dev, recipe.seed), recipe.distil_rows)
        )
    always = [row for row in always if row.text]
    if recipe.share < 1:
        random.Random(recipe.seed).shuffle(always)  # noqa: S311 - an order, not a secret
        always = always[: round(recipe.share * len(always))]
    return Gathered(always, turns, [row for row in weak if is_held_out(row.text)])


def _unlabelled(data_dir: Path, wanted: int, unseen: frozenset[str], seed: int) -> list[Row]:
    """Posts without labels for teachers to label, evenly from the whole corpus, of the length of a post."""
    texts = list(data.read_texts(data_dir / data.UNLABELLED))
    random.Random(seed).shuffle(texts)  # noqa: S311 - a sample, not a secret
    found = (Row(normalise(text)) for text in texts)
    kept = (row for row in found if 8 <= len(row.text) <= 140 and row.text not in unseen)
    return list(itertools.islice(kept, wanted))


def _shuffled(rows: Sequence[Row], unseen: frozenset[str], seed: int) -> list[Row]:
    kept = [
        Row(text, row.emotion, row.intent, row.polarity, row.extra, row.offensive)
        for row in rows
        if len(text := normalise(row.text)) >= 4 and text not in unseen
    ]
    random.Random(seed).shuffle(kept)  # noqa: S311 - an order, not a secret
    return kept


def by_epoch(gathered: Gathered, epochs: int) -> tuple[list[Row], list[list[int]]]:
    """Give all rows in one list, and for every epoch the positions it takes, as many in each."""
    rows = list(gathered.always)
    taken = [list(range(len(rows))) for _ in range(epochs)]
    for pool, count in gathered.turns:
        begin = len(rows)
        used = pool[: min(len(pool), count * epochs)]
        rows += used
        for epoch in range(epochs):
            taken[epoch] += [begin + (epoch * count + n) % len(used) for n in range(min(count, len(used)))]
    return rows, taken
