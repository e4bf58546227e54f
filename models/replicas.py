"""Several CPU threads at one step: each descends on a slice of the batch with weights that all share.

One operator cut into two threads waits for the slower at each of a thousand barriers a step; two slices meet once.
On two shared cores that took 61 rows a second instead of 36.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from models.multihead import MentionClassifier

Descent = Callable[["MentionClassifier", int], float]
"""Puts the gradient of slice ``n`` into the model it is given; returns the loss."""


class Replicas:
    """Copies of a model that share its weights and have gradients of their own.

    With more than one the draws of dropout depend on which thread asks first, so that only runs with one thread
    repeat to the last bit.
    """

    def __init__(self, model: MentionClassifier, count: int) -> None:
        self._models = [model]
        for _ in range(count - 1):
            other = copy.deepcopy(model)
            for own, shared in zip(other.parameters(), model.parameters(), strict=True):
                own.data = shared.data
            self._models.append(other)
        self._pool = ThreadPoolExecutor(max_workers=count, initializer=torch.set_num_threads, initargs=(1,))

    def __len__(self) -> int:
        return len(self._models)

    @property
    def first(self) -> MentionClassifier:
        """The model whose gradients the optimiser takes."""
        return self._models[0]

    def train(self) -> None:
        """Put all into training mode."""
        for model in self._models:
            model.train()

    def descend(self, step: Descent) -> float:
        """Run ``step`` for every slice side by side and add the gradients up in the first model; sum the losses."""
        if len(self._models) == 1:
            return step(self._models[0], 0)
        losses = list(self._pool.map(step, self._models, range(len(self._models))))
        first, *others = self._models
        for other in others:
            for own, spare in zip(first.parameters(), other.parameters(), strict=True):
                if spare.grad is not None:
                    if own.grad is None:
                        own.grad = spare.grad
                    else:
                        own.grad.add_(spare.grad)
                    spare.grad = None
        return sum(losses)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True)
