import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.evaluate import evaluate, read_labelled
from models.export import export
from models.finetune import build_model, finetune
from models.labels import HEADS, TRAINED
from models.losses import class_weights, distillation, divergence, loss_of, perturbed
from models.optimising import Average, depth_of, schedule
from models.recipe import Recipe
from models.serving.classifier import Classifier
from models.training import Encoded, batches, train
from models.vocabulary import choose_pieces, count_pieces, rebuild_embeddings, rebuild_tokenizer

EVERY = [range(24)] * 12


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
    targets = torch.tensor([[1, -1, -1, -1, -1], [2, -1, 0, -1, -1]])
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
        model = build_model(tiny_base, [[piece] for piece in range(pieces)], tiny_recipe)
        rows: list[Encoded] = [
            ([2, 10 + row, 11 + row, 3], (row % 6, row % 10, row % 3, row % 7, -1)) for row in range(24)
        ]
        return model, rows

    return make


def _weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"average": 0.9},
        {"fgm": 0.5, "rdrop": 1.0},
        {"layer_decay": 0.5, "balance": {"emotion": 0.5, "intent": 0.5}, "label_smoothing": 0.1},
    ],
    ids=["plain", "average", "fgm-rdrop", "decays"],
)
def test_an_interrupted_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    world: Callable[[], tuple[torch.nn.Module, list[Encoded]]],
    tiny_recipe: Recipe,
    tmp_path: Path,
    more: dict[str, float],
) -> None:
    def judge(model: torch.nn.Module) -> dict[str, float]:
        return {"score": 0.5}

    torch.set_num_threads(1)
    recipe = replace(tiny_recipe, epochs=4, **more)
    straight, rows = world()
    assert train(straight, rows, EVERY, recipe, tmp_path / "straight", 0, judge)
    # Killed after 7 steps (last checkpoint: 6), then after 3 more, in the middle of an epoch.
    for stop in (7, 3):
        broken, rows = world()
        assert not train(broken, rows, EVERY, recipe, tmp_path / "broken", 0, judge, stop_after=stop)
    resumed, rows = world()
    assert train(resumed, rows, EVERY, recipe, tmp_path / "broken", 0, judge)
    expected, found = _weights(straight), _weights(resumed)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    best = [torch.load(tmp_path / run / "best.pt", weights_only=True) for run in ("straight", "broken")]
    assert all(torch.equal(best[0][name], best[1][name]) for name in best[0])


def test_two_threads_descend_as_one_does(
    world: Callable[[], tuple[torch.nn.Module, list[Encoded]]], tiny_recipe: Recipe, tmp_path: Path
) -> None:
    found = []
    for threads in (1, 2):
        model, rows = world()
        recipe = replace(tiny_recipe, threads=threads, hidden_dropout=0.0, epochs=2)
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        train(model, rows[:7], [range(7)] * 2, recipe, tmp_path / str(threads), 0, lambda _: {"score": 0.5})
        found.append(_weights(model))
    assert all(torch.allclose(found[0][name], found[1][name], atol=1e-5) for name in found[0])


def test_a_checkpoint_of_another_run_is_refused(
    world: Callable[[], tuple[torch.nn.Module, list[Encoded]]], tiny_recipe: Recipe, tmp_path: Path
) -> None:
    model, rows = world()
    train(model, rows, EVERY, tiny_recipe, tmp_path, 0, lambda _: {"score": 0.5}, stop_after=4)
    with pytest.raises(ValueError, match="--no-resume"):
        train(model, rows[:8], [range(8)] * 12, tiny_recipe, tmp_path, 0, lambda _: {"score": 0.5})


