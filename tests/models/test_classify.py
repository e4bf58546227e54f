import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.classification import UNREADABLE
from models.classify import Classifier, plan
from models.dummy import DummyClassifier
from models.finetune import build_model
from models.heads import ModelLoadError, load_model, map_foreign_labels
from models.labels import EMOTIONS, HEADS
from models.recipe import Recipe

TEXTS = ["气死我了", "好开心呀", "今天开会", "居然这样没想到啊没想到啊没想到啊", "怕得发抖"]
ODD = [
    "",
    " ",
    "\n",
    "\ud800",
    "\x00",
    "@用户",
    "转发微博",
    "👩‍👩‍👧",
    "a" * 100_000,
    "好" * 100_000,
    "[",
    "//",
    "ﷺ" * 3000,
]


@pytest.fixture(scope="module")
def directory(tiny_base: Path, tiny_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained three-headed model on disk."""
    import shutil

    import torch

    out = tmp_path_factory.mktemp("model")
    pieces = len(json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
    model = build_model(tiny_base, list(range(pieces)), tiny_recipe)
    saved: object = model.to(torch.float16)
    saved.save_pretrained(out)  # type: ignore[attr-defined]
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_base / name, out / name)
    return out


@pytest.fixture
def classifier(directory: Path) -> Iterator[Classifier]:
    opened = Classifier(directory, device="cpu", cache_size=0)
    yield opened
    opened.close()


@given(st.lists(st.integers(1, 128), max_size=60), st.integers(1, 600))
def test_batches_hold_every_row_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(plan(lengths, budget))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


def test_the_order_of_the_texts_is_kept_and_company_changes_no_label(classifier: Classifier) -> None:
    together = classifier.classify(TEXTS)
    for text, expected in zip(TEXTS, together, strict=True):
        (alone,) = classifier.classify([text])
        assert (alone.emotion, alone.intent, alone.polarity) == (
            expected.emotion,
            expected.intent,
            expected.polarity,
        )
        assert alone.emotion_scores == pytest.approx(expected.emotion_scores, abs=1e-5)
    assert [item.emotion_scores for item in classifier.classify(TEXTS[::-1])] == [
        pytest.approx(item.emotion_scores, abs=1e-5) for item in together[::-1]
    ]


def test_distributions_cover_the_labels_and_sum_to_one(classifier: Classifier) -> None:
    for found in classifier.classify(TEXTS + ODD):
        for head, names in HEADS.items():
            scores = getattr(found, f"{head}_scores")
            assert tuple(scores) == names
            assert sum(scores.values()) == pytest.approx(1)
            assert getattr(found, head) == max(scores, key=scores.__getitem__)


def test_no_text_makes_it_fail(classifier: Classifier) -> None:
    found = classifier.classify(ODD)
    assert len(found) == len(ODD)
    assert found[0] == UNREADABLE
    assert (found[0].emotion, found[0].intent, found[0].readable) == ("neutral", "other", False)
    assert found[8].readable
    assert classifier.classify([]) == []


def test_a_text_that_comes_again_is_classified_once(directory: Path) -> None:
    classifier = Classifier(directory, device="cpu", cache_size=2)
    seen: list[int] = []
    inner = classifier._model.module
    inner.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    # Equal after normalisation is equal.
    first = classifier.classify(["气死我了", "气死我了", " 氣死我了 "])
    assert seen == [1]
    assert classifier.classify(["气死我了"])[0] is first[0]
    assert seen == [1]
    classifier.classify(["好开心呀", "今天开会"])  # two newer texts push the first out
    classifier.classify(["气死我了"])
    assert sum(seen) == 4
    classifier.close()


async def test_the_forward_runs_in_a_thread_of_its_own(classifier: Classifier) -> None:
    threads: list[int] = []
    classifier._model.module.register_forward_pre_hook(lambda *_: threads.append(threading.get_ident()))
    several = await asyncio.gather(*(classifier.classify_async([text]) for text in TEXTS))
    assert [item.emotion for (item,) in several] == [item.emotion for item in classifier.classify(TEXTS)]
    assert len(set(threads[: len(TEXTS)])) == 1
    assert threads[0] != threading.get_ident()


def test_a_stranger_with_known_labels_is_served(tiny_base: Path, tmp_path: Path) -> None:
    stranger = _stranger(tiny_base, tmp_path, ["sadness", "happiness", "disgust", "anger", "like"])
    classifier = Classifier(stranger, device="cpu")
    (found,) = classifier.classify(["气死我了"])
    assert found.intent == "other"
    assert found.emotion_scores["surprise"] == pytest.approx(0, abs=1e-6)
    assert found.polarity_scores["positive"] == pytest.approx(found.emotion_scores["happy"], abs=1e-6)
    negative = found.emotion_scores["angry"] + found.emotion_scores["sad"]
    assert found.polarity_scores["negative"] == pytest.approx(negative, abs=1e-6)
    classifier.close()


def _stranger(base: Path, out: Path, labels: list[str]) -> Path:
    import shutil

    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(base)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    BertForSequenceClassification(config).save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(base / name, out / name)
    return out


def test_foreign_labels_are_read_as_emotions() -> None:
    found = map_foreign_labels(["Anger", " 悲伤", "Joy", "disgust"])
    assert [EMOTIONS[index] for index in found] == ["angry", "sad", "happy", "angry"]


def test_what_cannot_be_opened_says_why_and_what_to_do(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"no config.json.*fengsheng model finetune"):
        load_model(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelLoadError, match="a file, expected a Hugging Face directory"):
        load_model(tmp_path / "file")
    with pytest.raises(ModelLoadError, match=r"BertModel: no fengsheng_heads .*fengsheng model finetune"):
        load_model(tiny_base)
    stranger = _stranger(tiny_base, tmp_path / "stars", ["1 star", "5 stars"])
    with pytest.raises(ModelLoadError, match=r"'1 star', '5 stars' are no emotions"):
        load_model(stranger)
    blind = _stranger(tiny_base, tmp_path / "blind", ["joy", "neutral"])
    with pytest.raises(ModelLoadError, match="no negative emotion"):
        load_model(blind)


def test_other_label_sets_and_missing_heads_are_refused(directory: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    old = shutil.copytree(directory, tmp_path / "old")
    config = json.loads((old / "config.json").read_text(encoding="utf-8"))
    config["fengsheng_heads"]["emotion"].reverse()
    (old / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="this version expects"):
        load_model(old)
    headless = shutil.copytree(directory, tmp_path / "headless")
    weights = load_file(headless / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "intent" not in name},
        headless / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(ModelLoadError, match=r"lack heads\.intent"):
        load_model(headless)
    damaged = shutil.copytree(directory, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelLoadError, match="can't be opened"):
        load_model(damaged)


@pytest.mark.parametrize("device", ["gpu0", "nonsense:1"])
def test_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ModelLoadError, match="use auto, cpu or cuda"):
        Classifier("nowhere", device=device)


def test_the_dummy_is_deterministic_and_of_the_same_form() -> None:
    dummy = DummyClassifier()
    angry, happy, none = dummy.classify(["太恶心了，要求退款", "这个真好喝", "@小王"])
    assert (angry.emotion, angry.intent, angry.polarity) == ("angry", "redress", "negative")
    assert (happy.emotion, happy.intent, happy.polarity) == ("happy", "praise", "positive")
    assert none == UNREADABLE
    for head, names in HEADS.items():
        assert tuple(getattr(angry, f"{head}_scores")) == names
        assert sum(getattr(angry, f"{head}_scores").values()) == pytest.approx(1)
    assert asyncio.run(dummy.classify_async(["这个真好喝"])) == [happy]
