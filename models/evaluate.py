"""Measure a model directory on a labelled file, through the very code that serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from models.classification import Classification
from models.data import Row, read_jsonl
from models.labels import HEADS, HeadName
from models.metrics import Confidence, Report, report


class Classifies(Protocol):
    """Anything that classifies: the real classifier or the dummy."""

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts, in their order."""
        ...


def read_labelled(path: Path, head: HeadName = "emotion", limit: int | None = None) -> list[Row]:
    """Read rows with ``text`` and a label under ``head``'s name or, failing that, under ``label``.

    With a ``limit`` the rows are taken evenly over the file, so that a small sample has the file's mix.

    Raises
    ------
    ValueError
        With the file and row, if a field is missing or a label is not one of the head's.
    """
    rows = []
    for number, item in enumerate(read_jsonl(path), 1):
        label = item.get(head, item.get("label"))
        if head in item and label is None:
            continue  # a post that says nothing under this head, as half the posts of a labelled set may
        if not isinstance(item.get("text"), str) or not isinstance(label, str):
            raise ValueError(f"{path}:{number}: expected text and {head} (or label) as strings")
        if label not in HEADS[head]:
            raise ValueError(
                f"{path}:{number}: label {label!r} is no {head}; expected {', '.join(HEADS[head])}"
            )
        labels: dict[str, Any] = {head: label}
        rows.append(Row(item["text"], **labels))
    if limit is None or limit >= len(rows):
        return rows
    return [rows[index * len(rows) // limit] for index in range(limit)]


def evaluate(classifier: Classifies, rows: Sequence[Row], head: HeadName = "emotion") -> Report:
    """Compare what ``classifier`` says with the labels of ``rows``."""
    import numpy as np

    from models.calibration import calibration_error, error_if_calibrated

    names = HEADS[head]
    found = classifier.classify([row.text for row in rows])
    truth = [row.target(head) for row in rows]
    result = report(names, truth, [names.index(getattr(item, head)) for item in found])
    scores = [getattr(item, f"{head}_scores") for item in found]
    said = np.array([[one[name] for name in names] for one in scores])
    return replace(result, confidence=Confidence(calibration_error(said, truth), error_if_calibrated(said)))


def as_table(result: Report) -> str:
    """Lay a report out as Markdown: one line a class, then the two totals."""
    lines = ["| class | precision | recall | F1 | rows |", "| --- | ---: | ---: | ---: | ---: |"]
    for label, item in result.per_class.items():
        lines.append(
            f"| {label} | {item.precision:.3f} | {item.recall:.3f} | {item.f1:.3f} | {item.support} |"
        )
    lines.append(f"\nmacro-F1 {result.macro_f1:.4f}, accuracy {result.accuracy:.4f}, {result.rows} rows")
    return "\n".join(lines)


def as_confidence(found: Confidence) -> str:
    """Say in a line how far the confidences are from how often the labels are right."""
    return f"expected calibration error {found.error:.4f} (by chance alone {found.by_chance:.4f})"


def as_confusion(result: Report) -> str:
    """Lay the confusion out as Markdown: truth down, guess across."""
    lines = [
        "| truth \\ guess | " + " | ".join(result.labels) + " |",
        "| --- |" + " ---: |" * len(result.labels),
    ]
    for label, row in zip(result.labels, result.confusion, strict=True):
        lines.append(f"| {label} | " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines)
