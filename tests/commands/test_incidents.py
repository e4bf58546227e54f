"""``fengsheng incidents`` and ``fengsheng retention`` on an embedded index that holds something."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from alerting.senders.terminal import TERMINAL
from config.records import (
    DeadLetter,
    Incident,
    Level,
    Notification,
    NotificationState,
    Transition,
    decode,
    encode,
)
from config.settings import RetentionSettings
from streams.index.sqlite import SqliteIndex
from tests.alerting.sample_incident import FIRED, RESOLVED, START
from tests.commands.conftest import Run
from tests.streams.index.records import mention

OPEN = msgspec.structs.replace(FIRED, id="yunling-1", watch="yunling", watch_name="云岭 [bold]茶铺", started_at=START + 9)  # fmt: skip
PAGE = Notification(
    key="key-1", incident_id=RESOLVED.id, receiver="pr-team", state=NotificationState.SENT, at=START + 3,
    watch=RESOLVED.watch, transition=Transition.FIRED, page=True,
)  # fmt: skip


def with_index(data: Path, do: Callable[[SqliteIndex], Awaitable[object]]) -> None:
    async def work() -> None:
        index = SqliteIndex(data / "index.sqlite", RetentionSettings())
        await index.open()
        try:
            await index.setup()
            await do(index)
        finally:
            await index.close()

    data.mkdir(parents=True, exist_ok=True)
    asyncio.run(work())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"

    async def fill(index: SqliteIndex) -> None:
        await index.write_incidents([RESOLVED, OPEN])
        await index.save_notification(PAGE)

    with_index(folder, fill)
    return folder


def test_the_folder_can_be_named(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENGSHENG_DATA")
    done = run("incidents", "list", "--json", "--data", data)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 2)


@pytest.mark.usefixtures("data")
def test_an_unknown_incident_is_told(run: Run) -> None:
    done = run("incidents", "show", "nosuch")
    assert done.exit_code == 1
    assert "'nosuch'" in done.stderr
    assert "fengsheng incidents list" in done.stderr


@pytest.mark.usefixtures("data")
def test_ids_and_times_are_whole_on_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from fengsheng import output

    monkeypatch.setattr(output.out, "_width", 80)
    assert RESOLVED.id in run("incidents", "list").stdout


def test_dead_letters_are_listed(run: Run, tmp_path: Path) -> None:
    letter = DeadLetter(
        code="broken_json", reason="not JSON: [oops]", stage="enrich", at=START, topic="mentions.raw", partition=2,
        offset=7, size=3, payload="{{{",
    )  # fmt: skip
    with_index(tmp_path / "data", lambda index: index.write_dead([letter]))
    shown = run("dead").stdout
    assert "不是 JSON（[oops]）" in shown
    assert "not JSON: [oops]" in run("dead", FENGSHENG_LANGUAGE="en").stdout
    assert "mentions.raw 2:7" in shown
    assert decode(run("dead", "--json").stdout.encode(), DeadLetter) == letter


@pytest.mark.usefixtures("data")
def test_list_as_json_gives_the_records_latest_first(run: Run) -> None:
    done = run("incidents", "list", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [decode(line.encode(), Incident) for line in done.stdout.splitlines()] == [OPEN, RESOLVED]


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("words", "ids"),
    [([], {OPEN.id, RESOLVED.id}), (["--open"], {OPEN.id}), (["--watch", RESOLVED.watch], {RESOLVED.id}),
     (["--watch", "tea-and-sugar"], set())],
)  # fmt: skip
def test_list_shows_a_table_of_those_asked_for(run: Run, words: list[str], ids: set[str]) -> None:
    done = run("incidents", "list", *words)
    assert done.exit_code == 0
    assert {i for i in (OPEN.id, RESOLVED.id) if i in done.stdout} == ids
    assert ("没有事件" in done.stdout) == (not ids)
    assert ("云岭 [bold]茶铺" in done.stdout) == (OPEN.id in ids)  # a name is no mark-up


@pytest.mark.usefixtures("data")
def test_list_of_an_unknown_watch_says_which_there_are(run: Run) -> None:
    done = run("incidents", "list", "--watch", "nosuch")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "没有监测对象 'nosuch'" in done.stderr
    assert OPEN.watch in done.stderr


@pytest.mark.usefixtures("data")
def test_show_gives_message_audit_and_who_was_told(run: Run) -> None:
    done = run("incidents", "show", RESOLVED.id)
    assert (done.exit_code, done.stderr) == (0, "")
    for part in (RESOLVED.watch_name, "经过 audit trail", "通知 notifications", "pr-team", "sent"):
        assert part in done.stdout
    body = json.loads(run("incidents", "show", RESOLVED.id, "--json").stdout)
    assert body.pop("notifications") == [json.loads(encode(PAGE))]
    assert body == json.loads(encode(RESOLVED))


def test_show_gives_the_end_and_the_peak_of_what_is_over(run: Run, data: Path) -> None:
    calm = msgspec.structs.replace(
        RESOLVED.signal, at=START + 3700, velocity=0.4, factor=0.3, evidence_negative=1
    )
    over = msgspec.structs.replace(RESOLVED, level=Level.IV, peak_level=Level.II, signal=calm, sequence=99)
    worst = msgspec.structs.replace(
        RESOLVED.signal, at=START + 600, velocity=48.6, factor=40.4, evidence_negative=77
    )
    other = msgspec.structs.replace(worst, at=START + 9000, velocity=99.0)  # after its end

    async def fill(index: SqliteIndex) -> None:
        await index.write_incidents([over])
        await index.write_signals([worst, calm, other])

    with_index(data, fill)
    shown = run("incidents", "show", over.id).stdout.splitlines()
    (end,) = [line for line in shown if line.startswith("结束时：")]
    (peak,) = [line for line in shown if line.startswith("最高：")]
    assert end.startswith("结束时：Ⅳ级（蓝） · 已结束 · 负面声速 0.4/分钟")
    assert peak.startswith("最高：Ⅱ级（橙） · 负面声速 48.6/分钟（预期 1.2，40 倍），负面 77 条")


def test_a_receiver_without_its_secret_is_not_said_to_have_been_told(run: Run, data: Path) -> None:
    printed = msgspec.structs.replace(PAGE, key="key-2", receiver="hook", channel=TERMINAL)

    async def fill(index: SqliteIndex) -> None:
        await index.write_incidents([RESOLVED])
        for told in (PAGE, printed):
            await index.save_notification(told)

    with_index(data, fill)
    shown = run("incidents", "show", RESOLVED.id).stdout.splitlines()
    (told,) = [line for line in shown if "pr-team" in line and "sent" in line]
    (stood_in,) = [line for line in shown if "hook" in line]
    assert "终端" not in told
    assert "sent · 只在终端" in stood_in


def test_retention_names_what_it_would_drop_and_drops_it_only_without_dry_run(
    run: Run, tmp_path: Path
) -> None:
    now = time.time()
    kept = mention(1, at=now - 3600)
    old = mention(2, at=now - 86_400 * (RetentionSettings().mentions_days + 70))

    async def fill(index: SqliteIndex) -> None:
        assert await index.write_mentions([kept, old]) == []

    async def holds(expected: int) -> None:
        async def look(index: SqliteIndex) -> None:
            assert (await index.counts())["mentions"] == expected

        await asyncio.to_thread(with_index, tmp_path / "data", look)

    with_index(tmp_path / "data", fill)
    month = time.strftime("%Y", time.gmtime(old.created_at))
    dry = run("retention", "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "")
    assert dry.stdout.startswith("mentions-" + month)
    assert len(dry.stdout.splitlines()) == 1
    asyncio.run(holds(2))
    assert run("retention").stdout == dry.stdout
    asyncio.run(holds(1))
    again = run("retention")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "nothing has expired" in again.stderr
