"""Imports go one way: the contracts of `.importlinter` hold, and the check can tell when they do not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("alerting", "config", "dashboards", "fengsheng", "models", "streams")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages of `folder` with the contracts of this checkout."""
    run = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", run, str(ROOT / ".importlinter")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_parts_import_only_what_they_may() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("streams/app.py", "import alerting.detector", "The parts do not know each other"),
        ("config/records/base.py", "import streams.app", "fengsheng over its parts"),
        ("alerting/detector.py", "import fengsheng.pipeline", "fengsheng over its parts"),
        ("models/serving/stages.py", "import config.records", "The models stand alone"),
        ("streams/masking.py", "import streams.index.base", "What is pure"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for name in PACKAGES:
        for path in (ROOT / name).rglob("*.py"):
            if "__pycache__" not in path.parts:
                bare = tmp_path / path.relative_to(ROOT)
                bare.parent.mkdir(parents=True, exist_ok=True)
                bare.write_text("")
    (tmp_path / module).write_text(line + "\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [row for row in done.stdout.splitlines() if "BROKEN" in row]
    assert any(contract in row for row in broken), done.stdout
