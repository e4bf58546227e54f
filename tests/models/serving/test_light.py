"""Serving needs no torch, and what does says how to get it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'transformers'):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Block())
"""


def _run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"}, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["auto", "onnx-float32", "onnx-int8"])
def test_the_classifier_serves_without_torch(directory: Path, engine: str) -> None:
    done = _run(
        "from models.serving import Classifier\n"
        "c = Classifier(sys.argv[1], engine=sys.argv[2]); print(len(c.classify(['气死我了', '好开心呀']))); c.close()\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)",
        directory, engine,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2\n"


def test_the_torch_engine_says_how_to_get_it(directory: Path) -> None:
    done = _run("from models.serving import Classifier\nClassifier(sys.argv[1], engine='torch')", directory)
    assert "ModelLoadError" in done.stderr
    assert "make setup-dev in a checkout, else pip install 'fengsheng[gpu]'" in done.stderr


def test_a_command_that_trains_says_how_to_get_torch(tmp_path: Path) -> None:
    done = _run(
        "from fengsheng.cli import app\nsys.argv[1:] = ['model', 'finetune', '--data', sys.argv[1]]\napp()",
        tmp_path,
    )
    assert done.returncode == 1
    assert "make setup-dev in a checkout, else pip install 'fengsheng[train]'" in done.stderr
    assert "Traceback" not in done.stderr
