"""What the stream needs of a classifier; the composition root brings a real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Classification(Protocol):
    """What a classifier says of one text: labels and distributions that sum to 1."""

    @property
    def emotion(self) -> str: ...  # noqa: D102
    @property
    def intent(self) -> str: ...  # noqa: D102
    @property
    def polarity(self) -> str: ...  # noqa: D102
    @property
    def emotion_scores(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def intent_scores(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def polarity_scores(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def readable(self) -> bool:
        """False where the text can't be read; the scores then say nothing."""
        ...


class Classifier(Protocol):
    """Reads texts; never fails on an odd one, and never blocks the event loop."""

    @property
    def hit_rate(self) -> float:
        """Share of the texts so far that were answered from memory, 0 to 1."""
        ...

    async def classify_async(self, texts: Sequence[str]) -> Sequence[Classification]:
        """Return one classification a text, in their order."""
        ...
