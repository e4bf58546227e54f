"""Masked-language-model training: its masks, its packing, and that a kill changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.adapt import adapt
from models.mlm import hide_words
from models.packing import pack, word_starts
from models.recipe import AdaptRecipe

SPECIAL = np.arange(5)
MASK = 4


@pytest.fixture
def recipe() -> AdaptRecipe:
    return AdaptRecipe(
        name="tiny-adapt",
        base="tiny",
        corpus={"emotion/smp2020_usual_train.jsonl.xz": 1, "mlm/weibo.txt.xz": 1},
        steps=12,
        keep_pieces_seen=1,
        add_tokens_seen=1,
        row_tokens=8,
        batch_rows=4,
        learning_rate=5e-3,
        checkpoint_every=5,
        threads=1,
    )


@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_word_is_hidden_whole_or_not_at_all_and_targets_name_what_changed(
    seed: int, begins: list[bool]
) -> None:
    ids = np.arange(5, 17).reshape(2, 6)
    starts = np.array(begins).reshape(2, 6)
    hidden, chosen = hide_words(ids, starts, SPECIAL, MASK, 100, 0.4, np.random.default_rng(seed))
    words = starts.ravel().cumsum()
    for word in set(words.tolist()):
        assert len(set(chosen.ravel()[words == word].tolist())) == 1
    assert (hidden == ids)[~chosen].all()
    assert not np.isin(hidden[chosen & (hidden != MASK)], SPECIAL).any()


def test_special_tokens_are_never_hidden() -> None:
    ids = np.array([[3, 7, 3, 8]])
    starts = np.ones_like(ids, dtype=bool)
    for seed in range(50):
        _, chosen = hide_words(ids, starts, SPECIAL, MASK, 100, 1.0, np.random.default_rng(seed))
        assert chosen.tolist() == [[False, True, False, True]]


def test_tokens_know_where_words_begin() -> None:
    offsets = [(0, 1), (1, 2), (2, 3), (3, 6)]
    assert word_starts("奶茶店abc", ["奶茶", "店", "abc"], offsets) == [True, False, True, True]


def test_posts_are_packed_one_after_the_other(tiny_base: Path) -> None:
    from tokenizers import Tokenizer

    ids, starts = pack(["好开心呀", "怒了"], tiny_base / "tokenizer.json")
    tokens = Tokenizer.from_file(str(tiny_base / "tokenizer.json"))
    assert [tokens.id_to_token(int(id_)) for id_ in ids] == [
        "好",
        "开",
        "心",
        "呀",
        "[SEP]",
        "怒",
        "了",
        "[SEP]",
    ]
    assert starts[[0, 4, 5, 7]].all()
    assert not starts[2]


def test_an_interrupted_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    tiny_data: Path, tiny_base: Path, recipe: AdaptRecipe, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    straight = adapt(recipe, tiny_data, str(tiny_base), tmp_path / "straight")
    assert straight is not None
    assert adapt(recipe, tiny_data, str(tiny_base), tmp_path / "broken", stop_after=7) is None
    resumed = adapt(recipe, tiny_data, str(tiny_base), tmp_path / "broken")
    assert resumed is not None
    expected, found = (load_file(folder / "model.safetensors") for folder in (straight, resumed))
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_it_learns_to_guess_and_its_encoder_is_a_base_again(
    tiny_data: Path, tiny_base: Path, recipe: AdaptRecipe, tmp_path: Path
) -> None:
    from transformers import AutoModel, AutoTokenizer

    out = adapt(
        replace(recipe, steps=400, checkpoint_every=100, mask_share=0.3), tiny_data, str(tiny_base), tmp_path
    )
    assert out is not None
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    model = AutoModel.from_pretrained(out, add_pooling_layer=False)
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert model.config.vocab_size == len(tokenizer)
    pieces = model.config.vocab_size
    assert log[-1]["loss"] < 0.6 * np.log(pieces)


def test_the_byte_pairs_of_one_character_are_one_word() -> None:
    # 店铺 as two words of a character each, three byte pairs a character: all share its offsets.
    offsets = [(0, 1), (0, 1), (0, 1), (1, 2), (1, 2), (1, 2)]
    assert word_starts("店铺", ["店", "铺"], offsets) == [True, False, False, True, False, False]
    assert word_starts("店铺", ["店铺"], offsets) == [True, False, False, False, False, False]
