"""What a classifier says of one text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.labels import HEADS, HeadName


@dataclass(frozen=True, slots=True)
class Classification:
    """Labels and distributions of one text.

    Attributes
    ----------
    emotion, intent, polarity
        The likeliest label of each head.
    emotion_scores, intent_scores, polarity_scores
        Probability by label, in the order of ``models.labels``; each sums to 1. Shared between equal
        texts, so not to be changed.
    readable
        False where the text held nothing that a Chinese model can read; its labels then stand by definition,
        not by the model: no emotion, no intent, no polarity, all with low confidence.
    """

    emotion: str
    intent: str
    polarity: str
    emotion_scores: dict[str, float]
    intent_scores: dict[str, float]
    polarity_scores: dict[str, float]
    readable: bool = True


def from_scores(scores: Mapping[HeadName, Mapping[str, float]], *, readable: bool = True) -> Classification:
    """Make a classification from the distributions of the three heads."""
    best = {head: max(values, key=values.__getitem__) for head, values in scores.items()}
    return Classification(
        emotion=best["emotion"],
        intent=best["intent"],
        polarity=best["polarity"],
        emotion_scores=dict(scores["emotion"]),
        intent_scores=dict(scores["intent"]),
        polarity_scores=dict(scores["polarity"]),
        readable=readable,
    )


def _unsure() -> Classification:
    chosen: dict[HeadName, str] = {"emotion": "neutral", "intent": "other", "polarity": "neutral"}
    return from_scores(
        {
            head: {
                name: _LITTLE if name == chosen[head] else (1 - _LITTLE) / (len(names) - 1) for name in names
            }
            for head, names in HEADS.items()
        },
        readable=False,
    )


_LITTLE: Final = 0.4
UNREADABLE: Final = _unsure()
"""For a text that can't be read: neutral, other, neutral at 0.4, the rest shared evenly. Its scores mean nothing;
who sums them up must look at ``readable``."""
