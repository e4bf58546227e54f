"""Accuracy, F1 by class and macro-F1, from plain sequences of label positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassReport:
    """Precision, recall and F1 of one label (0 where undefined) and how many rows truly have it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Confidence:
    """Expected calibration error of the likeliest labels, and what chance alone would show on as many rows."""

    error: float
    by_chance: float


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found; ``confusion[truth][guess]`` counts rows, in the order of ``labels``.

    ``confidence`` is None where only labels were compared.
    """

    labels: tuple[str, ...]
    rows: int
    accuracy: float
    macro_f1: float
    per_class: dict[str, ClassReport]
    confusion: tuple[tuple[int, ...], ...]
    confidence: Confidence | None = None


def report(labels: Sequence[str], truth: Sequence[int], guess: Sequence[int]) -> Report:
    """Compare guesses with the truth.

    Macro-F1 is the plain mean of F1 over the labels that occur in the truth.

    Raises
    ------
    ValueError
        If the two differ in length.
    """
    counts = [[0] * len(labels) for _ in labels]
    for true, guessed in zip(truth, guess, strict=True):
        counts[true][guessed] += 1
    per_class: dict[str, ClassReport] = {}
    for index, label in enumerate(labels):
        hit = counts[index][index]
        support = sum(counts[index])
        guesses = sum(row[index] for row in counts)
        per_class[label] = ClassReport(
            precision=hit / guesses if guesses else 0.0,
            recall=hit / support if support else 0.0,
            f1=2 * hit / (guesses + support) if guesses + support else 0.0,
            support=support,
        )
    present = [item.f1 for item in per_class.values() if item.support]
    right = sum(counts[index][index] for index in range(len(labels)))
    return Report(
        labels=tuple(labels),
        rows=len(truth),
        accuracy=right / len(truth) if truth else 0.0,
        macro_f1=sum(present) / len(present) if present else 0.0,
        per_class=per_class,
        confusion=tuple(tuple(row) for row in counts),
    )
