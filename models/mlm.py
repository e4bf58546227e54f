"""Masked language modelling: whole words hidden anew at every step, and the head that guesses them.

Devlin et al. 2019 (BERT) for the task and its 80/10/10 rule, Cui et al. 2021 (whole-word masking for Chinese BERT)
for hiding words instead of characters, Liu et al. 2019 (RoBERTa) for drawing the mask anew each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

MASKED, REPLACED = 0.8, 0.9
"""Of the chosen tokens 80 % become ``[MASK]``, the next 10 % a random token, the rest stay."""


def hide_words(
    ids: NDArray[Any],
    starts: NDArray[Any],
    special: NDArray[Any],
    mask_id: int,
    vocabulary: int,
    share: float,
    random: Generator,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Hide whole words of packed rows.

    Parameters
    ----------
    ids, starts
        ``(rows, tokens)``: token ids, and whether each token begins a word.
    special
        Ids that are never hidden, nor put in the place of a hidden one.
    share
        Probability that a word is chosen; all tokens of a chosen word share its fate.

    Returns
    -------
    tuple of ndarray
        The ids with words hidden, and ``(rows, tokens)`` bool: which are to be guessed.
    """
    import numpy as np

    words = starts.ravel().cumsum()
    count = int(words[-1]) + 1
    chosen = (random.random(count) < share)[words].reshape(ids.shape) & ~np.isin(ids, special)
    fate = random.random(count)[words].reshape(ids.shape)
    hidden = np.where(chosen & (fate < MASKED), mask_id, ids)
    swapped = chosen & (fate >= MASKED) & (fate < REPLACED)
    ordinary = np.setdiff1d(np.arange(vocabulary), special)
    return np.where(swapped, ordinary[random.integers(len(ordinary), size=ids.shape)], hidden), chosen


class MaskedLanguageModel(nn.Module):
    """A BERT encoder under BERT's masked-word head, its decoder tied to the word embeddings.

    Parameters
    ----------
    encoder
        A ``transformers`` BERT or RoBERTa model without pooler.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        size = encoder.config.hidden_size
        self.encoder = encoder
        self.transform = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size, eps=encoder.config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(encoder.config.vocab_size))

    def forward(self, ids: torch.Tensor, places: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Give the mean cross-entropy in nats at ``places`` (flat positions); logits are made only there."""
        hidden = self.encoder(input_ids=ids).last_hidden_state
        chosen = hidden.reshape(-1, hidden.shape[-1])[places]
        features = self.norm(nn.functional.gelu(self.transform(chosen)))
        words = self.encoder.get_input_embeddings().weight
        entropy = nn.functional.cross_entropy(features @ words.T + self.bias, targets, reduction="sum")
        return entropy / max(1, len(targets))  # a small batch may hide nothing
