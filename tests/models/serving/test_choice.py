"""Which engine serves, by what was measured; and that a process that dies is only an engine less."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from models.heads import ModelLoadError
from models.serving import choice
from models.serving.choice import choose, decide, run_apart
from models.serving.directory import open_directory
from models.serving.opening import ENGINES

SAME = [["angry", "complaint", "negative"]] * 100


def _measured(rate: float, wrong: int = 0) -> dict[str, object]:
    return {
        "rate": rate,
        "labels": [["sad", *row[1:]] if index < wrong else row for index, row in enumerate(SAME)],
    }


@pytest.mark.parametrize(
    ("measured", "engine"),
    [
        ({"onnx-float32": _measured(100), "torch-float32": _measured(120)}, "torch-float32"),
        ({"onnx-float32": _measured(100), "onnx-int8": _measured(300)}, "onnx-int8"),
        ({"onnx-float32": _measured(100), "onnx-int8": _measured(105)}, "onnx-float32"),  # not clearly faster
        ({"onnx-float32": _measured(100), "onnx-int8": _measured(300, wrong=10)}, "onnx-float32"),
        ({"onnx-float32": _measured(100), "onnx-int8": _measured(300, wrong=9)}, "onnx-int8"),
        ({"onnx-float32": _measured(100), "torch-bfloat16": _measured(300, wrong=2)}, "onnx-float32"),
        ({"onnx-float32": _measured(100), "torch-bfloat16": _measured(300, wrong=1)}, "torch-bfloat16"),
        (
            {"onnx-float32": _measured(100), "torch-bfloat16": "this processor stops it (SIGILL)"},
            "onnx-float32",
        ),
    ],
)
def test_the_fastest_serves_and_a_narrow_format_only_if_it_agrees(
    measured: dict[str, dict[str, object] | str], engine: str
) -> None:
    found = decide(measured)
    assert found.engine == engine
    assert set(found.rates) == {name for name, one in measured.items() if not isinstance(one, str)}
    for name in found.refused:
        assert name in found.why


def test_nothing_that_serves_is_an_error_with_every_reason() -> None:
    with pytest.raises(ModelLoadError, match=r"onnx-float32: it is damaged; onnx-int8: no memory"):
        decide({"onnx-float32": "it is damaged", "onnx-int8": "no memory"})


def test_a_process_that_dies_is_an_engine_that_cannot_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    (tmp_path / "failing.py").write_text("raise ValueError('no such thing')")
    (tmp_path / "mumbling.py").write_text("print('hm')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if sys.platform != "win32":
        assert run_apart(tmp_path, "x", "dying") == "this processor stops it (SIGILL)"
    assert run_apart(tmp_path, "x", "failing") == "ValueError: no such thing"
    assert run_apart(tmp_path, "x", "mumbling") == "its measurement can't be read"


def test_the_measurement_is_real_and_made_once(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGSHENG_CACHE", str(tmp_path))
    # The light install; torch's engines take the same way.
    monkeypatch.setattr(choice, "installed", lambda runtime: runtime == "onnx")
    opened = open_directory(directory)
    found = choose(opened, "cpu")
    assert set(found.rates) == {"onnx-float32", "onnx-int8"}
    assert all(rate > 0 for rate in found.rates.values())
    assert found.engine in found.rates
    (file,) = (tmp_path / "engines").iterdir()

    def never(*_: object) -> str:
        raise AssertionError("measured again")

    monkeypatch.setattr(choice, "run_apart", never)
    assert choose(opened, "cpu") == found
    file.write_text("{")
    with pytest.raises(AssertionError, match="measured again"):
        choose(opened, "cpu")
    file.write_text(json.dumps({"engine": "onnx-int8", "device": "cpu", "why": "kept"}))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # other threads, other rates
    with pytest.raises(AssertionError, match="measured again"):
        choose(opened, "cpu")


def test_a_form_that_has_no_graph_says_what_to_install(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    place = shutil.copytree(directory, tmp_path / "albert")
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    (place / "config.json").write_text(json.dumps(config | {"model_type": "albert"}), encoding="utf-8")
    monkeypatch.setattr(choice, "installed", lambda runtime: runtime == "onnx")
    with pytest.raises(ModelLoadError, match=r"its form is albert.*pip install 'fengsheng\[gpu\]'"):
        choose(open_directory(place), "cpu")


def test_the_settings_know_every_engine() -> None:
    from config.settings import Settings

    assert Settings.model_json_schema()["properties"]["engine"]["enum"] == list(ENGINES)
