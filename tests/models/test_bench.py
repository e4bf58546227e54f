"""The bench really measures, on shapes small enough for a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.bench import Throughput, as_markdown, end_to_end, forward_rates, gpu_share
from models.bench_engine import BATCHES, LENGTHS
from models.bench_gpu import Share, measure, post_flops
from models.bench_shape import BERT_BASE, shaped
from models.labels import HEADS
from models.serving.directory import open_directory
from tests.models.conftest import TEXTS

SMALL = {
    "vocab_size": 100,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
CELLS = {(tokens, rows) for tokens in LENGTHS for rows in BATCHES}


@pytest.fixture(scope="module")
def model(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An untrained model of our form; nothing is left in the user's cache."""
    from transformers import BertConfig

    from models.multihead import MentionClassifier

    out = tmp_path_factory.mktemp("ours")
    config = BertConfig.from_pretrained(tiny_base)
    config.fengsheng_heads = {head: list(names) for head, names in HEADS.items()}
    config.architectures = ["MentionClassifier"]
    saved: object = MentionClassifier(config)
    saved.save_pretrained(out)  # type: ignore[attr-defined]
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_base / name, out / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FENGSHENG_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield str(out)


def test_operations_are_counted_as_by_hand() -> None:
    config = {"num_hidden_layers": 3, "hidden_size": 2, "intermediate_size": 5}
    # A token and layer: four 2 × 2 products and two 2 × 5 ones, each weight a product and a sum; then scores and
    # weighted sums over seven tokens of two numbers.
    assert post_flops(config, tokens=7) == 7 * 3 * (2 * (4 * 4 + 2 * 10) + 2 * (2 * 7 * 2))


def test_operations_are_counted_as_torch_counts_them() -> None:
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import BertConfig, BertModel

    config = BertConfig(**SMALL, attn_implementation="eager")
    encoder = BertModel(config, add_pooling_layer=False).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        encoder(input_ids=torch.ones((3, 11), dtype=torch.long))
    assert counter.get_total_flops() == 3 * post_flops(config.to_dict(), tokens=11)


def test_the_shape_is_bert_bases() -> None:
    layer = 4 * 768 * 768 + 2 * 768 * 3072
    assert post_flops(BERT_BASE, tokens=48) == 48 * 12 * (2 * layer + 4 * 48 * 768)


def test_a_shape_opens_as_a_classifier_under_our_tokeniser(model: str) -> None:
    with shaped(model, SMALL | {"vocab_size": 5}) as folder:
        opened = open_directory(folder)
        assert opened.emotions is not None
        assert opened.config["hidden_size"] == 16
        assert opened.config["vocab_size"] == open_directory(model).config["vocab_size"]
    assert not folder.exists()


def test_forward_and_texts_are_measured_and_laid_out(model: str) -> None:
    forward = forward_rates(model, [], engines=["onnx-float32"], shape=SMALL, seconds=0.01)
    assert list(forward) == ["onnx-float32 (cpu)", "torch-float32 (cpu), bert-base's shape"]
    ours, other = forward.values()
    assert not isinstance(ours, str), ours
    assert not isinstance(other, str), other
    assert {(tokens, rows) for tokens, rows, _ in ours} == CELLS
    assert {(tokens, rows) for tokens, rows, _ in other} == {cell for cell in CELLS if cell[1] in (1, 32)}
    assert all(speed > 0 for rates in (ours, other) for _, _, speed in rates)

    texts = [text for some in TEXTS.values() for text in some]
    asked = ["onnx-float32", "onnx-float32"]
    timed = end_to_end(model, texts, asked, devices=["cpu"], shape=SMALL, rounds=1)
    assert [one.what for one in timed] == [
        "ours, onnx-float32 (cpu)",
        "bert-base's shape, transformers.pipeline(texts) (cpu)",
        "bert-base's shape, transformers.pipeline(texts, batch_size=32) (cpu)",
    ]
    assert all(one.rate > 0 for one in timed)

    table = as_markdown(forward | {"torch-bfloat16 (cpu)": "this processor stops it (SIGILL)"}, timed, None)
    lines = table.splitlines()
    assert "| engine | tokens | × 1 | × 8 | × 32 | × 128 |" in lines
    speeds = [f"{speed:,.0f}" for tokens, _, speed in ours if tokens == 16]
    assert f"| onnx-float32 (cpu) | 16 | {' | '.join(speeds)} |" in lines
    one, many = (f"{speed:,.0f}" for tokens, _, speed in other if tokens == 128)
    assert f"| torch-float32 (cpu), bert-base's shape | 128 | {one} |  | {many} |  |" in lines
    assert "| torch-bfloat16 (cpu) | this processor stops it (SIGILL) | | | | |" in lines
    assert (
        f"| ours, onnx-float32 (cpu) | {timed[0].rate:,.1f} | {timed[0].rate / timed[1].rate:.2f} |" in lines
    )
    assert f"| {timed[1].what} | {timed[1].rate:,.1f} | 1.00 |" in lines


def test_a_ratio_is_to_the_same_device() -> None:
    plain = "bert-base's shape, transformers.pipeline(texts)"
    timed = [
        Throughput("ours, onnx-int8 (cpu)", "cpu", 50.0),
        Throughput("ours, torch-float16 (cuda)", "cuda", 900.0),
        Throughput(f"{plain} (cpu)", "cpu", 10.0),
        Throughput(f"{plain} (cuda)", "cuda", 300.0),
    ]
    gpu: Share = {
        "engine": "torch-bfloat16", "bound": 700.0, "reached": 350.0, "share": 0.5, "posts": 43000.0, "rows": 1365,
    }  # fmt: skip
    table = as_markdown({}, timed, gpu)
    assert "| ours, onnx-int8 (cpu) | 50.0 | 5.00 |" in table
    assert "| ours, torch-float16 (cuda) | 900.0 | 3.00 |" in table
    assert (
        "(torch-bfloat16), batches of 1365 rows of 48 tokens: 43,000 posts/s, 350 of 700 TFLOP/s: 0.50"
        in table
    )


def test_a_share_is_of_the_bound_beside_it(model: str) -> None:
    with shaped(model, SMALL) as folder:
        found = measure(str(folder), "torch-float32", "cpu", tokens=8, size=64, kind="float32", seconds=0.05)
    assert found["engine"] == "torch-float32"
    assert found["rows"] == 2048 // 8
    assert found["reached"] * 1e12 == pytest.approx(found["posts"] * post_flops(SMALL, 8))
    assert found["share"] == pytest.approx(found["reached"] / found["bound"])
    assert found["bound"] > 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_a_gpu_is_measured_by_its_engines(model: str) -> None:
    found = gpu_share(model, shape=SMALL)
    assert found is not None
    assert 0 < found["share"] < 1
    timed = end_to_end(model, TEXTS["angry"], [], devices=["cuda"], shape=SMALL, rounds=1)
    assert {one.device for one in timed} == {"cuda"}
    assert any("-graphs (cuda)" in one.what for one in timed)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA GPU is here")
def test_without_a_gpu_there_is_no_share(model: str) -> None:
    assert gpu_share(model, shape=SMALL) is None
