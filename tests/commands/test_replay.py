"""``fengsheng replay`` on the real embedded stack: what it refuses, keeps and reports, and whom it stands aside for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from config.records import DeadLetter, Mention, decode
from config.settings import KafkaSettings, PipelineSettings
from fengsheng import kafka_sinks
from fengsheng.commands import demo
from fengsheng.scenario import END, load
from streams.broker import EmbeddedBroker
from streams.decoding import check_mention
from streams.feeds.store import CursorStore
from tests.commands.conftest import Run
from tests.commands.test_up_once import ANGRY

DAY = 86_400
POST = {"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": 1_760_000_000}
KEY = "a key for the tests"


@pytest.fixture
def watches(tmp_path: Path) -> Path:
    path = tmp_path / "watches.yaml"
    path.write_text("watches:\n  - {id: tea, name: 青山茶饮, any: [青山茶饮]}\n", encoding="utf-8")
    return path


def crisis(begin: float) -> list[dict[str, Any]]:
    return [
        POST | {"id": f"{begin:.0f}-{n}", "text": f"{text}{'！' * (n % 3)}", "created_at": begin + 8 * n, "author": {"id": f"a{n}"}}
        for n, text in enumerate(ANGRY * 2)
    ]  # fmt: skip


def ordinary(begin: float, count: int = 5) -> list[dict[str, Any]]:
    return [POST | {"id": f"o{begin:.0f}-{n}", "created_at": begin + 600 * n} for n in range(count)]


def written(path: Path, rows: Iterable[dict[str, Any] | str]) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def letters(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("dead", "--json").stdout.splitlines()]


def replayed(run: Run, file: Path, watches: Path) -> tuple[dict[str, Any], str]:
    done = run("replay", file, "--watches", watches)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_post_of_next_year_is_refused_and_makes_no_later_crisis_late(
    run: Run, watches: Path, tmp_path: Path
) -> None:
    now = time.time()
    rows = [*ordinary(now - 3_600), POST | {"id": "future", "created_at": now + 40 * DAY}]
    report, told = replayed(run, written(tmp_path / "old.jsonl", rows), watches)
    assert (report["posts"], report["dead"], report["watches"]["tea"]["posts"]) == (5, 1, 5)
    assert "不收 1 条 refused created_at 1" in told
    [letter] = letters(run)
    assert letter["code"] == "created_at"
    assert letter["reason"].startswith(f"{tmp_path / 'old.jsonl'}:6: created_at")
    live = run("up", written(tmp_path / "live.jsonl", crisis(now - 900)), "--once", "--watches", watches)
    assert "1 个事件 incidents" in live.stderr


def test_nobody_waits_for_a_post_of_next_year_at_the_pace_of_the_dump(
    run: Run, watches: Path, tmp_path: Path
) -> None:
    rows = [POST, POST | {"id": "future", "created_at": time.time() + 400 * DAY}]
    done = run("replay", written(tmp_path / "old.jsonl", rows), "--speed", 1, "--watches", watches)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["posts"] == 1


@pytest.mark.parametrize("readable", [True, False])
def test_lines_that_can_not_be_read_are_in_the_dead_letters_without_their_author(
    run: Run, watches: Path, tmp_path: Path, readable: bool
) -> None:
    nameless = '{"id": "7", "author": {"id": "77", "name": "张三"}, "text": "青山茶饮", "created_at": "昨天"}'
    file = written(tmp_path / "rows.jsonl", ["标题,内容", nameless, *([POST] if readable else [])])
    done = run("replay", file, "--watches", watches)
    assert done.exit_code == (0 if readable else 1)
    assert ("没有可用的帖子" in done.stderr) is not readable
    assert f"2 条死信，可以查看: fengsheng dead --data {tmp_path / 'data'}" in done.stderr
    found = {letter["code"]: letter for letter in letters(run)}
    assert found.keys() == {"not_json", "bad_time"}
    assert found["not_json"]["reason"].startswith(f"{file}:1: ")
    assert found["bad_time"]["reason"].startswith(f"{file}:2: ")
    assert "青山茶饮" in found["bad_time"]["payload"]
    assert "张三" not in found["bad_time"]["payload"]


def test_the_report_is_of_this_run_and_what_lay_there_before_is_told(
    run: Run, watches: Path, tmp_path: Path
) -> None:
    report, told = replayed(run, written(tmp_path / "a.jsonl", crisis(1_760_000_000)), watches)
    found = report["watches"]["tea"]
    assert (report["posts"], report["held_before"], found["posts"]) == (32, 0, 32)
    assert (len(found["incidents"]), found["pages"]) == (1, 1)
    assert "里已有" not in told
    report, told = replayed(run, written(tmp_path / "b.jsonl", ordinary(1_770_000_000)), watches)
    found = report["watches"]["tea"]
    assert (report["posts"], report["held_before"], found["posts"]) == (5, 32, 5)
    assert found["days"] == round(4 * 600 / DAY, 3)
    assert found["pages"] == 0
    assert "里已有 32 条帖子" in told


def test_an_incident_that_goes_on_is_said_to_and_its_pages_are_counted_once(
    run: Run, watches: Path, tmp_path: Path
) -> None:
    rows = crisis(1_760_000_000)
    report, told = replayed(run, written(tmp_path / "a.jsonl", rows), watches)
    [begun] = report["watches"]["tea"]["incidents"]
    assert begun["pages"] == 1
    assert begun["resolved_at"] is None
    assert "continued" not in begun
    # An hour later all is calm, and a day later nothing is left to be told.
    report, told = replayed(run, written(tmp_path / "b.jsonl", ordinary(1_760_003_600, 20)), watches)
    [ended] = report["watches"]["tea"]["incidents"]
    assert ended["started_at"] == begun["started_at"]
    assert ended["resolved_at"] is not None
    assert ended["continued"] is True
    assert ended["pages"] == 0
    assert "有 1 个事件在这次之前就已开始" in told
    report, told = replayed(run, written(tmp_path / "c.jsonl", ordinary(1_760_090_000)), watches)
    assert report["watches"]["tea"]["incidents"] == []
    assert "之前就已开始" not in told


@pytest.mark.parametrize("command", ["replay", "demo"])
def test_one_at_a_time_works_in_a_data_folder(run: Run, watches: Path, tmp_path: Path, command: str) -> None:
    file = written(tmp_path / "a.jsonl", [POST])
    words = {
        "replay": ["replay", file, "--watches", watches],
        "demo": ["demo", "--once", "--keep", tmp_path / "data"],
    }
    with CursorStore(tmp_path / "data" / "feed-cursors.json"):  # as `up` does while it runs
        done = run(*words[command])
    assert done.exit_code == 1
    assert "正被另一个 feed、up 或 replay 使用" in done.stderr
    assert not (tmp_path / "data" / "index.sqlite").exists()


def test_into_kafka_no_post_of_next_year_is_sent_and_dead_letters_are(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The embedded broker has no administration; its topics are there.
    monkeypatch.setattr(kafka_sinks, "existing", lambda settings: dict.fromkeys(settings.topics, 1))
    rows: list[dict[str, Any] | str] = [
        POST,
        POST | {"id": "future", "created_at": time.time() + 400 * DAY},
        "标题,内容",
    ]
    file = written(tmp_path / "rows.jsonl", rows)
    broker = EmbeddedBroker(dict.fromkeys(KafkaSettings().topics, 1))
    broker.start()  # it works in threads of its own, whatever loops come and go
    try:
        done = run(
            "replay", file, FENGSHENG_KAFKA__BOOTSTRAP=broker.bootstrap, FENGSHENG_PRIVACY__PSEUDONYM_KEY=KEY
        )
        assert done.exit_code == 0, done.stderr
        assert "1 条已送入" in done.stderr
        raw = asyncio.run(_everything(broker.bootstrap, "mentions.raw"))
        dead = asyncio.run(_everything(broker.bootstrap, "mentions.dead"))
    finally:
        broker.close()
    assert [decode(value, Mention).id for value in raw] == ["1"]
    told = {
        (letter.code, letter.reason.split(": ")[0])
        for value in dead
        for letter in [decode(value, DeadLetter)]
    }
    assert told == {("created_at", f"{file}:2"), ("not_json", f"{file}:3")}


async def _everything(bootstrap: str, topic: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        [end] = (await consumer.end_offsets(consumer.assignment())).values()
        return [(await asyncio.wait_for(consumer.getone(), 20)).value or b"" for _ in range(end)]
    finally:
        await consumer.stop()


def test_the_demo_plays_where_the_clock_is_behind_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "time", SimpleNamespace(time=lambda: END - 400 * DAY))
    now, limits = demo._clock(), PipelineSettings()
    assert [mention.id for mention in load() if check_mention(mention, limits, now)] == []
