"""The classifier: order, odd texts, repeats, temperatures, and what can't be opened."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
from pathlib import Path

import pytest

from models.classification import UNREADABLE
from models.dummy import DummyClassifier
from models.heads import ModelLoadError, map_foreign_labels
from models.labels import EMOTIONS, HEADS
from models.serving import Classifier
from models.serving import classifier as classifier_module
from models.serving.directory import open_directory
from tests.models.serving.conftest import EMOTIONS as LABELS
from tests.models.serving.conftest import Scripted, Strange

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
    assert not found[8].readable
    assert found[9].readable
    assert classifier.classify([]) == []


async def test_tasks_and_threads_are_answered_each_with_its_own(classifier: Classifier) -> None:
    alone = [classifier.classify([text])[0].emotion_scores for text in TEXTS]
    several = await asyncio.gather(
        *(classifier.classify_async([text]) for text in TEXTS),
        *(asyncio.to_thread(classifier.classify, [text]) for text in TEXTS),
    )
    for (found,), expected in zip(several, alone * 2, strict=True):
        assert found.emotion_scores == pytest.approx(expected, abs=1e-5)


def test_a_text_that_comes_again_is_answered_from_memory(directory: Path) -> None:
    classifier = Classifier(directory, device="cpu", engine="onnx-float32", cache_size=2)
    # Equal after normalisation is equal.
    first = classifier.classify(["气死我了", "气死我了", " 氣死我了 "])
    assert first[0] is first[1] is first[2]
    assert classifier.repeats == (2, 3)
    assert classifier.classify(["气死我了"])[0] is first[0]
    assert classifier.hit_rate == 0.75
    classifier.classify(["好开心呀", "今天开会"])  # two newer texts push the first out
    assert classifier.classify(["气死我了"])[0] is not first[0]
    classifier.close()


def test_a_classifier_that_nobody_holds_ends_its_threads(directory: Path) -> None:
    classifier = Classifier(directory, device="cpu", engine="onnx-float32")
    threads = classifier._stages._threads
    del classifier
    gc.collect()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_after_its_end_it_says_so(directory: Path) -> None:
    classifier = Classifier(directory, device="cpu", engine="onnx-float32")
    classifier.close()
    classifier.close()
    with pytest.raises(RuntimeError, match="closed"):
        classifier.classify(["气死我了"])


@pytest.mark.parametrize("engine", ["onnx-float32", "torch-float32"])
def test_a_stranger_with_known_labels_is_served(stranger: Strange, tmp_path: Path, engine: str) -> None:
    classifier = Classifier(stranger(tmp_path, LABELS), device="cpu", engine=engine)
    (found,) = classifier.classify(["气死我了"])
    assert found.intent == "other"
    assert found.emotion_scores["surprise"] == pytest.approx(0, abs=1e-6)
    assert found.polarity_scores["positive"] == pytest.approx(found.emotion_scores["happy"], abs=1e-6)
    negative = found.emotion_scores["angry"] + found.emotion_scores["sad"]
    assert found.polarity_scores["negative"] == pytest.approx(negative, abs=1e-6)
    classifier.close()


def test_a_temperature_sharpens_or_flattens_one_head_and_changes_no_label(
    directory: Path, tmp_path: Path
) -> None:
    warm = shutil.copytree(directory, tmp_path / "warm")
    config = json.loads((warm / "config.json").read_text(encoding="utf-8"))
    (warm / "config.json").write_text(
        json.dumps(config | {"fengsheng_calibration": {"emotion": {"temperature": 2.0}}}), encoding="utf-8"
    )
    found = []
    for place in (directory, warm):
        classifier = Classifier(place, device="cpu", engine="onnx-float32")
        found.append(classifier.classify(["气死我了"])[0])
        classifier.close()
    cool, flat = found
    powers = {label: p**0.5 for label, p in cool.emotion_scores.items()}
    assert flat.emotion_scores == pytest.approx(
        {label: p / sum(powers.values()) for label, p in powers.items()}, abs=1e-6
    )
    assert flat.intent_scores == pytest.approx(cool.intent_scores, abs=1e-6)
    assert flat.emotion == cool.emotion
    for wrong in (
        [1],
        {"emotion": 2.0},
        {"emotion": {"temperature": 0}},
        {"emotion": {"temperature": "warm"}},
        {"emotion": {"curve": [1, 1]}},
        {"emotion": {"curve": [-1, 1, 0]}},
        {"emotion": {"curve": [1, 1, None]}},
    ):
        (warm / "config.json").write_text(
            json.dumps(config | {"fengsheng_calibration": wrong}), encoding="utf-8"
        )
        with pytest.raises(ModelLoadError, match="fengsheng_calibration"):
            open_directory(warm)


def test_foreign_labels_are_read_as_emotions() -> None:
    found = map_foreign_labels(["Anger", " 悲伤", "Joy", "disgust"])
    assert [EMOTIONS[index] for index in found] == ["angry", "sad", "happy", "angry"]


def test_what_cannot_be_opened_says_why_and_what_to_do(
    stranger: Strange, tiny_base: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelLoadError, match=r"no config.json.*fengsheng model finetune"):
        open_directory(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelLoadError, match="a file, expected a Hugging Face directory"):
        open_directory(tmp_path / "file")
    with pytest.raises(ModelLoadError, match=r"BertModel: no fengsheng_heads .*fengsheng model finetune"):
        open_directory(tiny_base)
    made = stranger(tmp_path / "stars", ["1 star", "5 stars"])
    with pytest.raises(ModelLoadError, match=r"'1 star', '5 stars' are no emotions"):
        open_directory(made)
    blind = stranger(tmp_path / "blind", ["joy", "neutral"])
    with pytest.raises(ModelLoadError, match="no negative emotion"):
        open_directory(blind)


@pytest.mark.parametrize("engine", ["onnx-float32", "onnx-int8", "torch-float32"])
def test_other_label_sets_and_missing_heads_are_refused(directory: Path, tmp_path: Path, engine: str) -> None:
    from safetensors.torch import load_file, save_file

    old = shutil.copytree(directory, tmp_path / "old")
    config = json.loads((old / "config.json").read_text(encoding="utf-8"))
    config["fengsheng_heads"]["emotion"].reverse()
    (old / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="this version expects"):
        open_directory(old)
    headless = shutil.copytree(directory, tmp_path / "headless")
    weights = load_file(headless / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "intent" not in name},
        headless / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(ModelLoadError, match=r"lack heads\.intent"):
        Classifier(headless, device="cpu", engine=engine)
    damaged = shutil.copytree(directory, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelLoadError, match="can't be opened"):
        Classifier(damaged, device="cpu", engine=engine)


@pytest.mark.parametrize("device", ["gpu0", "nonsense:1"])
def test_an_unknown_device_is_refused(directory: Path, device: str) -> None:
    with pytest.raises(ModelLoadError, match="use auto, cpu or cuda"):
        Classifier(directory, device=device)


def test_an_unknown_engine_is_refused(directory: Path) -> None:
    with pytest.raises(ModelLoadError, match="use one of auto, onnx-float32"):
        Classifier(directory, engine="tpu")
    with pytest.raises(ModelLoadError, match="runs on the CPU"):
        Classifier(directory, engine="onnx-int8", device="cuda")


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


def test_the_pipeline_s_counters_show_how_often_a_text_was_known(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fengsheng.configuration import PACKAGED, load_configuration
    from fengsheng.pipeline import Pipeline
    from streams.index.sqlite import SqliteIndex
    from streams.masking import Pseudonymiser

    for name in [name for name in os.environ if name.startswith("FENGSHENG_")]:
        monkeypatch.delenv(name)
    configuration = load_configuration(PACKAGED).with_data(tmp_path)

    async def deliver(incident: object) -> None:
        raise AssertionError("nothing is delivered here")

    classifier = Classifier(directory, device="cpu", engine="onnx-float32")
    try:
        pipeline = Pipeline(
            configuration,
            SqliteIndex(tmp_path / "index.db"),
            classifier,
            deliver,
            Pseudonymiser(b"key"),
            "127.0.0.1:9",
            dict.fromkeys(configuration.settings.kafka.topics, 1),
        )
        assert pipeline.counters.hit_rate() == 0
        classifier.classify(["气死我了", "气死我了", "好开心呀", "今天开会"])
        assert pipeline.counters.hit_rate() == 0.25
    finally:
        classifier.close()


@pytest.mark.parametrize(
    ("room", "error", "said"),
    [
        (
            20,
            None,
            r"engine scripted on nowhere: no memory for a first forward; free memory there, run fewer",
        ),
        (
            1000,
            RuntimeError("backend='inductor' raised:\nRuntimeError: Failed to find C compiler."),
            r"engine scripted on nowhere: its first forward fails \(RuntimeError: backend='inductor' raised: "
            r"RuntimeError: Failed to find C compiler\.\); use engine torch or auto, or another device",
        ),
    ],
)
def test_a_first_forward_that_fails_names_the_device_and_what_to_do(
    directory: Path, room: int, error: Exception | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Scripted(room)
    engine.error = error
    monkeypatch.setattr(classifier_module, "open_engine", lambda *_: engine)
    with pytest.raises(ModelLoadError, match=said):
        Classifier(directory, device="cpu", engine="onnx-float32")
    assert engine.closed


async def test_what_is_no_text_is_refused_and_the_good_ones_beside_it_are_not_held_up(
    classifier: Classifier,
) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=r"texts\[1\] is NoneType, expected str"):
            classifier.classify(["难喝死了", None])  # type: ignore[list-item]
        with pytest.raises(TypeError, match=r"texts\[0\] is int"):
            await classifier.classify_async([3])  # type: ignore[list-item]
    assert len(await asyncio.wait_for(classifier.classify_async(["难喝死了"]), 60)) == 1
