"""What an engine is, and the way from its raw logits to those of our three heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from models.heads import EMOTION_TO_POLARITY
from models.labels import EMOTIONS, HEADS, INTENTS, POLARITIES, HeadName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Logits = dict[HeadName, NDArray[np.float32]]
    """By head, rows × labels."""

_NEVER: Final = 1e-9  # a probability for what the model has no label for; its logarithm must be finite


class Engine(Protocol):
    """Runs the model over one padded batch. Used by one thread at a time.

    Attributes
    ----------
    name
        Runtime and number format, ``onnx-int8`` for instance.
    device
        Where it runs.
    batch_tokens
        Tokens of a batch, padding included, beyond which nothing is gained.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def batch_tokens(self) -> int: ...  # noqa: D102

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of rows of token ids, in their order.

        Raises
        ------
        MemoryError
            If the device has no memory for a batch of this size; a smaller one may pass.
        """
        ...

    def close(self) -> None:
        """Let go of the model."""
        ...


def padded(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Stack token ids into a rectangle with its mask, padded on the right."""
    import numpy as np

    width = max(map(len, rows))
    ids = np.full((len(rows), width), pad_id, np.int64)
    mask = np.zeros((len(rows), width), np.int32)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask


def from_labels(labels: NDArray[np.float32], emotions: Sequence[int]) -> Logits:
    """Read a foreign classifier's logits as ours.

    Its probabilities are summed by emotion; polarity follows from the emotions, and the intent is always
    ``other``. Given are logarithms of probabilities, which a softmax turns back into them.

    Parameters
    ----------
    emotions
        For every label its position in ``EMOTIONS``.
    """
    import numpy as np

    values = labels.astype(np.float64)
    powers = np.exp(values - values.max(1, keepdims=True))
    powers /= powers.sum(1, keepdims=True)
    emotion = np.zeros((len(labels), len(EMOTIONS)))
    for column, place in enumerate(emotions):
        emotion[:, place] += powers[:, column]
    polarity = np.zeros((len(labels), len(POLARITIES)))
    for place, name in enumerate(EMOTIONS):
        polarity[:, POLARITIES.index(EMOTION_TO_POLARITY[name])] += emotion[:, place]
    intent = np.full((len(labels), len(INTENTS)), _NEVER)
    intent[:, INTENTS.index("other")] = 1.0
    found: dict[HeadName, NDArray[np.float64]] = {"emotion": emotion, "intent": intent, "polarity": polarity}
    return {head: np.log(np.maximum(found[head], _NEVER)).astype(np.float32) for head in HEADS}


def ours(outputs: Mapping[str, NDArray[np.float32]], emotions: Sequence[int] | None) -> Logits:
    """Give the logits of our heads from an engine's outputs by name: a head each, or ``labels``."""
    if emotions is not None:
        return from_labels(outputs["labels"], emotions)
    return {head: outputs[head] for head in HEADS}
