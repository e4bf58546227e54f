"""``fengsheng up --once`` on the real embedded stack: what can't be read is kept before the run ends."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Run

CSV = "标题,内容\n投诉,奶茶里有虫子\n".encode()
POST = {"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": 1_760_000_000}


@pytest.fixture
def watches(tmp_path: Path) -> Path:
    path = tmp_path / "watches.yaml"
    path.write_text("watches:\n  - {id: tea, name: 青山茶饮, any: [青山茶饮]}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (CSV, ["not_json"] * 2),
        ("青山茶饮\n".encode("utf-16"), ["not_utf8", "nul_bytes"]),
        # Read by the feed, refused by a stage: such a letter came later still.
        (json.dumps(POST | {"text": "茶" * 60_000}).encode() + b"\n", ["text_too_long"]),
        (json.dumps(POST).encode() + b"\n" + CSV, ["not_json"] * 2),
    ],
    ids=["csv", "utf-16", "refused by a stage", "behind a good row"],
)
def test_what_can_not_be_read_is_in_the_dead_letters(
    run: Run, watches: Path, tmp_path: Path, content: bytes, codes: list[str]
) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_bytes(content)
    done = run("up", source, "--once", "--watches", watches)
    assert done.exit_code == 0, done.stderr
    assert f"{len(codes)} 死信 dead letters" in done.stderr
    letters = [json.loads(line) for line in run("dead", "--json").stdout.splitlines()]
    assert sorted(letter["code"] for letter in letters) == sorted(codes)


def test_a_folder_without_any_file_that_is_read_is_told_of(run: Run, watches: Path, tmp_path: Path) -> None:
    folder = tmp_path / "crawled"
    folder.mkdir()
    (folder / "rows.csv").write_bytes(CSV)
    done = run("up", folder, "--once", "--watches", watches)
    assert done.exit_code == 0, done.stderr
    assert "没有能读的文件" in done.stderr


ANGRY = (
    "青山茶饮里喝出虫子，太恶心了", "青山茶饮退钱！", "再也不买青山茶饮了，垃圾", "青山茶饮这是什么态度，气死我了",
    "青山茶饮还我血汗钱", "青山茶饮的客服骂人，真无耻", "喝了青山茶饮拉了一天肚子，投诉", "青山茶饮过期原料还敢卖，黑心",
    "抵制青山茶饮", "青山茶饮骗子公司", "青山茶饮滚出中国", "举报青山茶饮，没人管吗", "青山茶饮太让人失望愤怒",
    "孩子喝青山茶饮吐了，谁负责", "青山茶饮涨价还缩水，坑人", "呸，恶心的青山茶饮",
)  # fmt: skip


@pytest.fixture
def crisis(tmp_path: Path) -> Path:
    path = tmp_path / "crisis.jsonl"
    rows = [
        POST | {"id": f"{n}", "text": f"{text}{'！' * (n % 3)}", "created_at": 1_760_000_000 + 8 * n, "author": {"id": f"a{n}"}}
        for n, text in enumerate(ANGRY * 2)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_the_last_posts_set_off_is_told_before_the_run_ends(
    run: Run, watches: Path, crisis: Path
) -> None:
    done = run("up", crisis, "--once", "--watches", watches)
    assert done.exit_code == 0, done.stderr
    assert "1 个事件 incidents" in done.stderr
    assert "本轮首条负面" in done.stderr


def test_what_an_earlier_run_was_ended_before_telling_is_told_by_the_next(
    run: Run, watches: Path, crisis: Path, tmp_path: Path
) -> None:
    first = run("up", crisis, "--once", "--watches", watches)
    assert "本轮首条负面" in first.stderr
    [index] = tmp_path.rglob("*.sqlite")
    with closing(sqlite3.connect(index)) as database:
        database.execute("DELETE FROM notifications")
        database.commit()
    again = run("up", crisis, "--once", "--watches", watches)
    assert again.exit_code == 0, again.stderr
    assert "本轮首条负面" in again.stderr
    assert "本轮首条负面" not in run("up", crisis, "--once", "--watches", watches).stderr