def test_pruning_keeps_meaning_and_drops_what_no_text_uses(tiny_base: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    vocabulary = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    text = "今天 ok 难喝啊"
    pieces = choose_pieces(vocabulary, count_pieces(tiny_base / "tokenizer.json", [text]), at_least=1)
    assert "##气" not in pieces
    assert "ლ" not in pieces
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "气"} <= set(pieces)
    sources = rebuild_tokenizer(tiny_base, tmp_path, pieces, [])
    before = AutoTokenizer.from_pretrained(tiny_base)(text)["input_ids"]
    after = AutoTokenizer.from_pretrained(tmp_path)(text)["input_ids"]
    assert [sources[index] for index in after] == [[index] for index in before]
    weight = torch.randn(len(vocabulary), 4)
    assert torch.equal(rebuild_embeddings(weight, sources)[after], weight[before])


def test_added_tokens_start_as_the_mean_of_what_stands_for_them(tiny_base: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    vocabulary = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    once = rebuild_tokenizer(tiny_base, tmp_path / "once", pieces, ["…", "[开心]", "😭"])
    tokens = Tokenizer.from_file(str(tmp_path / "once" / "tokenizer.json"))
    assert tokens.encode("好…[开心]😭😭", add_special_tokens=False).tokens == [
        "好",
        "…",
        "[开心]",
        "😭",
        "😭",
    ]
    weight = torch.randn(len(vocabulary), 4)
    rows = rebuild_embeddings(weight, once)
    assert torch.allclose(rows[len(vocabulary)], weight[vocabulary["."]])
    assert torch.allclose(rows[len(vocabulary) + 1], weight[[vocabulary["开"], vocabulary["心"]]].mean(0))
    # A tokeniser that was given tokens keeps them, and their vectors, when it is cut again.
    (tmp_path / "once" / "tokenizer_config.json").write_text("{}")
    again = rebuild_tokenizer(tmp_path / "once", tmp_path / "twice", pieces[:60], [])
    assert again[60:] == [[len(vocabulary)], [len(vocabulary) + 1], [len(vocabulary) + 2]]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.floats(0, 1))
def test_class_weights_leave_the_mean_weight_of_a_row_at_one(labels: list[int], power: float) -> None:
    found = class_weights([(label, -1, -1, -1, -1) for label in labels], {"emotion": power})
    if power:
        weights = found["emotion"]
        assert sum(float(weights[label]) for label in labels) / len(labels) == pytest.approx(1.0, abs=1e-4)
        by_size = sorted(set(labels), key=labels.count)
        assert all(weights[rare] >= weights[common] - 1e-6 for rare, common in pairwise(by_size))


def test_what_was_not_taught_takes_no_part_in_distillation() -> None:
    torch.manual_seed(0)
    logits = {head: torch.randn(2, len(names), requires_grad=True) for head, names in HEADS.items()}
    taught = torch.zeros(2, sum(map(len, HEADS.values())))
    taught[1, 2] = taught[1, 6] = taught[1, 16] = 1.0
    distillation(logits, taught, dict.fromkeys(HEADS, 1.0)).backward()
    for head in HEADS:
        gradient = logits[head].grad
        assert gradient is not None
        assert not gradient[0].any()
        assert gradient[1].any()


def test_divergence_is_nothing_between_equal_passes_and_symmetric() -> None:
    one, other = {"emotion": torch.randn(3, 6)}, {"emotion": torch.randn(3, 6)}
    assert divergence(one, one, "emotion").item() == pytest.approx(0.0, abs=1e-6)
    assert divergence(one, other, "emotion").item() > 0
    assert divergence(one, other, "emotion").item() == pytest.approx(divergence(other, one, "emotion").item())


def test_a_perturbation_goes_along_the_gradient_and_is_taken_back() -> None:
    words = torch.nn.Parameter(torch.ones(3, 4))
    words.grad = torch.full((3, 4), 2.0)
    with perturbed(words, 0.5):
        assert (words.detach() - 1).norm().item() == pytest.approx(0.5)
    assert torch.equal(words.detach(), torch.ones(3, 4))


def test_an_average_forgets_the_start_and_follows_the_weights() -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    average = Average(model, 0.99)
    with torch.no_grad():
        model.weight.fill_(5.0)
    for _ in range(200):
        average.update(model)
    assert average.weights["weight"].item() == pytest.approx(5.0, abs=1e-3)


