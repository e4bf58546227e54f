"""What a step of fine-tuning descends: masked multi-task cross-entropy, and the two regularisers around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from models.labels import HEADS, TRAINED


def class_weights(targets: Sequence[Sequence[int]], powers: Mapping[str, float]) -> dict[str, torch.Tensor]:
    """Weigh each class of the named heads by (mean size / its size) ** power.

    A power of 0 leaves all alike, 1 lets every class weigh the same in sum; the weights' mean over the rows is 1,
    so that the learning rate keeps its meaning.
    """
    weights: dict[str, torch.Tensor] = {}
    for column, head in enumerate(TRAINED):
        power = powers.get(head, 0.0)
        if not power:
            continue
        sizes = Counter(row[column] for row in targets if row[column] >= 0)
        if not sizes:
            continue
        mean = sum(sizes.values()) / len(sizes)
        raw = torch.tensor(
            [(mean / sizes[k]) ** power if k in sizes else 1.0 for k in range(len(TRAINED[head]))]
        )
        total = sum(float(raw[k]) * n for k, n in sizes.items())
        weights[head] = raw * (sum(sizes.values()) / total)
    return weights


def loss_of(
    logits: Mapping[str, torch.Tensor],
    targets: torch.Tensor,
    weights: Mapping[str, float],
    *,
    balance: Mapping[str, torch.Tensor] | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Weigh each head's cross-entropy, averaged over the rows of the whole batch.

    Parameters
    ----------
    targets
        ``(rows, heads)`` in the order of ``TRAINED``; -1 where a row has no label, and takes no part.
    weights
        By head, 1 where unnamed.
    balance
        Class weights by head, see `class_weights`.
    smoothing
        Share of each target spread over all labels.
    """
    total = torch.zeros((), device=targets.device)
    for column, head in enumerate(TRAINED):
        target = targets[:, column]
        known = target >= 0
        if head in logits and bool(known.any()):
            entropy = nn.functional.cross_entropy(
                logits[head][known],
                target[known],
                weight=(balance or {}).get(head),
                reduction="sum",
                label_smoothing=smoothing,
            )
            # Divided by the rows of the batch, so a head with one labelled row does not shout.
            total = total + weights.get(head, 1.0) * entropy / len(targets)
    return total


def distillation(
    logits: Mapping[str, torch.Tensor], taught: torch.Tensor, weights: Mapping[str, float]
) -> torch.Tensor:
    """Cross-entropy with the teachers' distributions, averaged over the rows of the whole batch.

    Parameters
    ----------
    taught
        ``(rows, 19)``: the distributions of all heads side by side in the order of ``HEADS``; a row of zeros
        was not taught and takes no part.
    weights
        By head, 0 where unnamed.
    """
    total = torch.zeros((), device=taught.device)
    begin = 0
    for head, labels in HEADS.items():
        wanted = taught[:, begin : begin + len(labels)]
        begin += len(labels)
        if weight := weights.get(head, 0.0):
            total = total - weight * (wanted * logits[head].log_softmax(-1)).sum() / len(taught)
    return total


def divergence(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor], head: str) -> torch.Tensor:
    """Symmetric Kullback–Leibler divergence of two passes' distributions (Liang et al. 2021, R-Drop, eq. 2)."""
    p, q = one[head].log_softmax(-1), other[head].log_softmax(-1)
    forward = nn.functional.kl_div(p, q, log_target=True, reduction="batchmean")
    return (forward + nn.functional.kl_div(q, p, log_target=True, reduction="batchmean")) / 2


@contextmanager
def perturbed(embedding: nn.Parameter, length: float) -> Iterator[None]:
    """Move the word embeddings ``length`` along their gradient, and back (Miyato et al. 2017, eq. 5: FGM)."""
    gradient = embedding.grad
    norm = 0.0 if gradient is None else float(gradient.norm())
    step = torch.zeros(()) if gradient is None or norm == 0 else length * gradient / norm
    with torch.no_grad():
        before = embedding.detach().clone()
        embedding.add_(step)
    try:
        yield
    finally:
        with torch.no_grad():
            embedding.copy_(before)
