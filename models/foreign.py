"""An ordinary emotion classifier, seen as one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from models.heads import EMOTION_TO_POLARITY
from models.labels import EMOTIONS, INTENTS, POLARITIES, HeadName

_NEVER = 1e-9  # a probability for what the model has no label for; its logarithm must be finite


class EmotionsOnly(nn.Module):
    """Sums a sequence classifier's probabilities by emotion and derives polarity and intent.

    Parameters
    ----------
    inner
        A Hugging Face sequence classifier.
    emotions
        For every label of ``inner``, its position in ``EMOTIONS``.
    """

    def __init__(self, inner: nn.Module, emotions: Sequence[int]) -> None:
        super().__init__()
        self.inner = inner
        to_emotion = torch.zeros(len(emotions), len(EMOTIONS))
        for row, emotion in enumerate(emotions):
            to_emotion[row, emotion] = 1.0
        to_polarity = torch.zeros(len(EMOTIONS), len(POLARITIES))
        for row, name in enumerate(EMOTIONS):
            to_polarity[row, POLARITIES.index(EMOTION_TO_POLARITY[name])] = 1.0
        intent = torch.full((len(INTENTS),), _NEVER)
        intent[INTENTS.index("other")] = 1.0
        for key, value in (("to_emotion", to_emotion), ("to_polarity", to_polarity), ("intent", intent)):
            self.register_buffer(key, value, persistent=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> dict[HeadName, torch.Tensor]:
        """Give logarithms of probabilities, which a softmax turns back into them."""
        output: Any = self.inner(input_ids=input_ids, attention_mask=attention_mask)
        # In float32 whatever the model runs in: 1e-9 is zero in half precision.
        labels = output.logits.float().softmax(-1)
        emotion = labels @ self.get_buffer("to_emotion").float()
        polarity = emotion @ self.get_buffer("to_polarity").float()
        intent = self.get_buffer("intent").float().log().expand(len(labels), -1)
        return {
            "emotion": emotion.clamp(min=_NEVER).log(),
            "intent": intent,
            "polarity": polarity.clamp(min=_NEVER).log(),
        }
