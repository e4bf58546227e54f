"""``fengsheng up`` on a folder that a crawler is filling, killed and started again half-way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from config.records import Kind, MatchReason, ScoredMention
from config.settings import RetentionSettings
from streams.index.sqlite import SqliteIndex

WATCHES = "watches:\n  - {id: tea, name: 青山茶饮, any: [青山茶饮]}\n"
NOW = 1_760_670_000
"""Epoch seconds of the first post: years back or not makes no difference."""


def weibo_note(number: int, at: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "note_id": str(number), "content": text, "create_time": at, "create_date_time": "2025-10-17 11:00:00+08:00",
        "liked_count": "12", "comments_count": "3", "shared_count": "1.2万", "last_modify_ts": at * 1000 + 5,
        "note_url": f"https://m.weibo.cn/detail/{number}", "source_keyword": "青山茶饮", **more,
    }  # fmt: skip


def weibo_comment(number: int, note: int, at: int, text: str, parent: object, **more: Any) -> dict[str, Any]:
    return {
        "comment_id": str(number), "note_id": str(note), "create_time": at, "content": text, "sub_comment_count": "0",
        "create_date_time": "2025-10-17 11:00:00+08:00", "comment_like_count": "2", "last_modify_ts": at * 1000,
        "parent_comment_id": parent, **more,
    }  # fmt: skip


def bili_video(number: int, at: int, title: str, desc: str, **more: Any) -> dict[str, Any]:
    return {
        "video_id": str(number), "video_type": "video", "title": title, "desc": desc, "create_time": at,
        "liked_count": "5", "video_play_count": "10万+", "video_comment": "None", "last_modify_ts": at * 1000,
        "video_url": f"https://www.bilibili.com/video/av{number}", "source_keyword": "青山茶饮", **more,
    }  # fmt: skip


def bili_comment(number: int, video: int, at: int, text: str, parent: str, **more: Any) -> dict[str, Any]:
    return {
        "comment_id": str(number), "video_id": str(video), "create_time": at, "content": text, "like_count": 1,
        "parent_comment_id": parent, "sub_comment_count": "0", "last_modify_ts": at * 1000, **more,
    }  # fmt: skip


NEW = {"creator_hash": "0123456789abcdef", "nickname": "张**"}
OLD = {"user_id": "42", "nickname": "小张"}
FILES: dict[str, list[dict[str, Any]]] = {
    # A comment's file may be read before that of the post it stands under.
    "weibo/jsonl/search_comments_2025-10-17.jsonl": [
        weibo_comment(
            900 + n,
            1 + n % 3,
            NOW + 60 + n,
            f"太恶心了吧第{n}次",
            [0, "0", "", None][n % 4],
            **[OLD, NEW][n % 2],
        )
        for n in range(40)
    ],
    "weibo/jsonl/search_contents_2025-10-17.jsonl": [
        weibo_note(1, NOW, "青山茶饮喝出虫子，恶心", **OLD),
        weibo_note(2, NOW + 5, "今天天气不错", **NEW),
        weibo_note(3, NOW + 9, "青山茶饮门店排队两小时", **NEW),
    ],
    "bili/jsonl/search_contents_2025-10-17.jsonl": [
        bili_video(70, NOW + 100, "青山茶饮测评", "买了十杯", user_id=42, nickname="小王"),
        bili_video(71, NOW + 110, "猫猫", "睡觉", **NEW),
    ],
    "bili/jsonl/search_comments_2025-10-17.jsonl": [
        bili_comment(800 + n, 70 + n % 2, NOW + 120 + n, f"哈哈哈哈第{n}条", "0" if n < 4 else "800", **NEW)
        for n in range(20)
    ],
    "weibo/jsonl/creator_creators_2025-10-17.jsonl": [
        {
            "user_id": "42",
            "nickname": "小张",
            "gender": "男",
            "fans": "1.5万",
            "follows": "10",
            "last_modify_ts": NOW * 1000,
        }
    ],
}
TOTAL = 65


class Program:
    """`fengsheng up` as its own process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = folder / "config"
        self._config.mkdir()
        (self._config / "watches.yaml").write_text(WATCHES, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [
            "up",
            str(self._folder / "crawl"),
            "--config",
            str(self._config),
            "--data",
            str(self._folder / "data"),
        ]
        with (self._folder / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fengsheng", *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"},
            )  # fmt: skip

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)

    def said(self) -> str:
        return (self._folder / "up.log").read_text(errors="replace")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


