"""The committed weights: their form, their size, and that the card's figures are theirs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.evaluate import evaluate, read_labelled
from models.labelled import read_split
from models.labels import HEADS, HeadName
from models.serving import Classifier

FLOOR = 0.73
SAMPLE = 300


@pytest.fixture(scope="module")
def classifier(shipped: Path) -> Iterator[Classifier]:
    opened = Classifier(shipped, device="cpu", engine="onnx-float32")
    yield opened
    opened.close()


def test_the_directory_is_small_and_complete(shipped: Path) -> None:
    assert sum(file.stat().st_size for file in shipped.iterdir()) < 45_000_000
    config = json.loads((shipped / "config.json").read_text(encoding="utf-8"))
    assert config["fengsheng_heads"] == {head: list(names) for head, names in HEADS.items()}
    assert config["model_type"] == "bert"
    pieces = (shipped / "vocab.txt").read_text(encoding="utf-8").splitlines()
    tokenizer = json.loads((shipped / "tokenizer.json").read_text(encoding="utf-8"))
    assert len(pieces) == len(tokenizer["model"]["vocab"])
    assert config["vocab_size"] == 1 + max(entry["id"] for entry in tokenizer["added_tokens"])
    assert set(config["fengsheng_calibration"]) == set(HEADS)


def test_what_weibo_is_written_with_is_read(shipped: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(shipped / "tokenizer.json"))
    text = "“唉”……——[允悲][doge]😭😭🙏"
    assert "[UNK]" not in tokenizer.encode(text).tokens
    assert tokenizer.encode("[允悲]😭😭", add_special_tokens=False).tokens == ["[允悲]", "😭", "😭"]


def test_the_encoder_opens_as_an_ordinary_bert(shipped: Path) -> None:
    from transformers import AutoModel

    model, found = AutoModel.from_pretrained(shipped, output_loading_info=True, add_pooling_layer=False)
    assert not found["missing_keys"]
    assert model.config.hidden_size == 512


def test_the_weights_are_float16(shipped: Path) -> None:
    from safetensors import safe_open

    with safe_open(shipped / "model.safetensors", "pt") as file:
        assert {str(file.get_tensor(name).dtype) for name in file.keys()} == {"torch.float16"}  # noqa: SIM118


def test_the_card_names_base_licence_and_figures(shipped: Path) -> None:
    card = (shipped / "README.md").read_text(encoding="utf-8")
    figures = json.loads((shipped / "figures.json").read_text(encoding="utf-8"))
    assert figures["usual"]["macro_f1"] >= FLOOR
    assert figures["intent"]["macro_f1"] >= 0.70
    assert figures["polarity"]["accuracy"] >= 0.77
    for word in ("BAAI/bge-small-zh-v1.5", "MIT", "SMP2020-EWECT", "labelled by reading"):
        assert word in card
    assert figures["intent"]["rows"] >= 1700
    for name in ("usual", "virus", "intent", "polarity"):
        found = figures[name]
        assert (
            f"macro-F1 {found['macro_f1']:.4f}, accuracy {found['accuracy']:.4f}, {found['rows']} rows"
            in card
        )
    for head, found in figures["calibration"].items():
        assert found["error"] < 0.03, head


@pytest.mark.parametrize("split", ["usual", "virus"])
def test_a_sample_of_the_dev_split_agrees_with_the_card(
    classifier: Classifier, shipped: Path, data_dir: Path, split: str
) -> None:
    figures = json.loads((shipped / "figures.json").read_text(encoding="utf-8"))
    rows = read_labelled(data_dir / f"emotion/smp2020_{split}_dev.jsonl.xz", limit=SAMPLE)
    expected = figures[split]["accuracy"]
    # Three standard errors of a share over the sample.
    margin = 3 * (expected * (1 - expected) / SAMPLE) ** 0.5
    assert evaluate(classifier, rows).accuracy == pytest.approx(expected, abs=margin)


@pytest.mark.parametrize("head", ["intent", "polarity"])
def test_the_posts_that_were_read_agree_with_the_card(
    classifier: Classifier, shipped: Path, data_dir: Path, head: HeadName
) -> None:
    figures = json.loads((shipped / "figures.json").read_text(encoding="utf-8"))
    rows = [row for row in read_split(data_dir, "dev") if row.target(head) >= 0]
    found = evaluate(classifier, rows, head)
    # Another processor may round a near tie the other way.
    assert found.accuracy == pytest.approx(figures[head]["accuracy"], abs=0.005)
    assert found.confidence is not None
    assert found.confidence.error < max(0.03, found.confidence.by_chance + 0.01)


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("这家奶茶太难喝了，服务态度还差，再也不来了", "negative"),
        ("喝完拉肚子，打12315投诉了，要求退款道歉", "negative"),
        ("新品太好喝了，强烈推荐给大家", "positive"),
    ],
)
def test_plain_cases_come_out_plainly(classifier: Classifier, text: str, polarity: str) -> None:
    assert classifier.classify([text])[0].polarity == polarity
