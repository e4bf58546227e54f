"""Cross-validation on the emotion training sets: a second witness beside small dev splits.

Of ``count`` folds one is left out and the rest is trained on with the whole recipe; the epoch is chosen by the dev
splits as ever, so that the fold that measures decides nothing (Stone 1974, J. R. Stat. Soc. B 36:111-147).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from models.labelled import LABELS
from models.recipe import Recipe
from models.run_log import read_epochs

FIGURES = ("fold_usual_macro_f1", "fold_usual_accuracy", "fold_virus_macro_f1", "fold_virus_accuracy")


@dataclass(frozen=True, slots=True)
class Fold:
    """The texts that one run of ``count`` is measured on and does not learn the emotion of."""

    number: int
    count: int

    def holds(self, text: str) -> bool:
        """Whether the normalised ``text`` is left out; equal texts are on the same side."""
        return zlib.crc32(text.encode()) % self.count == self.number


def crossvalidate(
    recipe: Recipe,
    data_dir: Path,
    base: str,
    run_dir: Path,
    folds: list[Fold],
    *,
    labels: Path = LABELS,
    resume: bool = True,
) -> dict[int, dict[str, float]]:
    """Train and measure on each fold; finished ones are read from their folders, a stopped one goes on.

    Returns
    -------
    dict
        By fold its figures after the epoch that the dev splits chose.

    Raises
    ------
    FileNotFoundError
        If a data set or the base is missing.
    """
    from models.finetune import finetune

    found: dict[int, dict[str, float]] = {}
    for fold in folds:
        where = run_dir / f"fold-{fold.number}-of-{fold.count}"
        finetune(recipe, data_dir, base, where, labels=labels, fold=fold, resume=resume)
        found[fold.number] = max(read_epochs(where), key=lambda entry: entry["score"])
    return found


def as_table(found: dict[int, dict[str, float]]) -> str:
    """Write the figures as Markdown, with mean and standard deviation where there are several folds."""
    lines = [
        "| fold | " + " | ".join(name.removeprefix("fold_").replace("_", " ") for name in FIGURES) + " |",
        "| --- |" + " ---: |" * len(FIGURES),
    ]
    lines += [
        f"| {number} | " + " | ".join(f"{figures[name]:.4f}" for name in FIGURES) + " |"
        for number, figures in sorted(found.items())
    ]
    if len(found) > 1:
        columns = [[figures[name] for figures in found.values()] for name in FIGURES]
        lines.append("| mean | " + " | ".join(f"{mean(column):.4f}" for column in columns) + " |")
        lines.append("| deviation | " + " | ".join(f"{stdev(column):.4f}" for column in columns) + " |")
    return "\n".join(lines)
