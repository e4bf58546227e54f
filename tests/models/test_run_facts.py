"""A run directory goes on with the run it was begun with, or says what differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.adapt import adapt
from models.finetune import finetune, resolve_base
from models.recipe import AdaptRecipe, Recipe
from models.run_facts import begin, facts_of
from models.run_log import read_epochs


@pytest.fixture
def other_base(tiny_base: Path, tmp_path: Path) -> Path:
    place = shutil.copytree(tiny_base, tmp_path / "other")
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    (place / "config.json").write_text(json.dumps(config | {"hidden_dropout_prob": 0.3}), encoding="utf-8")
    return place


def test_what_decides_the_outcome_is_held_against_what_was(
    tiny_recipe: Recipe, tiny_base: Path, other_base: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    begin(run, facts_of(tiny_recipe, tiny_base, fold=None))
    begin(run, facts_of(tiny_recipe, tiny_base, fold=None))
    begin(run, facts_of(replace(tiny_recipe, threads=2, checkpoint_every=9), tiny_base, fold=None))
    cases: list[tuple[dict[str, Any], str]] = [
        (facts_of(replace(tiny_recipe, seed=99), tiny_base, fold=None), "seed 20, now 99"),
        (facts_of(tiny_recipe, other_base, fold=None), "base "),
        (facts_of(tiny_recipe, tiny_base, fold=[0, 5]), r"fold None, now \[0, 5\]"),
    ]
    for facts, said in cases:
        with pytest.raises(ValueError, match=f"(?s){said}.*--no-resume"):
            begin(run, facts)


def test_a_second_seed_in_the_same_place_is_refused_and_begins_again_when_asked(
    tiny_data: Path, tiny_base: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, epochs=1)
    finetune(recipe, tiny_data, str(tiny_base), tmp_path, labels=tiny_labels)
    other = replace(recipe, seed=99)
    with pytest.raises(ValueError, match="seed"):
        finetune(other, tiny_data, str(tiny_base), tmp_path, labels=tiny_labels)
    finetune(other, tiny_data, str(tiny_base), tmp_path, labels=tiny_labels, resume=False)


def test_a_run_without_progress_ends_early_and_stays_ended(
    tiny_data: Path, tiny_base: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, epochs=40, patience=2, learning_rate=1e-9, head_learning_rate=1e-9)
    for _ in range(2):
        finetune(recipe, tiny_data, str(tiny_base), tmp_path, labels=tiny_labels)
        scores = [entry["score"] for entry in read_epochs(tmp_path)]
        assert len(scores) < 10
        assert max(scores[-2:]) <= max(scores[:-2])


def test_an_epoch_that_a_kill_made_the_run_repeat_counts_once(tmp_path: Path) -> None:
    lines = [{"step": 1, "epoch": 1, "score": 0.1}, {"step": 1, "epoch": 1, "score": 0.2}, {"step": 2}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [entry["score"] for entry in read_epochs(tmp_path)] == [0.2]


def test_another_corpus_is_not_gone_on_with(tiny_data: Path, tiny_base: Path, tmp_path: Path) -> None:
    recipe = AdaptRecipe(
        name="t", base="t", corpus={"mlm/weibo.txt.xz": 1}, steps=2, row_tokens=8, batch_rows=2
    )
    begin(tmp_path, facts_of(recipe, tiny_base))
    with pytest.raises(ValueError, match="corpus"):
        adapt(replace(recipe, corpus={"mlm/weibo.txt.xz": 2}), tiny_data, str(tiny_base), tmp_path)


def test_of_a_hub_base_whatever_form_its_weights_have_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: dict[str, list[str]] = {}

    def fetch(name: str, allow_patterns: list[str]) -> str:
        wanted[name] = allow_patterns
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    assert resolve_base("hfl/chinese-macbert-base") == tmp_path
    held = ("config.json", "vocab.txt", "merges.txt", "pytorch_model.bin", "model-00001-of-00002.safetensors")
    for file in held:
        assert any(Path(file).match(pattern) for pattern in wanted["hfl/chinese-macbert-base"]), file
