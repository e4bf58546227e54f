"""What each part of the fine-tuning recipe is worth: ``python -m benchmarks.ablation DATA BASE [--share 0.25]``.

Every variant changes one thing of a plain run and is trained alike: the same rows in the same order, one epoch over
a share of them, one thread. Stopped runs go on; finished ones are read from their folders. Writes docs/ablation.md.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.run_log import LOG, read_epochs
from models.threads import wait_politely

PLAIN: dict[str, Any] = {
    "name": "plain",
    "base": "BAAI/bge-small-zh-v1.5",
    "keep_pieces_seen": 2,
    "add_tokens_seen": 40,
    "intent_rows_per_class": 100,
    "polarity_rows": 0,
    "example_copies": 1,
    "epochs": 1,
    "threads": 1,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no tokens added": {"add_tokens_seen": 0},
    "average of weights 0.99": {"average": 0.99},
    "FGM 0.5": {"fgm": 0.5},
    "R-Drop 1": {"rdrop": 1.0},
    "label smoothing 0.05": {"label_smoothing": 0.05},
    "class balance 0.5": {"balance": {"emotion": 0.5, "intent": 0.5}},
    "layer decay 0.9": {"layer_decay": 0.9},
    "extra emotion 3,500": {"extra_rows": 3500},
    "another seed": {"seed": 21},
}
FIGURES = ("usual_macro_f1", "virus_macro_f1", "labelled_intent_macro_f1", "labelled_polarity_accuracy")


def last_epoch(run_dir: Path) -> dict[str, float] | None:
    epochs = read_epochs(run_dir) if (run_dir / LOG).is_file() else []
    return epochs[-1] if epochs else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("base")
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--only", nargs="*", default=list(VARIANTS))
    parser.add_argument("--adapted", help="an encoder that fengsheng model adapt made, as one more variant")
    parser.add_argument("--table", type=Path, default=Path("docs/ablation.md"))
    options = parser.parse_args()
    wait_politely()
    from models.finetune import finetune
    from models.recipe import Recipe

    plain = Recipe(**PLAIN, share=options.share)
    jobs = {name: (replace(plain, **VARIANTS[name]), options.base) for name in options.only}
    if options.adapted:
        jobs["after adapt"] = (replace(plain, keep_pieces_seen=0, add_tokens_seen=0), options.adapted)
    for name, (recipe, base) in jobs.items():
        run_dir = options.runs / name.replace(" ", "-")
        if last_epoch(run_dir) is None:
            finetune(recipe, options.data, base, run_dir)
    known = {
        run: found
        for run in [*VARIANTS, "after adapt"]
        if (found := last_epoch(options.runs / run.replace(" ", "-")))
    }
    reference = known.get("plain")
    lines = [
        "| variant | " + " | ".join(name.replace("_", " ") for name in FIGURES) + " | usual against plain |"
    ]
    lines.append("| --- |" + " ---: |" * (len(FIGURES) + 1))
    for name, found in known.items():
        gain = f"{found[FIGURES[0]] - reference[FIGURES[0]]:+.4f}" if reference else ""
        lines.append(
            f"| {name} | " + " | ".join(f"{found[figure]:.4f}" for figure in FIGURES) + f" | {gain} |"
        )
    table = "\n".join(lines)
    print(table)
    begin, end = "<!-- measured -->", "<!-- /measured -->"
    text = options.table.read_text(encoding="utf-8")
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    today = datetime.date.today().isoformat()
    options.table.write_text(
        f"{head}{begin}\n\n{today}, share {options.share:g}:\n\n{table}\n\n{end}{tail}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
