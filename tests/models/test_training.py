import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.evaluate import evaluate, read_labelled
from models.export import export
from models.finetune import build_model, finetune
from models.labels import HEADS
from models.recipe import Recipe
from models.serving import Classifier
from models.training import Encoded, batches, loss_of, schedule, train
from models.vocabulary import choose_pieces, count_pieces, prune_embeddings, prune_tokenizer


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.integers(1, 16), st.integers(0, 5))
def test_every_row_is_in_one_batch_of_an_epoch(lengths: list[int], rows: int, epoch: int) -> None:
    found = batches(lengths, rows, seed=1, epoch=epoch)
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    assert len(found) == -(-len(lengths) // rows)
    assert found == batches(lengths, rows, seed=1, epoch=epoch)


def test_the_rate_climbs_to_one_and_falls_to_nothing() -> None:
    factors = [schedule(step, 100, 0.1) for step in range(101)]
    assert factors[9] == 1.0
    assert factors[:10] == sorted(factors[:10])
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[100] == 0.0


def test_a_head_without_labels_takes_no_part_in_the_loss() -> None:
    torch.manual_seed(0)
    logits = {head: torch.randn(2, len(names), requires_grad=True) for head, names in HEADS.items()}
    targets = torch.tensor([[1, -1, -1], [2, -1, 0]])
    loss_of(logits, targets, {"emotion": 1.0, "polarity": 0.5}).backward()
    assert logits["intent"].grad is None
    gradient = logits["polarity"].grad
    assert gradient is not None
    assert not gradient[0].any()
    assert gradient[1].any()


@pytest.fixture
def world(tiny_base: Path, tiny_recipe: Recipe) -> Callable[[], tuple[torch.nn.Module, list[Encoded]]]:
    """A fresh model and 24 rows, the same at every call."""
    pieces = len(json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])

    def make() -> tuple[torch.nn.Module, list[Encoded]]:
        model = build_model(tiny_base, list(range(pieces)), tiny_recipe)
        rows: list[Encoded] = [
            ([2, 10 + row, 11 + row, 3], (row % 6, row % 10, row % 3)) for row in range(24)
        ]
        return model, rows

    return make


def _weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_an_interrupted_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    world: Callable[[], tuple[torch.nn.Module, list[Encoded]]], tiny_recipe: Recipe, tmp_path: Path
) -> None:
    def judge(model: torch.nn.Module) -> dict[str, float]:
        return {"score": 0.5}

    torch.set_num_threads(1)
    straight, rows = world()
    assert train(straight, rows, tiny_recipe, tmp_path / "straight", 0, judge)
    # Killed after 7 steps (last checkpoint: 6), then after 8 more, in the middle of an epoch.
    for stop in (7, 8):
        broken, rows = world()
        assert not train(broken, rows, tiny_recipe, tmp_path / "broken", 0, judge, stop_after=stop)
    resumed, rows = world()
    assert train(resumed, rows, tiny_recipe, tmp_path / "broken", 0, judge)
    expected, found = _weights(straight), _weights(resumed)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_checkpoint_of_another_run_is_refused(
    world: Callable[[], tuple[torch.nn.Module, list[Encoded]]], tiny_recipe: Recipe, tmp_path: Path
) -> None:
    model, rows = world()
    train(model, rows, tiny_recipe, tmp_path, 0, lambda _: {"score": 0.5}, stop_after=4)
    with pytest.raises(ValueError, match="--no-resume"):
        train(model, rows[:8], tiny_recipe, tmp_path, 0, lambda _: {"score": 0.5})


def test_pruning_keeps_meaning_and_drops_what_no_text_uses(tiny_base: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    vocabulary = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    text = "今天 ok 难喝啊"
    pieces = choose_pieces(vocabulary, count_pieces(tiny_base / "tokenizer.json", [text]), at_least=1)
    assert "##气" not in pieces
    assert "ლ" not in pieces
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "气"} <= set(pieces)
    old_ids = prune_tokenizer(tiny_base, tmp_path, pieces)
    before = AutoTokenizer.from_pretrained(tiny_base)(text)["input_ids"]
    after = AutoTokenizer.from_pretrained(tmp_path)(text)["input_ids"]
    assert [old_ids[index] for index in after] == before
    weight = torch.randn(len(vocabulary), 4)
    assert torch.equal(prune_embeddings(weight, old_ids)[after], weight[before])


def test_a_small_run_learns_its_rows_and_serves_them(
    tiny_data: Path, tiny_base: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    run_dir, out = tmp_path / "run", tmp_path / "out"
    finetune(tiny_recipe, tiny_data, str(tiny_base), run_dir)
    reports = export(tiny_recipe, run_dir, str(tiny_base), tiny_data, out)
    assert reports["usual"].macro_f1 == 1.0
    classifier = Classifier(out, device="cpu", engine="onnx-float32")
    rows = read_labelled(tiny_data / "emotion/smp2020_usual_dev.jsonl.xz")
    assert evaluate(classifier, rows).accuracy == 1.0
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "macro-F1 1.0000, accuracy 1.0000, 24 rows" in card
    assert "weak" in card
    assert str(tmp_path) not in card
