"""Real posts whose intent and polarity were labelled by reading: ids and labels are ours, the texts stay outside.

``intent_labels.tsv`` names each post by data file and line, with a checksum of its normalised text, so that a
label never lands on another post. ``docs/intents.md`` is the guideline the readers followed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal, TypeVar

from models.data import Row, numbered_texts
from models.labels import INTENTS, POLARITIES
from models.normalise import normalise

LABELS: Final = Path(__file__).with_name("intent_labels.tsv")
Split = Literal["train", "dev"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A post by where it stands.

    Attributes
    ----------
    file, line
        Data file below the data folder, and the line in it, from 1.
    checksum
        CRC-32 of the normalised text, eight hexadecimal digits.
    """

    file: str
    line: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Label(Placed):
    """One line of the file.

    Attributes
    ----------
    polarity
        Toward what is discussed; None where nothing is.
    split
        ``dev`` posts were read twice, and a third time where the two readings differed.
    """

    intent: str
    polarity: str | None
    split: str


_Post = TypeVar("_Post", bound=Placed)


def checksum(text: str) -> str:
    """Give the checksum of a post's normalised text."""
    return checksum_of_normalised(normalise(text))


def checksum_of_normalised(text: str) -> str:
    """Give the checksum of a text that is normalised already."""
    return f"{zlib.crc32(text.encode()):08x}"


def columns_of(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Give the lines of a file of tab-separated columns: their number, text and columns; not blank ones nor comments."""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text and not text.startswith("#"):
            yield number, text, text.split("\t")


def read_labels(path: Path = LABELS) -> list[Label]:
    """Read the labels.

    Raises
    ------
    ValueError
        With file and line, at a line that is not file, line, checksum, intent, polarity (or -), split.
    """
    found = []
    for number, text, parts in columns_of(path):
        if (
            len(parts) != 6
            or not parts[1].isdigit()
            or parts[3] not in INTENTS
            or parts[4] not in (*POLARITIES, "-")
            or parts[5] not in ("train", "dev")
        ):
            raise ValueError(
                f"{path}:{number}: expected file, line, checksum, intent, polarity, split; found {text!r}"
            )
        polarity = None if parts[4] == "-" else parts[4]
        found.append(Label(parts[0], int(parts[1]), parts[2], parts[3], polarity, parts[5]))
    return found


def joined(entries: Iterable[_Post], data_dir: Path, source: str) -> Iterator[tuple[_Post, str]]:
    """Join what names posts with their texts, as they stand in the data, file by file.

    Parameters
    ----------
    source
        What the entries were read from, for the message.

    Raises
    ------
    FileNotFoundError
        If a data file is missing.
    ValueError
        If a text is not the one that was named: the data set is of another version.
    """
    wanted = sorted(entries, key=lambda entry: (entry.file, entry.line))
    for file, group in groupby(wanted, key=lambda entry: entry.file):
        by_line = {entry.line: entry for entry in group}
        last = max(by_line)
        for line, text in numbered_texts(data_dir / file):
            if (entry := by_line.get(line)) is not None:
                if checksum(text) != entry.checksum:
                    raise ValueError(
                        f"{data_dir / file}:{line}: not the post that {source} labels; is it another version?"
                    )
                yield entry, text
            if line >= last:
                break


def labelled_rows(data_dir: Path, split: Split, path: Path = LABELS) -> Iterator[tuple[Label, str]]:
    """Join the labels of a split with their posts' texts; raises what `joined` raises."""
    return joined((label for label in read_labels(path) if label.split == split), data_dir, path.name)


def read_split(data_dir: Path, split: Split, path: Path = LABELS) -> list[Row]:
    """Give a split as rows with normalised texts."""
    return [
        Row(normalise(text), intent=label.intent, polarity=label.polarity)
        for label, text in labelled_rows(data_dir, split, path)
    ]
