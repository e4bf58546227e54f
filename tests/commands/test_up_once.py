"""``fengsheng up --once`` on the real embedded stack: what can't be read is kept before the run ends."""

from __future__ import annotations

import json
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
