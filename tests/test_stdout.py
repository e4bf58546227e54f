"""Standard output that takes no more: one line that says what, where and what to do, or nothing to a closed pipe."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

FENGSHENG = [sys.executable, "-m", "fengsheng"]
WORDS = [["classify", "posts.txt"], ["--help"], ["rules", "check"], ["model", "evaluate", "--help"]]


@pytest.fixture(autouse=True)
def posts(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("".join(f"第{n}杯太难喝了\n" for n in range(300)), encoding="utf-8")


@pytest.mark.parametrize(("words", "language"), [*((words, "zh") for words in WORDS), (WORDS[1], "en")])
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, words: list[str], language: str) -> None:
    # A limit on the size of files stands in for the full disk.
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [*FENGSHENG, *words], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, timeout=120, check=False,
            env={**os.environ, "FENGSHENG_LANGUAGE": language, "COLUMNS": "200"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
        )  # fmt: skip
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert str(tmp_path / "out") in last
    assert "File too large" in last
    assert ("请腾出空间" if language == "zh" else "make room") in last
    assert "Exception ignored" not in said


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_reader_that_went_away_ends_it_quietly(tmp_path: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [*FENGSHENG, *words], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, timeout=120, check=False
        )
    assert done.returncode == 0
    assert not [sign for sign in (b"Traceback", b"error", b"ignored", b"Broken") if sign in done.stderr]


def test_a_failure_before_stays_a_failure(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [*FENGSHENG, "classify", "nosuch"], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert "nosuch" in done.stderr.decode()


@pytest.mark.parametrize("words", [["rules", "check"], ["--help"]])
def test_a_command_started_without_standard_output_does_its_work(tmp_path: Path, words: list[str]) -> None:
    command = " ".join([sys.executable, "-m", "fengsheng", *words, ">&-"])
    done = subprocess.run(command, shell=True, cwd=tmp_path, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_what_only_writes_results_says_that_there_is_nowhere_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("好喝\n", encoding="utf-8")
    command = " ".join([sys.executable, "-m", "fengsheng", "classify", "posts.txt", ">&-"])
    done = subprocess.run(command, shell=True, cwd=tmp_path, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 1
    assert "标准输出是关着的" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