def stored(data: Path) -> int:
    """Count the mentions in the index beside the running program."""
    path = data / "index.sqlite"
    if not path.exists():
        return 0
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM mentions").fetchone()
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.rollback()
    connection.close()
    return int(count)


async def reached(program: Program, data: Path, least: int) -> None:
    end = time.monotonic() + 120
    while stored(data) < least:
        assert program.alive(), program.said()
        assert time.monotonic() < end, f"{stored(data)} of {least} mentions\n{program.said()}"
        await asyncio.sleep(0.2)


def append(path: Path, rows: list[dict[str, Any]], half_last: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with path.open("a", encoding="utf-8") as file:
        file.write(text[: -len(text) // 5] if half_last else text)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_growing_crawl_killed_half_way_is_in_the_index_once(tmp_path: Path) -> None:
    crawl, data = tmp_path / "crawl", tmp_path / "data"
    crawl.mkdir()
    program = Program(tmp_path)
    program.start()
    try:
        comments = crawl / "weibo/jsonl/search_comments_2025-10-17.jsonl"
        rows = FILES["weibo/jsonl/search_comments_2025-10-17.jsonl"]
        append(comments, rows[:25])
        await reached(program, data, 25)
        assert program.end(signal.SIGKILL) == -signal.SIGKILL
        append(comments, rows[25:])
        program.start()
        await reached(program, data, 40)
        for name, others in FILES.items():
            if name != "weibo/jsonl/search_comments_2025-10-17.jsonl":
                append(crawl / name, others)
        await reached(program, data, TOTAL)
        assert program.end(signal.SIGTERM) == 0, program.said()
    finally:
        if program.alive():
            program.end(signal.SIGKILL)
    await judge(data)


async def judge(data: Path) -> None:
    index = SqliteIndex(data / "index.sqlite", RetentionSettings())
    await index.open()
    try:
        assert (await index.counts())["mentions"] == TOTAL
        everything = {m.mention_id: m for m in await index.search(None, limit=1000)}
        assert len(everything) == TOTAL
        first = everything["weibo:1"]
        assert (first.created_at, first.kind, first.likes, first.reposts) == (NOW, Kind.POST, 12, 12_000)
        assert [m.reason for m in first.matches] == [MatchReason.KEYWORD]
        assert everything["weibo:2"].matches == []
        comments = [m for m in everything.values() if m.platform == "weibo" and m.kind is Kind.COMMENT]
        assert len(comments) == 40
        for comment in comments:
            number = int(comment.mention_id.rsplit(":", 1)[1]) - 900
            assert comment.created_at == NOW + 60 + number
            root = f"weibo:{1 + number % 3}"
            assert (comment.thread_id, comment.parent_id) == (root, root)
            assert comment.watches == ([] if root == "weibo:2" else ["tea"])
            assert comment.author_id is not None
            assert comment.author_id.startswith("p-")
            assert comment.author_id != "42"
        below = _of(everything, "bili", Kind.COMMENT)
        assert {m.thread_id for m in below} == {"bili:70", "bili:71"}
        assert all(m.watches == (["tea"] if m.thread_id == "bili:70" else []) for m in below)
        assert (await index.counts())["authors"] >= 1
    finally:
        await index.close()


def _of(everything: dict[str, ScoredMention], platform: str, kind: Kind) -> list[ScoredMention]:
    return [m for m in everything.values() if m.platform == platform and m.kind is kind]
