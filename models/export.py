"""From a run's best weights to the committed directory: float16 safetensors, tokeniser, model card."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random
from typing import Any, Final

from models import data
from models.card import write_card
from models.evaluate import evaluate, read_labelled
from models.finetune import build_model, resolve_base
from models.metrics import Report
from models.recipe import Recipe
from models.serving import Classifier
from models.weak_intents import read_examples

TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
CHECK: Final = Path(__file__).with_name("intent_check.txt")
_WEIGHTS: Final = "model.safetensors"
_MIT: Final = """MIT License

Copyright (c) 2022 staoxiao

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
"""The base's licence, which must travel with its weights."""


def export_weights(recipe: Recipe, run_dir: Path, base: str, out: Path) -> None:
    """Write ``run_dir``'s best weights to ``out`` as a Hugging Face directory in float16.

    Raises
    ------
    FileNotFoundError
        If the run has no finished epoch yet.
    """
    import torch

    for name in ("prepared.pt", "best.pt"):
        if not (run_dir / name).is_file():
            raise FileNotFoundError(f"{run_dir / name}: not there; has the run finished an epoch?")
    prepared = torch.load(run_dir / "prepared.pt", weights_only=True)
    model: Any = build_model(resolve_base(base), prepared["old_ids"], recipe)
    model.load_state_dict(torch.load(run_dir / "best.pt", weights_only=True))
    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(out)
    for name in TOKENIZER_FILES:
        shutil.copyfile(run_dir / "tokenizer" / name, out / name)
    (out / _WEIGHTS).chmod(0o644)  # safetensors writes it for its owner alone
    (out / "LICENSE").write_text(_MIT, encoding="utf-8")


def measure(directory: Path, run_dir: Path, data_dir: Path) -> dict[str, Report]:
    """Measure an exported directory through the serving code: both emotion dev splits, both intent splits."""
    import torch

    classifier = Classifier(directory, device="cpu")
    try:
        reports = {
            name: evaluate(classifier, read_labelled(data_dir / path))
            for name, path in (("usual", data.USUAL_DEV), ("virus", data.VIRUS_DEV))
        }
        held = torch.load(run_dir / "prepared.pt", weights_only=True)["held"]
        reports["weak_intent"] = evaluate(classifier, [data.Row(*row) for row in held], "intent")
        check = [example.fill(Random(0)) for example in read_examples(CHECK)]  # noqa: S311 - has no places to fill
        reports["written_intent"] = evaluate(classifier, check, "intent")
        reports["written_polarity"] = evaluate(
            classifier, [row for row in check if row.polarity is not None], "polarity"
        )
    finally:
        classifier.close()
    return reports


def export(recipe: Recipe, run_dir: Path, base: str, data_dir: Path, out: Path) -> dict[str, Report]:
    """Export, measure what was exported, and write its card.

    Raises
    ------
    FileNotFoundError
        If the run has no finished epoch, or a dev split is missing.
    """
    export_weights(recipe, run_dir, base, out)
    reports = measure(out, run_dir, data_dir)
    write_card(out, recipe, reports, run_dir)
    return reports
