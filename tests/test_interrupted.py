"""A replay that a signal cut short says so by its status, as shells do, and its report is of the part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from fengsheng.output import explained

POSTS = [
    {"platform": "weibo", "id": str(n), "text": "青山茶饮太难喝", "created_at": 1_760_000_000 + n * 600}
    for n in range(20)
]


def interrupted(words: list[str], folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Run a command that keeps its index below `folder`, send it a signal once it works; its status and stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "fengsheng", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
        env={**os.environ, "FENGSHENG_LANGUAGE": "zh"},
    ) as process:  # fmt: skip
        # The signals are looked after before the index is opened.
        end = time.monotonic() + 100
        while not list(folder.rglob("index.sqlite")) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(number)
        said = process.communicate(timeout=100)[1].decode()
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_replay_ends_with_the_status_of_its_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    file, report = tmp_path / "posts.jsonl", tmp_path / "report"
    file.write_text("\n".join(json.dumps(post) for post in POSTS), encoding="utf-8")
    words = ["replay", str(file), "--speed", "1", "--data", str(tmp_path / "data"), "--report", str(report)]
    status, said = interrupted(words, tmp_path, number)
    assert status == 128 + number, said
    assert "被中断" in said
    assert "watches" in json.loads(report.read_text(encoding="utf-8"))


def test_an_interrupted_demo_says_nothing_of_what_it_did_not_come_to(tmp_path: Path) -> None:
    words = ["demo", "--once", "--speed", "60", "--keep", str(tmp_path / "data")]
    status, said = interrupted(words, tmp_path, signal.SIGTERM)
    assert status == 128 + signal.SIGTERM, said
    assert "被中断" in said
    assert "没有发现危机" not in said


def test_ctrl_c_before_anything_is_done_is_no_success() -> None:
    with pytest.raises(typer.Exit) as ended, explained():
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130


def test_ctrl_c_while_the_program_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "fengsheng", "check"],
        capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
