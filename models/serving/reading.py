"""From logits to labels and distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.classification import Classification, from_scores
from models.labels import HEADS, HeadName

if TYPE_CHECKING:
    from models.serving.engine import Logits


def read(logits: Logits, temperatures: Mapping[HeadName, float]) -> list[Classification]:
    """Turn logits into labels and distributions: softmax of logits / temperature, in float64 so that each sums to 1."""
    import numpy as np

    from models.calibration import softmax

    columns: dict[HeadName, list[list[float]]] = {}
    for head in HEADS:
        columns[head] = softmax(np.asarray(logits[head], dtype=np.float64), temperatures[head]).tolist()
    return [
        from_scores({head: dict(zip(HEADS[head], columns[head][row], strict=True)) for head in HEADS})
        for row in range(len(columns["emotion"]))
    ]
