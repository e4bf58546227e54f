"""Failures that a user can mend: status 1, nothing on stdout, and on stderr what, where and what to do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.conftest import CLOSED, Run

KAFKA = {"FENGSHENG_KAFKA__BOOTSTRAP": CLOSED}
ELASTIC = {"FENGSHENG_ELASTICSEARCH__URL": f"http://{CLOSED}"}
KEY = {"FENGSHENG_PRIVACY__PSEUDONYM_KEY": "a key for the tests"}
POST = '{"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": 1760000000}\n'


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["classify", "nosuch.txt"], {}, ["nosuch.txt", "No such file"]),
        (["classify", "."], {}, [".", "directory"]),
        (["backtest", "nosuch.jsonl"], {}, ["no such file", "nosuch.jsonl"]),
        (["replay", "nosuch.jsonl"], {}, ["no such file", "nosuch.jsonl"]),
        (["up", "nosuch.jsonl", "--once"], {}, ["no such file", "nosuch.jsonl"]),
        (["up", "post.jsonl", "--once", "--format", "csv"], {}, ["--format 'csv'", "auto, fengsheng, mediacrawler"]),
        (["feed", "post.jsonl", "--format", "csv"], {}, ["--format 'csv'", "auto, fengsheng, mediacrawler"]),
        (["replay", "post.jsonl", "--format", "csv"], {}, ["--format 'csv'", "auto, fengsheng, mediacrawler"]),
        (["backtest", "post.jsonl", "--format", "csv"], {}, ["--format 'csv'", "auto, fengsheng, mediacrawler"]),
        (["backtest", "bad.jsonl"], {}, ["no readable posts", "bad.jsonl:1"]),
        (["backtest", "post.jsonl", "--model", "models/nosuch"], {}, ["models/nosuch", "no such directory", "--model"]),
        (["classify", "post.jsonl", "--model", "./nosuch"], {}, ["./nosuch", "no such directory"]),
        (["classify", "post.jsonl", "--model", "post.jsonl"], {}, ["post.jsonl", "a file", "config.json"]),
        (["worker"], {}, ["kafka.bootstrap", "FENGSHENG_KAFKA__BOOTSTRAP=", "fengsheng up"]),
        (["worker"], KAFKA, ["elasticsearch.url", "FENGSHENG_ELASTICSEARCH__URL"]),
        (["worker"], KAFKA | ELASTIC, ["FENGSHENG_PRIVACY__PSEUDONYM_KEY", "openssl rand"]),
        (["worker"], KAFKA | ELASTIC | KEY, [CLOSED, "start it", "FENGSHENG_KAFKA__BOOTSTRAP"]),
        (["feed", "post.jsonl", "--once"], KEY, ["kafka.bootstrap", "fengsheng up"]),
        (["feed", "post.jsonl", "--once"], KAFKA, ["FENGSHENG_PRIVACY__PSEUDONYM_KEY"]),
        (["feed", "post.jsonl", "--once"], KAFKA | KEY, [CLOSED, "start it", "FENGSHENG_KAFKA__BOOTSTRAP"]),
        (["replay", "post.jsonl"], KAFKA | KEY, [CLOSED, "start it"]),
        (["setup"], KAFKA, [CLOSED, "start it"]),
        (["setup"], ELASTIC, [f"http://{CLOSED}", "start it", "elasticsearch.url"]),
        (["incidents", "list"], ELASTIC, [f"http://{CLOSED}", "start it"]),
        (["retention"], ELASTIC, [f"http://{CLOSED}", "start it"]),
        (["incidents", "show", "nosuch"], {}, ["no index at", "index.sqlite", "--data"]),
        (["check", "--offline"], {"FENGSHENG_KAFA__BOOTSTRAP": "x"}, ["FENGSHENG_KAFA__BOOTSTRAP", "no section 'kafa'", "kafka"]),
        (["incidents", "list", "--config", "nosuch"], {}, ["nosuch", "no such folder"]),
        (["backtest", "post.jsonl", "--watches", "nosuch.yaml"], {}, ["nosuch.yaml"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_it_says_what_where_and_what_to_do(
    run: Run, words: list[str], environment: dict[str, str], told: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "post.jsonl").write_text(POST, encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text("{broken\n", encoding="utf-8")
    begun = time.monotonic()
    done = run(*words, FENGSHENG_LANGUAGE="en", **environment)
    assert done.exit_code == 1, done.stderr
    assert done.stdout == ""
    for part in told:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["backtest", "nosuch.jsonl"], {}, "没有这个文件或目录：nosuch.jsonl"),
        (["up", "nosuch.jsonl", "--once"], {}, "没有这个文件或目录：nosuch.jsonl"),
        (["up", "post.jsonl", "--format", "csv"], {}, "没有 --format 'csv' 这种格式"),
        (["classify", "post.jsonl", "--model", "./nosuch"], {}, "模型 ./nosuch：没有这个目录"),
        (["classify", "post.jsonl", "--model", "/nosuch"], {}, "模型 /nosuch：没有这个目录；请改正"),
        (["classify", "post.jsonl", "--model", "folder"], {}, "模型 folder：这个目录里没有 config.json、model.safetensors"),
        (["classify", "post.jsonl", "--model", "post.jsonl"], {}, "模型 post.jsonl：是文件"),
        (["classify", "post.jsonl", "--engine", "foo"], {}, "没有 'foo' 这种引擎（engine）；可用：auto、onnx-float32"),
        (["classify", "post.jsonl", "--device", "gpu"], {}, "没有 'gpu' 这种设备（device）；可用：auto、cpu、cuda"),
        (["classify", "post.jsonl", "--device", "cuda:99"], {}, "设备 'cuda:99'：这里的 PyTorch"),
        (["classify", "."], {}, ".: 是目录"),
        (["check", "--offline", "-w", "folder"], {}, "folder: 实际：是目录；应为：可读的文件"),
        (["up", "post.jsonl", "--once", "--data", "post.jsonl"], {}, "pseudonym.key: 实际：这里已有一个文件；应为：可写的数据目录"),
        (["backtest", "post.jsonl", "--png", "post.jsonl"], {}, "post.jsonl：这里已有一个文件；应为可以写入的目录"),
        (["backtest", "bad.jsonl"], {}, "bad.jsonl:1: 不是 JSON（"),
        (["worker"], {}, "应为：Kafka 的地址"),
        (["worker"], KAFKA, "应为：Elasticsearch 的地址"),
        (["worker"], KAFKA | ELASTIC | KEY, f"{CLOSED} 处没有 Kafka 应答"),
        (["feed", "post.jsonl"], KAFKA, "应为：一段够长的随机文本"),
        (["setup"], ELASTIC, f"连不上 http://{CLOSED} 处的 Elasticsearch"),
        (["incidents", "show", "nosuch"], {}, "处没有索引：用 --data 指定"),
        (["check", "--offline"], {"FENGSHENG_KAFA__BOOTSTRAP": "x"}, "环境变量 FENGSHENG_KAFA__BOOTSTRAP: 实际：没有 'kafa' 这一节"),
        (["check", "--offline"], {"FENGSHENG_CONFIG": "nowhere"}, "环境变量 FENGSHENG_CONFIG=nowhere: 实际：没有这个目录"),
        (["incidents", "list", "--config", "nosuch"], {}, "实际：没有这个目录"),
        (["backtest", "post.jsonl", "--watches", "nosuch.yaml"], {}, "nosuch.yaml: 实际：没有这个文件"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_it_is_said_in_chinese_unless_english_is_asked_for(
    run: Run, words: list[str], environment: dict[str, str], told: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "post.jsonl").write_text(POST, encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text("{broken\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    done = run(*words, **environment)
    assert done.exit_code == 1, done.stderr
    assert told in done.stderr


def test_the_settings_choose_the_language_even_where_they_are_wrong_otherwise(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "settings.yaml").write_text("language: en\ndevice: tpu\n", encoding="utf-8")
    wrong = run("check", "--offline", "--config", tmp_path)
    assert "device: found 'tpu', expected one of auto, cpu, cuda" in wrong.stderr
    (tmp_path / "settings.yaml").write_text("language: en\n", encoding="utf-8")
    assert "no index at" in run("incidents", "list", "--config", tmp_path).stderr
    chinese = run("incidents", "list", "--config", tmp_path, FENGSHENG_LANGUAGE="zh")
    assert "处没有索引" in chinese.stderr


def test_a_process_of_its_own_exits_1_before_it_loads_the_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "fengsheng", "classify", "nosuch.txt"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "nosuch.txt: 没有这个文件" in done.stderr
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "import time:" in line}
    assert "fengsheng.cli" in loaded
    assert not loaded & {"torch", "transformers", "elasticsearch", "grafana_client"}
