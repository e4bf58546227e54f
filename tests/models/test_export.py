"""What an export says of its base is true: name, shape, licence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from models.export import export, export_weights, posts_read
from models.finetune import build_model
from models.labelled import read_split
from models.labels import HEADS
from models.licence import KNOWN, origin_of, write_licence
from models.recipe import Recipe
from models.run_facts import begin, facts_of

BGE = "BAAI/bge-small-zh-v1.5"
MACBERT = "hfl/chinese-macbert-base"
OWN = {"fengsheng_heads": {head: list(names) for head, names in HEADS.items()}}
BASE_SHAPE = {"num_hidden_layers": 12, "hidden_size": 768}

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a directory with a configuration, a card and other files."""

    def made(name: str, config: dict[str, Any], card: str | None = None, **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        if card is not None:
            (folder / "README.md").write_text(f"---\n{card}\n---\n\n# A card\n", encoding="utf-8")
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        return folder

    return made


@pytest.mark.parametrize(
    ("name", "config", "card", "files", "expected"),
    [
        ("mine", {}, None, {}, (None, "other", {})),
        ("mine", {}, None, {"LICENSE": "mine"}, (None, "other", {"LICENSE": b"mine"})),
        ("chinese-macbert-base", BASE_SHAPE, "license: apache-2.0", {}, (MACBERT, "apache-2.0", {})),
        ("chinese-macbert-base", BASE_SHAPE | {"hidden_size": 32}, None, {}, (None, "other", {})),
        ("models--hfl--chinese-macbert-base/snapshots/1a2b", {}, None, {}, (MACBERT, "apache-2.0", {})),
        ("models--some--one/snapshots/1a2b", {}, "base_model: a/b", {}, ("some/one", "other", {})),
        ("mine", {"_name_or_path": "bert-base-chinese"}, None, {}, ("google-bert/bert-base-chinese", "apache-2.0", {})),
        ("mine", {"_name_or_path": "runs/encoder"}, None, {}, (None, "other", {})),
        ("mine", {}, f"license: mit\nbase_model: [{BGE}]", {}, (BGE, "mit", {"LICENSE": b"staoxiao"})),
        ("mine", {}, f"license: cc-by-nc-4.0\nbase_model: {BGE}", {"LICENCE.md": "nc"}, (BGE, "other", {"LICENCE.md": b"nc"})),
        ("mine", {}, f"base_model: {BGE}", {"LICENSE": "unknown"}, (BGE, "other", {"LICENSE": b"unknown"})),
        ("mine", {}, "base_model: /home/me/base", {}, (None, "other", {})),
        ("mine", {}, "base_model: [unclosed", {}, (None, "other", {})),
        ("fengsheng", OWN, f"license: mit\nbase_model: {BGE}", {"LICENSE": "any"}, (BGE, "mit", {"LICENSE": b"staoxiao"})),
        ("bge-small-zh-v1.5", OWN | {"num_hidden_layers": 4, "hidden_size": 512}, None, {}, (None, "other", {})),
    ],
)  # fmt: skip
def test_a_directory_is_known_by_what_it_says(
    make: Make,
    name: str,
    config: dict[str, Any],
    card: str | None,
    files: dict[str, str],
    expected: tuple[str | None, str, dict[str, bytes]],
    tmp_path: Path,
) -> None:
    folder = make(name, config, card, **files)
    found = origin_of(str(folder), folder)
    hub, licence, texts = expected
    assert (found.hub, found.licence, set(found.files)) == (hub, licence, set(texts))
    assert all(part in found.files[file] for file, part in texts.items())
    assert found.given == folder.name
    told = found.sentence + found.front_matter
    assert str(tmp_path) not in told
    assert ("own terms" in told) == (licence == "other")
    assert ("base_model" in told) == (hub is not None)


@pytest.mark.parametrize(
    ("name", "hub", "licence"),
    [
        (BGE, BGE, "mit"),
        ("bert-base-chinese", "google-bert/bert-base-chinese", "apache-2.0"),
        ("who/knows", "who/knows", "other"),
    ],
)
def test_a_hub_name_is_the_base(make: Make, name: str, hub: str, licence: str) -> None:
    found = origin_of(name, make("snapshot", {}))
    assert (found.hub, found.licence, found.direct) == (hub, licence, True)
    assert f"https://huggingface.co/{hub}" in found.sentence


def test_the_licence_of_an_earlier_export_goes_and_of_no_one_else(make: Make) -> None:
    unknown = make("unknown", {}, LICENSE="theirs", NOTICE="too")
    own = make("own", OWN, LICENSE="stale", **{"figures.json": "{}", "LICENSE.txt": "stale"})
    write_licence(origin_of(str(unknown), unknown), own)
    assert (own / "LICENSE").read_text() == "theirs"
    assert (own / "NOTICE").read_text() == "too"
    assert not (own / "LICENSE.txt").exists()
    elsewhere = make("elsewhere", {}, LICENSE="a project's")
    write_licence(origin_of(MACBERT, make("snapshot", {})), elsewhere)
    assert (elsewhere / "LICENSE").read_text() == "a project's"


def _finished(run_dir: Path, base: Path, recipe: Recipe, data: Path, labels: Path) -> None:
    """Write what a run of one epoch leaves, its weights untrained."""
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(base).save_pretrained(run_dir / "tokenizer")
    pieces = json.loads((base / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    sources = [[piece] for piece in range(pieces)]
    read = [
        (row.text, None, row.intent, row.polarity, None, None) for row in read_split(data, "train", labels)
    ]
    rows = [("气死我了", "angry", None, None, None, None), ("请问多少钱", None, "inquiry", None, None, None)]
    prepared = {"sources": sources, "rows": rows + read * recipe.labelled_copies, "moods": {}}
    torch.save(prepared, run_dir / "prepared.pt")
    torch.save(build_model(base, sources, recipe).state_dict(), run_dir / "best.pt")
    figures = dict.fromkeys(("usual_macro_f1", "usual_accuracy", "virus_macro_f1"), 0.5)
    (run_dir / "log.jsonl").write_text(json.dumps({"epoch": 1, **figures}) + "\n", encoding="utf-8")


def _card(out: Path) -> str:
    """Give a card with its lines joined."""
    return " ".join((out / "README.md").read_text(encoding="utf-8").split())


def test_a_card_tells_of_the_base_that_was_used(
    tiny_base: Path, tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    recipe = replace(tiny_recipe, base=BGE, keep_pieces_seen=0)
    base, run_dir, out = (tmp_path / "home" / name for name in ("my-bert", "run", "mine"))
    shutil.copytree(tiny_base, base)
    (base / "LICENSE.txt").write_text("my terms", encoding="utf-8")
    _finished(run_dir, base, recipe, tiny_data, tiny_labels)
    export(recipe, run_dir, str(base), tiny_data, out, labels=tiny_labels)
    card = _card(out)
    assert "one BERT encoder (2 layers, hidden 32, " in card
    assert "- **Base**: `my-bert`; licence: see the base's own terms (`LICENSE.txt`)." in card
    assert "license: other pipeline_tag" in card
    for wrong in (str(tmp_path), "BAAI", "MIT", "staoxiao", "were dropped", "became tokens"):
        assert wrong not in card
    assert "--base BASE " in card
    train = len(read_split(tiny_data, "train", tiny_labels))
    assert f"{train} real posts labelled by reading" in card
    assert (out / "LICENSE.txt").read_text(encoding="utf-8") == "my terms"
    assert not (out / "LICENSE").exists()

    # A student of a model of ours, exported over it.
    (out / "README.md").write_text(f"---\nlicense: mit\nbase_model: {BGE}\n---\n", encoding="utf-8")
    student = tmp_path / "home" / "student"
    _finished(student, out, recipe, tiny_data, tiny_labels)
    (student / "teachers.txt").write_text("mine\nother\n", encoding="utf-8")
    export(recipe, student, str(out), tiny_data, out, labels=tiny_labels)
    card = _card(out)
    assert f"license: mit base_model: {BGE} " in card
    assert f"[{BGE}](https://huggingface.co/{BGE}) by BAAI (Shitao Xiao and others), MIT licence" in card
    assert "begins with the encoder of the first" in card
    assert "Training began" not in card
    assert "distil TEACHER1 TEACHER2 --recipe tiny --data DATA --base TEACHER1 " in card
    assert (out / "LICENSE").read_text(encoding="utf-8") == KNOWN[BGE].text
    assert not (out / "LICENSE.txt").exists()

    # The same without that teacher, and with two readings of one text.
    shutil.copytree(out, again := tmp_path / "home" / "again")
    (student / "teachers.txt").unlink()
    assert "a reader's belief" not in card
    prepared = torch.load(student / "prepared.pt", weights_only=True)
    text = ("今天下雨", None, None, None, None, None)
    prepared |= {
        "rows": [*prepared["rows"], text, text],
        "moods": {0: [1.0], len(prepared["rows"]): [1.0], len(prepared["rows"]) + 1: [1.0]},
    }
    torch.save(prepared, student / "prepared.pt")
    export(recipe, student, str(out), tiny_data, again, labels=tiny_labels)
    assert "Training began with `mine`, made from it before." in _card(again)
    assert (
        "Of 2 posts, some of these sets and most of others, it learns how a reader's belief is spread"
        in _card(again)
    )


def test_an_export_lies_between_the_base_and_the_run(
    tiny_base: Path, tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    begun, run_dir, out = (tmp_path / name for name in ("begun", "run", "out"))
    first = replace(tiny_recipe, keep_pieces_seen=0)
    _finished(tmp_path / "first", tiny_base, first, tiny_data, tiny_labels)
    export(first, tmp_path / "first", str(tiny_base), tiny_data, begun, labels=tiny_labels)
    recipe = replace(first, seed=first.seed + 1, keep_heads=True, base_share=0.25)
    _finished(run_dir, begun, recipe, tiny_data, tiny_labels)
    best = torch.load(run_dir / "best.pt", weights_only=True)
    old = load_file(begun / "model.safetensors")
    assert torch.equal(best["heads.intent.weight"], old["heads.intent.weight"].float())
    best = {name: value + 1 for name, value in best.items()}
    torch.save(best, run_dir / "best.pt")
    with pytest.raises(ValueError, match="began with another base"):
        export_weights(recipe, run_dir, str(begun), out)
    begin(run_dir, facts_of(recipe, begun))
    export_weights(recipe, run_dir, str(begun), out)
    for name, value in load_file(out / "model.safetensors").items():
        torch.testing.assert_close(value, (old[name].float() + 0.75).half(), atol=2e-3, rtol=1e-3)
    export(recipe, run_dir, str(begun), tiny_data, tmp_path / "mine", labels=tiny_labels)
    assert "Every weight is 0.25 of the base's and 0.75 of the run's" in _card(tmp_path / "mine")
    assert "(heads, which begin as the base's, " in _card(tmp_path / "mine")
    with pytest.raises(ValueError, match="no heads with our labels"):
        build_model(tiny_base, [[piece] for piece in range(9)], recipe)


def test_read_posts_are_counted_in_the_run_and_not_in_todays_file(
    tiny_base: Path, tiny_data: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    _finished(tmp_path, tiny_base, tiny_recipe, tiny_data, tiny_labels)
    prepared = torch.load(tmp_path / "prepared.pt", weights_only=True)
    read = {row.text for row in read_split(tiny_data, "train", tiny_labels)}
    assert posts_read(tiny_recipe, tmp_path, tiny_labels) == len(read) > 1
    gone = min(read)
    prepared["rows"] = [row for row in prepared["rows"] if row[0] != gone]
    torch.save(prepared, tmp_path / "prepared.pt")
    assert posts_read(tiny_recipe, tmp_path, tiny_labels) == len(read) - 1
    assert posts_read(replace(tiny_recipe, labelled_copies=0), tmp_path, tiny_labels) == 0
