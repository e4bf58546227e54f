"""From logits to labels and distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.classification import Classification, from_scores
from models.labels import HEADS, HeadName

if TYPE_CHECKING:
    from models.calibrator import Calibrator
    from models.serving.engine import Logits


def read(logits: Logits, calibrators: Mapping[HeadName, Calibrator]) -> list[Classification]:
    """Turn logits into labels and calibrated distributions, in float64 so that each sums to 1."""
    import numpy as np

    columns: dict[HeadName, list[list[float]]] = {}
    for head in HEADS:
        columns[head] = calibrators[head](np.asarray(logits[head], dtype=np.float64)).tolist()
    return [
        from_scores({head: dict(zip(HEADS[head], columns[head][row], strict=True)) for head in HEADS})
        for row in range(len(columns["emotion"]))
    ]
