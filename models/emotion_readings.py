"""Posts whose emotion was read: who reads says how sure they are, and a run learns from that, not from a bare label.

``emotion_readings.tsv`` names each post by data file and line, with a checksum of its normalised text, like
``intent_labels.tsv``. Some are posts of the training sets, which have a label of their own besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.labelled import Placed, columns_of, joined
from models.labels import EMOTIONS
from models.normalise import normalise

READINGS: Final = Path(__file__).with_name("emotion_readings.tsv")
SECOND_SHARE: Final = 0.6
"""Part of the remaining doubt that the second emotion gets; measured on the dev splits, where the first was wrong."""


@dataclass(frozen=True, slots=True)
class Reading(Placed):
    """One line of the file.

    Attributes
    ----------
    emotion, second
        What the post was read as, and what it would be if not that.
    confidence
        How likely the annotators of SMP2020-EWECT would have chosen ``emotion``, in percent, 1 to 99.
    """

    emotion: str
    confidence: int
    second: str

    def distribution(self) -> tuple[float, ...]:
        """Give the probability of each emotion in the order of ``EMOTIONS``; ``emotion`` is never below another.

        Examples
        --------
        >>> reading = Reading("a.txt.xz", 1, "00000000", "sad", 80, "angry")
        >>> [round(share, 2) for share in reading.distribution()]
        [0.02, 0.02, 0.12, 0.8, 0.02, 0.02]
        """
        first = max(self.confidence / 100, 1 / len(EMOTIONS))
        second = min(first, SECOND_SHARE * (1 - first))
        other = (1 - first - second) / (len(EMOTIONS) - 2)
        shares = {self.emotion: first, self.second: second}
        return tuple(shares.get(name, other) for name in EMOTIONS)


def read_readings(path: Path = READINGS) -> list[Reading]:
    """Read the file.

    Raises
    ------
    ValueError
        With file and line, at a line that is not file, line, checksum, emotion, confidence, second emotion.
    """
    found = []
    for number, text, parts in columns_of(path):
        if (
            len(parts) != 6
            or not (parts[1].isdigit() and parts[4].isdigit() and 1 <= int(parts[4]) <= 99)
            or parts[3] not in EMOTIONS
            or parts[5] not in EMOTIONS
            or parts[3] == parts[5]
        ):
            raise ValueError(
                f"{path}:{number}: expected file, line, checksum, emotion, confidence from 1 to 99, another emotion; "
                f"found {text!r}"
            )
        found.append(Reading(parts[0], int(parts[1]), parts[2], parts[3], int(parts[4]), parts[5]))
    return found


def readings_by_text(data_dir: Path, path: Path = READINGS) -> dict[str, Reading]:
    """Join the readings with their posts; give them by normalised text.

    Raises
    ------
    FileNotFoundError
        If a data file is missing.
    ValueError
        If a text is not the one that was read: the data set is of another version.
    """
    return {normalise(text): reading for reading, text in joined(read_readings(path), data_dir, path.name)}
