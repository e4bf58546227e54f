"""Read the labelled data sets, each with its own label map, into one row type."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.labels import AUXILIARY, TRAINED

USUAL_TRAIN: Final = "emotion/smp2020_usual_train.jsonl.xz"
USUAL_DEV: Final = "emotion/smp2020_usual_dev.jsonl.xz"
VIRUS_TRAIN: Final = "emotion/smp2020_virus_train.jsonl.xz"
VIRUS_DEV: Final = "emotion/smp2020_virus_dev.jsonl.xz"
EXTRA: Final = "emotion/extra_emotion.jsonl.xz"
OFFENSIVE: Final = "emotion/offensive.jsonl.xz"
POLARITY: Final = "emotion/polarity.jsonl.xz"
CAR_COMPLAINTS: Final = "intent/car_complaints.jsonl.xz"
CASCADES: Final = "streams/covid_cascades.jsonl.xz"
CONTROL: Final = "streams/change3_control.jsonl.xz"
UNLABELLED: Final = "mlm/weibo.txt.xz"

EMOTION_POLARITY: Final[dict[str, str]] = {
    "happy": "positive",
    "angry": "negative",
    "sad": "negative",
    "fear": "negative",
    "neutral": "neutral",
}
"""What an emotion says of polarity; surprise says nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training or dev text; a head without a label takes no part in the loss.

    Attributes
    ----------
    mood
        Probability of each emotion, in the order of ``EMOTIONS``, as a reader sees it; beside a label or without one.
    """

    text: str
    emotion: str | None = None
    intent: str | None = None
    polarity: str | None = None
    extra: str | None = None
    offensive: str | None = None
    mood: tuple[float, ...] | None = None

    def target(self, head: str) -> int:
        """Give the label's position in its head, or -1 where there is none.

        Raises
        ------
        ValueError
            If the label is not one of the head's.
        """
        label: str | None = getattr(self, head)
        if label is None:
            return -1
        try:
            return TRAINED[head].index(label)
        except ValueError:
            raise ValueError(
                f"unknown {head} label {label!r}; expected one of {', '.join(TRAINED[head])}"
            ) from None


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Read the objects of a ``.jsonl`` or ``.jsonl.xz`` file.

    Raises
    ------
    FileNotFoundError
        With the path, if it is missing.
    ValueError
        With file and line, if a line is not a JSON object.
    """
    with (
        lzma.open(path, "rt", encoding="utf-8")
        if path.suffix == ".xz"
        else path.open(encoding="utf-8") as file
    ):
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: not JSON ({error.msg})") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}:{number}: expected an object, found {type(row).__name__}")
            yield row


def read_emotion(path: Path) -> list[Row]:
    """Read an SMP2020-EWECT split (fields ``text``, ``label``); polarity follows from the emotion.

    Raises
    ------
    ValueError
        With the file and row, if a field is missing or a label unknown.
    """
    rows = []
    for number, item in enumerate(read_jsonl(path), 1):
        try:
            row = Row(item["text"], emotion=item["label"], polarity=EMOTION_POLARITY.get(item["label"]))
            row.target("emotion")
        except KeyError as error:
            raise ValueError(f"{path}:{number}: no field {error}; expected text and label") from None
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from None
        rows.append(row)
    return rows


def read_polarity(path: Path) -> list[Row]:
    """Read the binary polarity set (label 0 negative, 1 positive)."""
    return [
        Row(item["text"], polarity="positive" if item["label"] == 1 else "negative")
        for item in read_jsonl(path)
    ]


def read_extra(path: Path) -> list[Row]:
    """Read OCEMOTION and CLUEmotion2020, seven emotions of their own under the head ``extra``."""
    return [Row(item["text"], extra=item["label"]) for item in read_jsonl(path)]


def read_offensive(path: Path) -> list[Row]:
    """Read COLD (label 0 acceptable, 1 offensive) under the head ``offensive``."""
    return [
        Row(item["text"], offensive=AUXILIARY["offensive"][int(item["label"])]) for item in read_jsonl(path)
    ]


def numbered_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Read the texts with their line, from 1: the ``text`` of JSON Lines, or the lines of a ``.txt.xz`` file."""
    if path.name.endswith(".txt.xz"):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            yield from ((number, line.strip()) for number, line in enumerate(file, 1))
    else:
        for number, item in enumerate(read_jsonl(path), 1):
            if isinstance(item.get("text"), str):
                yield number, item["text"]


def read_texts(path: Path) -> Iterator[str]:
    """Read only the texts, see `numbered_texts`."""
    return (text for _, text in numbered_texts(path))


def lines_of(path: Path) -> Iterator[str]:
    """Read the texts of a file of any of the forms here: JSON Lines with ``text``, or lines; ``.xz`` or plain."""
    with (
        lzma.open(path, "rt", encoding="utf-8")
        if path.suffix == ".xz"
        else path.open(encoding="utf-8") as file
    ):
        for number, line in enumerate(file, 1):
            if not line.startswith("{"):
                yield line.strip()
                continue
            try:
                text = json.loads(line).get("text")
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: not JSON ({error.msg})") from None
            if isinstance(text, str):
                yield text