def test_depth_counts_layers_from_above() -> None:
    assert depth_of("bert.encoder.layer.3.output.dense.weight", 4) == 0
    assert depth_of("bert.encoder.layer.0.output.dense.weight", 4) == 3
    assert depth_of("bert.embeddings.word_embeddings.weight", 4) == 4
    assert depth_of("heads.emotion.weight", 4) is None


@pytest.mark.parametrize("form", ["roberta", "bert-vocab-txt"])
def test_bases_of_other_forms_are_trained_exported_and_served(
    form: str,
    tiny_data: Path,
    tiny_base: Path,
    tiny_labels: Path,
    tiny_recipe: Recipe,
    tmp_path: Path,
) -> None:
    base, run_dir, out = tmp_path / "base", tmp_path / "run", tmp_path / "out"
    recipe = replace(tiny_recipe, epochs=1, corpus_stride=1)
    if form == "roberta":
        _roberta(base)
        recipe = replace(recipe, keep_pieces_seen=0)
    else:
        shutil.copytree(tiny_base, base)
        (base / "tokenizer.json").unlink()
        vocabulary = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        (base / "vocab.txt").write_text(
            "\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n", encoding="utf-8"
        )
    finetune(recipe, tiny_data, str(base), run_dir, labels=tiny_labels)
    reports = export(recipe, run_dir, str(base), tiny_data, out, labels=tiny_labels)
    last = json.loads((run_dir / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    # What training saw is what serving sees, whichever engine serves.
    assert reports["usual"].accuracy == pytest.approx(last["usual_accuracy"], abs=0.05)


def _roberta(folder: Path) -> None:
    """A random RoBERTa with a byte-level BPE tokeniser, saved the Hugging Face way."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        ["气死我了 好开心呀 今天开会"] * 3, 300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    )
    folder.mkdir()
    bpe.save(str(folder / "bpe.json"))
    tokenizer = RobertaTokenizerFast(tokenizer_file=str(folder / "bpe.json"))
    (folder / "bpe.json").unlink()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=130, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)


def test_a_small_run_learns_its_rows_and_serves_them(
    tiny_data: Path, tiny_base: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    run_dir, out = tmp_path / "run", tmp_path / "out"
    finetune(tiny_recipe, tiny_data, str(tiny_base), run_dir, labels=tiny_labels)
    reports = export(tiny_recipe, run_dir, str(tiny_base), tiny_data, out, labels=tiny_labels)
    assert reports["usual"].macro_f1 == 1.0
    classifier = Classifier(out, device="cpu", engine="onnx-float32")
    try:
        rows = read_labelled(tiny_data / "emotion/smp2020_usual_dev.jsonl.xz")
        assert evaluate(classifier, rows).accuracy == 1.0
        student = tmp_path / "student"
        recipe = replace(tiny_recipe, distil_rows=5, loss_weights=dict.fromkeys(TRAINED, 0.0))
        finetune(recipe, tiny_data, str(tiny_base), student, teachers=[classifier], labels=tiny_labels)
    finally:
        classifier.close()
    # Nothing but the teacher's word, and yet it reads as the teacher does.
    last = json.loads((student / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert last["usual_accuracy"] == 1.0
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert config["fengsheng_heads"] == {head: list(names) for head, names in HEADS.items()}
    assert config["fengsheng_calibration"]["emotion"]["temperature"] > 0
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "macro-F1 1.0000, accuracy 1.0000, 24 rows" in card
    assert str(tmp_path) not in card


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_a_run_on_a_gpu_learns_its_rows_and_gives_weights_for_any_machine(
    tiny_data: Path, tiny_base: Path, tiny_labels: Path, tiny_recipe: Recipe, tmp_path: Path
) -> None:
    weights = finetune(tiny_recipe, tiny_data, str(tiny_base), tmp_path, labels=tiny_labels)
    assert {value.device.type for value in weights.values()} == {"cpu"}
    entry = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert entry["usual_accuracy"] == 1.0
