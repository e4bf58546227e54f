"""An index that is damaged, or goes while it is in use: said by every command, and nothing is confirmed after."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.records import Match, MatchReason
from fengsheng.pipeline import Pipeline
from streams.index.sqlite import SqliteIndex
from tests.alerting.timeline import WATCH, Story
from tests.commands.conftest import Run
from tests.commands.test_incidents import with_index

POST = {"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": 1_760_000_000}


@pytest.fixture
def watches(tmp_path: Path) -> Path:
    path = tmp_path / "watches.yaml"
    path.write_text(f"watches:\n  - {{id: {WATCH.id}, name: 青山茶饮, any: [青山茶饮]}}\n", encoding="utf-8")
    return path


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(POST) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose index holds posts and their authors."""
    matches = [Match(watch=WATCH.id, reason=MatchReason.KEYWORD, keyword="青山茶饮")]

    async def fill(index: SqliteIndex) -> None:
        mentions = Story(3).ordinary(1).mentions
        await index.write_mentions([replace(m, watch=None, matches=matches) for m in mentions])

    with_index(tmp_path / "data", fill)
    return tmp_path / "data"


def without_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(64))


def with_a_bad_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("""UPDATE mentions SET record = CAST('{"broken' AS BLOB)""")
        database.commit()


@pytest.mark.parametrize(
    ("words", "damage"),
    [
        (["rules", "check"], without_header),
        (["check"], without_header),
        (["incidents", "list"], without_header),
        (["dead"], without_header),
        (["backtest", "--index"], without_header),
        (["backtest", "--index"], with_a_bad_row),
        (["up", "posts.jsonl", "--once"], without_header),
        # A worker that restores its watches reads the bad rows: it must not try for ever.
        (["up", "posts.jsonl", "--once"], with_a_bad_row),
        (["replay", "posts.jsonl"], with_a_bad_row),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value.__name__,
)
def test_damage_is_said(
    run: Run, data: Path, watches: Path, posts: Path, words: list[str], damage: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(posts.parent)
    damage(data / "index.sqlite")
    more = [] if words[0] in ("incidents", "dead") else ["--watches", str(watches)]
    done = run(*words, *more)
    assert done.exit_code == 1, done.stderr
    assert f"索引 {data / 'index.sqlite'} 已损坏" in done.stderr
    assert "移走" in done.stderr
    assert "feed-cursors.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_index_yet_is_no_damage(run: Run, watches: Path) -> None:
    assert run("rules", "check", "--watches", watches).exit_code == 0
    checked = run("check", "--watches", watches)
    assert checked.exit_code == 0, checked.stderr
    assert "已损坏" not in checked.stderr


@pytest.mark.timeout(120)
def test_an_index_deleted_under_a_run_ends_it_and_what_is_not_kept_is_not_taken_for_read(
    tmp_path: Path, watches: Path
) -> None:
    source, data = tmp_path / "later.jsonl", tmp_path / "data"
    source.touch()
    with subprocess.Popen(
        [sys.executable, "-m", "fengsheng", "up", source, "--watches", watches, "--data", data],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "FENGSHENG_LANGUAGE": "zh"},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert any("正在监测" in line for line in process.stderr)
        for path in data.glob("index.sqlite*"):
            path.unlink()
        with source.open("a", encoding="utf-8") as file:
            file.write(json.dumps(POST) + "\n")
        said = process.stderr.read()
    assert process.returncode == 1, said
    assert f"索引 {data / 'index.sqlite'} 在使用中被删除、移走或换掉了" in said
    assert str(data / "feed-cursors.json") in said
    assert "Traceback" not in said
    cursors = data / "feed-cursors.json"
    noted = json.loads(cursors.read_text(encoding="utf-8")) if cursors.exists() else {}
    assert all(not position.get("offset") for position in noted.values()), noted


def test_a_data_folder_deleted_while_a_run_starts_is_one_line(
    run: Run, watches: Path, posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Pipeline.start

    async def deleted_before(self: Pipeline) -> None:
        shutil.rmtree(tmp_path / "data")
        await start(self)

    monkeypatch.setattr(Pipeline, "start", deleted_before)
    done = run("up", posts, "--once", "--watches", watches)
    assert done.exit_code == 1, done.stderr
    assert "在使用中被删除、移走或换掉了" in done.stderr
