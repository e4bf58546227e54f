"""What an ensemble of teachers says of texts, kept on disk, for one student to learn from.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network": the student learns the teachers' mean
distribution; texts need no labels. Temperature is 1, since our heads have few labels and noisy ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tqdm import tqdm

from models.classification import Classification
from models.labels import HEADS, HeadName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOGETHER: Final = 512
_NAMES: Final = "teachers.txt"
_NOT_TAUGHT: Final = [0.0] * sum(map(len, HEADS.values()))


class Teacher(Protocol):
    """Anything that classifies: a served model."""

    @property
    def name(self) -> str:
        """What it was opened by."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells its content from another's."""
        ...

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts, in their order."""
        ...


def write_teachers(teachers: Sequence[Teacher], run_dir: Path) -> None:
    """Note the teachers of a run by name, for the model card; folders of this machine stay out of it."""
    names = [Path(teacher.name).name for teacher in teachers]
    (run_dir / _NAMES).write_text("\n".join(names) + "\n", encoding="utf-8")


def read_teachers(run_dir: Path) -> list[str]:
    """Read the names of a run's teachers; none where it had none."""
    file = run_dir / _NAMES
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _row(found: Classification) -> list[float]:
    if not found.readable:
        return _NOT_TAUGHT
    scores: dict[HeadName, dict[str, float]] = {
        "emotion": found.emotion_scores,
        "intent": found.intent_scores,
        "polarity": found.polarity_scores,
    }
    return [scores[head][label] for head, labels in HEADS.items() for label in labels]


def with_mood(said: Sequence[float] | None, mood: Sequence[float], share: float = 1.0) -> list[float]:
    """Mix a reader's distribution of the emotions with what teachers said of them.

    Parameters
    ----------
    said
        A row of `teach`; None where the text had no teacher.
    share
        The reader's part, 0 to 1; where no teacher spoke of the emotion the reader alone does.
    """
    emotions = len(HEADS["emotion"])  # the first of the heads
    heard = _NOT_TAUGHT if said is None else said
    reader = share if any(heard[:emotions]) else 1.0
    mixed = [reader * read + (1 - reader) * of for read, of in zip(mood, heard[:emotions], strict=True)]
    return [*mixed, *heard[emotions:]]


def teach(teachers: Sequence[Teacher], texts: Sequence[str], cache: Path) -> NDArray[np.float32]:
    """Give the teachers' mean distributions of all heads, side by side in the order of ``HEADS``.

    Goes on where a stopped call with the same ``cache`` was; what other teachers or other texts left there is not
    taken.

    Parameters
    ----------
    cache
        Folder for the parts that are done, one file each some hundred texts.

    Returns
    -------
    ndarray
        ``(texts, 19)``; each head's columns sum to 1, or to 0 where a teacher could not read the text.

    Raises
    ------
    ValueError
        If there is no teacher.
    """
    import numpy as np

    if not teachers:
        raise ValueError("no teacher: give at least one model directory")
    cache.mkdir(parents=True, exist_ok=True)
    parts: list[NDArray[np.float32]] = []
    ensemble = [teacher.fingerprint for teacher in teachers]
    for start in tqdm(range(0, len(texts), _TOGETHER), desc="teach", unit="batch", mininterval=10):
        batch = list(texts[start : start + _TOGETHER])
        content = json.dumps([ensemble, batch], ensure_ascii=False).encode()
        file = cache / f"{hashlib.sha256(content).hexdigest()[:32]}.npy"
        if not file.is_file():
            said = np.array([[_row(found) for found in teacher.classify(batch)] for teacher in teachers])
            unanimous = (said.sum(axis=2, keepdims=True) > 0).all(axis=0)
            temporary = cache / "part.tmp.npy"
            np.save(temporary, (said.mean(axis=0) * unanimous).astype(np.float32))
            temporary.replace(file)
        parts.append(np.load(file))
    return np.concatenate(parts) if parts else np.zeros((0, sum(map(len, HEADS.values()))), dtype=np.float32)
