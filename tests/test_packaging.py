"""What an installed package needs besides code is in its wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("alerting", "config", "dashboards", "fengsheng", "models", "streams")


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    # A large file need only be there.
    (tmp_path / "models/fengsheng-small/model.safetensors").write_bytes(b"weights")
    build = "from setuptools import build_meta; print(build_meta.build_wheel('out'))"
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    [wheel] = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    files = {
        file.relative_to(tmp_path).as_posix()
        for name in PACKAGES
        for file in (tmp_path / name).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert {"models/intent_labels.tsv", "models/emotion_readings.tsv"} <= files
    assert files <= packed, sorted(files - packed)
