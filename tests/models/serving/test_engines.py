"""Engines agree: with each other, with Hugging Face's own code, and on the dev split."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.classification import Classification
from models.labels import EMOTIONS as OURS
from models.labels import HEADS, HeadName
from models.metrics import report
from models.serving import Classifier
from models.serving.directory import open_directory
from models.serving.opening import open_engine
from models.serving.tokenising import Tokeniser
from models.serving.weights import Weights
from tests.models.conftest import TEXTS, UNLABELLED
from tests.models.serving.conftest import EMOTIONS, Strange

ALL = [text for texts in TEXTS.values() for text in texts] + UNLABELLED


@pytest.mark.parametrize("form", ["own", "bert", "roberta"])
def test_onnx_gives_the_logits_of_torch_in_every_form(
    form: str, directory: Path, stranger: Strange, roberta: Path, tmp_path: Path
) -> None:
    place = {
        "own": lambda: directory,
        "bert": lambda: stranger(tmp_path, EMOTIONS),
        "roberta": lambda: roberta,
    }
    opened = open_directory(place[form]())
    tokeniser = Tokeniser(opened, 128)
    rows = sorted(tokeniser.encode(ALL), key=len)
    assert len(rows[0]) < len(rows[-1])  # so that there is padding
    found = {}
    for name in ("torch-float32", "onnx-float32", "onnx-int8"):
        engine = open_engine(opened, name, "cpu", tokeniser.pad_id)
        found[name] = engine.forward(rows)
        assert engine.name == name
        engine.close()
    for head, names in HEADS.items():
        truth = found["torch-float32"][head]
        assert truth.shape == (len(rows), len(names))
        np.testing.assert_allclose(found["onnx-float32"][head], truth, atol=1e-4)
        np.testing.assert_allclose(found["onnx-int8"][head], truth, atol=0.2)
    assert np.ptp(found["torch-float32"]["emotion"], axis=0).max() > 0.5  # rows differ, or nothing is shown


def test_a_row_of_the_greatest_length_is_read(roberta: Path) -> None:
    opened = open_directory(roberta)
    assert opened.max_length == 64
    for name in ("torch-float32", "onnx-float32"):
        engine = open_engine(opened, name, "cpu", 1)
        assert engine.forward([[5] * 64, [5, 6]])["emotion"].shape == (2, len(OURS))


def test_bfloat16_and_float64_weights_are_read(directory: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    for kind, tolerance in ((torch.bfloat16, 1e-2), (torch.float64, 1e-7)):
        place = shutil.copytree(directory, tmp_path / str(kind))
        stored = load_file(place / "model.safetensors")
        save_file({name: value.to(kind) for name, value in stored.items()}, place / "model.safetensors")
        read = Weights(open_directory(place))
        assert set(read) == set(stored)
        for name, value in stored.items():
            np.testing.assert_allclose(read[name], value.float().numpy(), rtol=tolerance)


def test_a_vocabulary_alone_cuts_as_the_whole_tokeniser_does(directory: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(directory, tmp_path / "bare")
    pieces = json.loads((bare / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    (bare / "tokenizer.json").unlink()
    (bare / "vocab.txt").write_text(
        "\n".join(sorted(pieces, key=pieces.__getitem__)) + "\n", encoding="utf-8"
    )
    whole, alone = (Tokeniser(open_directory(place), 32) for place in (directory, bare))
    assert alone.encode([*ALL, "好" * 100, "OK!"]) == whole.encode([*ALL, "好" * 100, "OK!"])
    assert len(alone.encode(["好" * 100])[0]) == 32


def test_byte_pairs_are_cut_as_roberta_does(roberta: Path, tmp_path: Path) -> None:
    place = shutil.copytree(roberta, tmp_path / "pairs")
    (place / "tokenizer.json").unlink()
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "ab": 6}
    (place / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (place / "merges.txt").write_text("#version: 0.2\na b\n", encoding="utf-8")
    assert Tokeniser(open_directory(place), 32).encode(["aba"]) == [[0, 6, 4, 2]]


def _share(head: HeadName, one: Sequence[Classification], other: Sequence[Classification]) -> float:
    same: int = sum(getattr(a, head) == getattr(b, head) for a, b in zip(one, other, strict=True))
    return same / len(one)


@pytest.mark.parametrize("split", ["smp2020_usual_dev", "smp2020_virus_dev"])
def test_the_shipped_model_says_the_same_on_every_engine(shipped: Path, data_dir: Path, split: str) -> None:
    from models.evaluate import read_labelled

    rows = read_labelled(data_dir / "emotion" / f"{split}.jsonl.xz")
    found = {}
    for name in ("torch-float32", "onnx-float32", "onnx-int8"):
        classifier = Classifier(shipped, device="cpu", engine=name)
        found[name] = classifier.classify([row.text for row in rows])
        classifier.close()
    exact = found["torch-float32"]
    for head in HEADS:
        assert _share(head, found["onnx-float32"], exact) >= 0.995
        assert _share(head, found["onnx-int8"], exact) >= 0.97
    truth = [row.target("emotion") for row in rows]
    scores = {
        name: report(OURS, truth, [OURS.index(one.emotion) for one in said]).macro_f1
        for name, said in found.items()
    }
    assert scores["onnx-int8"] >= scores["torch-float32"] - 0.003


def test_int8_says_the_same_of_a_text_whatever_stands_beside_it(shipped: Path) -> None:
    texts = ["这家店的奶茶里喝出了虫子，太恶心了", "今天又下雨了", "好喝，下次还来"]
    loud = ["！！！！！！！！啊啊啊啊啊啊啊啊啊啊滚滚滚滚滚滚" * 4, "[怒][怒][怒][怒]退钱", "666"]
    alone = Classifier(shipped, device="cpu", engine="onnx-int8", cache_size=0)
    try:
        single = [alone.classify([text])[0] for text in texts]
        beside = alone.classify([*loud, *texts, *loud])[3:6]
    finally:
        alone.close()
    for one, other in zip(single, beside, strict=True):
        for label, share in one.emotion_scores.items():
            assert share == pytest.approx(other.emotion_scores[label], abs=2e-3)
