"""A replay that a signal cut short says so by its status, as shells do, and its report is of the part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from fengsheng.interrupts import leaving_at_once
from fengsheng.output import explained

POSTS = [
    {"platform": "weibo", "id": str(n), "text": "青山茶饮太难喝", "created_at": 1_760_000_000 + n * 600}
    for n in range(20)
]


def interrupted(words: list[str], folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Run a command that keeps its index below `folder`, send it a signal once it works; its status and stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "fengsheng", *words],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
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
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "已停止 stopped\n")


def test_ctrl_c_while_the_model_loads_is_no_import_error(tmp_path: Path) -> None:
    # As onnxruntime does with numpy: what interrupts an import is made an ImportError.
    (tmp_path / "onnxruntime.py").write_text(
        "import os, signal, time\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
        "except BaseException as error:\n    raise ImportError('import numpy failed') from error\n",
        encoding="utf-8",
    )
    (tmp_path / "post.txt").write_text("太难喝了", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "fengsheng", "classify", "post.txt", "--engine", "onnx-int8"],
        capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert done.stderr.endswith("已停止 stopped\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None], ids=["ignored", "somebody's"])
def test_a_sigint_that_is_not_pythons_own_is_left_alone(handler: Any) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        with leaving_at_once():
            assert signal.getsignal(signal.SIGINT) is handler
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_as_before_once_the_loading_is_over() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with leaving_at_once():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_once_ends_with_the_status_of_its_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    # Standard input that nobody closes: the run can't have ended by itself.
    words = ["up", "-", "--once", "--data", str(tmp_path / "data")]
    status, said = interrupted(words, tmp_path, number)
    assert status == 128 + number, said
    assert "被中断" in said
