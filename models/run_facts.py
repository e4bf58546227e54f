"""What a run directory was begun with, so that a resumption goes on with that very run or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from models.recipe import AdaptRecipe, Recipe

FACTS: Final = "run.json"
_NO_MATTER: Final = frozenset({"name", "threads", "checkpoint_every", "base_share"})  # to a run, that is


def facts_of(recipe: Recipe | AdaptRecipe, base: Path, **more: object) -> dict[str, Any]:
    """Give what decides a run's outcome, flat and as JSON: the recipe's settings, the base's content and ``more``."""
    settings = {
        key: value for key, value in asdict(recipe).items() if key not in _NO_MATTER and key != "base"
    }
    facts = settings | {"base": digest(base), **more}
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


def digest(place: Path) -> str:
    """Give a short digest of a file, or of a model directory's configuration, tokeniser and weights."""
    total = hashlib.sha256()
    names = ("*.json", "vocab.txt", "*.safetensors", "pytorch_model*.bin")
    for file in sorted({file for name in names for file in place.glob(name)}) if place.is_dir() else [place]:
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:16]


def facts_in(run_dir: Path) -> dict[str, Any]:
    """Read what a run was begun with; nothing where it has not begun."""
    file = run_dir / FACTS
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return facts


def begin(run_dir: Path, facts: Mapping[str, Any]) -> None:
    """Write what a run is begun with, or hold what was written against it.

    Raises
    ------
    ValueError
        If the directory holds another run; names what differs.
    """
    file = run_dir / FACTS
    if not file.is_file():
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        temporary.replace(file)
        return
    before = facts_in(run_dir)
    differing = [
        f"{key} {before.get(key)!r}, now {facts.get(key)!r}"
        for key in sorted(before.keys() | facts.keys())
        if before.get(key) != facts.get(key)
    ]
    if differing:
        raise ValueError(
            f"{run_dir}: holds another run, begun with {'; '.join(differing)}. Take another --run-dir, or begin "
            "again here with --no-resume"
        )
