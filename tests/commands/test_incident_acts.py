"""``fengsheng incidents ack|resolve|false-alarm|silence|silences|unsilence`` on an embedded index."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerting.message.labels import INTENTS, LEVELS
from config.records import Act, ActKind, AuditEntry, IncidentState, Level, Silence, decode
from models.labels import LABEL_ZH
from streams.index.sqlite import SqliteIndex
from tests.alerting.sample_incident import FIRED, RESOLVED
from tests.commands.conftest import Run
from tests.commands.test_incidents import OPEN, with_index


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with_index(folder, lambda index: index.write_incidents([RESOLVED, OPEN]))
    return folder


def acts(data: Path) -> list[Act]:
    found: list[Act] = []

    async def read(index: SqliteIndex) -> None:
        found.extend(await index.acts())

    with_index(data, read)
    return found


def silences(run: Run, *words: str) -> list[Silence]:
    done = run("incidents", "silences", "--json", *words)
    return [decode(line, Silence) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("command", "kind"),
    [("ack", ActKind.ACKNOWLEDGE), ("resolve", ActKind.RESOLVE), ("false-alarm", ActKind.FALSE_ALARM)],
)
def test_an_act_is_kept_for_the_worker(run: Run, data: Path, command: str, kind: ActKind) -> None:
    done = run("incidents", command, OPEN.id, "--by", "@lead", "--why", "看过了", "--wait", 0)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "已记录" in done.stderr
    [act] = acts(data)
    assert (act.kind, act.incident_id, act.watch, act.by, act.why) == (
        kind, OPEN.id, OPEN.watch, "@lead", "看过了",
    )  # fmt: skip


def test_the_same_command_again_is_the_same_act(run: Run, data: Path) -> None:
    for _ in range(2):
        assert run("incidents", "ack", OPEN.id, "--wait", 0).exit_code == 0
    [act] = acts(data)
    assert act.by == getpass.getuser()


def test_it_waits_until_a_worker_has_applied_it(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alerting.acts import applied
    from fengsheng.commands import incident_acts

    real = asyncio.sleep

    async def work(seconds: float) -> None:
        index = SqliteIndex(data / "index.sqlite")
        await index.open()
        for act in await index.acts():
            changed = applied(OPEN, act, OPEN.updated_at)
            assert changed is not None
            await index.write_incidents([changed])
        await index.close()
        await real(0)

    monkeypatch.setattr(incident_acts.asyncio, "sleep", work)
    done = run("incidents", "ack", OPEN.id, "--wait", 60)
    assert (done.exit_code, "已生效" in done.stderr) == (0, True)
    again = run("incidents", "ack", OPEN.id, "--wait", 0)
    assert (again.exit_code, "已确认过" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ack", "nosuch"], "'nosuch'"),
        (["ack", RESOLVED.id], "事件已结束"),
        (["resolve", RESOLVED.id], "事件已结束"),
        (["false-alarm", OPEN.id, "--undo"], "未被标记为误报"),
        (["silence", "nosuch"], "'nosuch'"),
        (
            ["silence", "--watch", "nosuch"],
            "没有监测对象 'nosuch'；已知的有：qingshan-tea, tea-and-sugar, yunling, yunling-tea",
        ),
        (["unsilence", "nosuch"], "'nosuch'"),
    ],
)
def test_what_can_not_be_done_is_told(run: Run, data: Path, words: list[str], told: str) -> None:
    done = run("incidents", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert told in done.stderr
    assert acts(data) == []


@pytest.mark.parametrize(
    "words",
    [[], ["--watch", "qingshan-tea", "--for", "soon"], ["--keyword", "x", "--for", "0h"],
     ["--keyword", "x", "--from", "tomorrow"], ["--level", "V"], ["--intent", "nope"]],
)  # fmt: skip
def test_a_silence_that_makes_no_sense_is_wrong_usage(run: Run, words: list[str]) -> None:
    assert run("incidents", "silence", *words).exit_code == 2
    assert silences(run) == []


@pytest.mark.parametrize(
    ("option", "named", "meant"),
    [("--intent", zh, label) for label, zh in INTENTS.items()]
    + [("--intent", zh, label) for label, zh in LABEL_ZH["intent"].items()]
    + [("--intent", "complaint", "complaint")]
    + [("--level", shown["zh"], level) for level, shown in LEVELS.items()]
    + [("--level", shown["zh"][:2], level) for level, shown in LEVELS.items()]
    + [("--level", numeral, Level(str(level))) for numeral, level in zip("ⅠⅡⅢⅣ", LEVELS, strict=True)]
    + [
        ("--level", "III", "III"),
        ("--level", "iv", "IV"),
        ("--level", "3级", "III"),
        ("--level", "黄", "III"),
    ],
)
def test_levels_and_intents_may_be_named_as_pages_name_them(
    run: Run, option: str, named: str, meant: str
) -> None:
    assert run("incidents", "silence", option, named).exit_code == 0
    [made] = silences(run)
    assert [*made.levels, *([made.intent] if made.intent else [])] == [meant]


@pytest.mark.parametrize("named", ["V", "Ⅴ级", "", "Ⅲ级（红）", "0"])
def test_a_level_that_there_is_not_is_told_with_those_that_there_are(run: Run, named: str) -> None:
    done = run("incidents", "silence", "--level", named, "--keyword", "x")
    assert done.exit_code == 2
    assert "没有这个级别" in done.stderr
    assert "III Ⅲ级" in done.stderr


def test_a_silence_is_made_listed_and_ended(run: Run) -> None:
    done = run(
        "incidents", "silence", "--watch", "qingshan-tea", "--level", "IV", "--level", "III", "--keyword", "排队",
        "--from", "2099-12-01 22:00", "--for", "90m", "--why", "新品 [发布]", "--by", "@lead",
    )  # fmt: skip
    assert done.exit_code == 0
    [made] = silences(run)
    assert done.stdout == made.id + "\n"
    assert (made.ends_at - made.starts_at, made.author, made.levels) == (5400.0, "@lead", ["IV", "III"])
    table = run("incidents", "silences").stdout
    for part in (made.id, "qingshan-tea", "2099-12-01 22:00", "新品 [发布]", "@lead"):
        assert part in table
    assert run("incidents", "unsilence", made.id, "--by", "@other").exit_code == 0
    assert silences(run) == []
    [ended] = silences(run, "--all")
    assert "@other" in ended.reason
    assert "没有静默" in run("incidents", "silences").stdout


def test_a_watch_of_another_file_can_be_silenced(run: Run, tmp_path: Path) -> None:
    """`fengsheng up --watches FILE` runs watches that the folder does not describe."""
    (tmp_path / "mine.yaml").write_text("watches:\n  - {id: mine, name: 我, any: [我]}\n", encoding="utf-8")
    refused = run("incidents", "silence", "--watch", "mine")
    assert (refused.exit_code, silences(run)) == (1, [])
    assert "-w/--watches" in refused.stderr
    assert run("incidents", "silence", "--watch", "mine", "-w", tmp_path / "mine.yaml").exit_code == 0
    assert [one.watches for one in silences(run)] == [["mine"]]


def test_a_watch_that_only_the_index_knows_can_be_silenced_and_listed(run: Run) -> None:
    """OPEN is of the watch `yunling`, which no file describes."""
    assert run("incidents", "silence", "--watch", OPEN.watch).exit_code == 0
    assert [one.watches for one in silences(run)] == [[OPEN.watch]]
    listed = run("incidents", "list", "--watch", OPEN.watch, "--json")
    assert OPEN.id in listed.stdout


def test_a_watch_with_signals_alone_can_be_silenced(run: Run, data: Path) -> None:
    quiet = replace(OPEN.signal, watch="only-signals")
    with_index(data, lambda index: index.write_signals([quiet]))
    assert run("incidents", "silence", "--watch", "only-signals").exit_code == 0


def test_no_silence_is_made_where_no_index_is(run: Run, tmp_path: Path) -> None:
    """A silence in a folder that nobody reads would be believed."""
    elsewhere = tmp_path / "elsewhere"
    done = run("incidents", "silence", "--watch", "qingshan-tea", "--data", elsewhere)
    assert done.exit_code == 1
    assert "--data" in done.stderr
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "在读旧数据"),
        (["--from", "2025-10-09 17:00"], None),
        (["--from", "2020-01-01"], "已经过去"),
    ],
)
def test_a_silence_that_the_posts_will_not_meet_is_doubted(
    run: Run, data: Path, words: list[str], told: str | None
) -> None:
    """Silences go by event time: one from now on mutes nothing of an old dump that is being read."""
    with_index(data, lambda index: index.write_signals([OPEN.signal]))
    done = run("incidents", "silence", "--watch", OPEN.signal.watch, *words)
    assert done.exit_code == 0
    assert ("注意" in done.stderr) == (told is not None)
    assert told is None or told in done.stderr


def test_one_incident_can_be_silenced(run: Run) -> None:
    assert run("incidents", "silence", OPEN.id, "--for", "1d").exit_code == 0
    [made] = silences(run)
    assert (made.incident_id, made.watches) == (OPEN.id, [])
    assert FIRED.id != OPEN.id


def test_list_and_show_tell_what_people_did(run: Run, data: Path) -> None:
    entry = AuditEntry(
        at=OPEN.updated_at, who="@lead", change="false_alarm", why="抽奖", level=Level.II, level_before=Level.II,
        state=IncidentState.RESOLVED, state_before=IncidentState.FIRING, act="a",
    )  # fmt: skip
    wrong = replace(OPEN, state=IncidentState.RESOLVED, false_alarm=True, sequence=9, audit=[entry])
    quiet = replace(OPEN, id="other", muted="silence", acknowledged_by="@[x]")
    with_index(data, lambda index: index.write_incidents([wrong, quiet]))
    listed = run("incidents", "list").stdout
    for part in ("误报", "静默", "已确认 @[x]"):
        assert part in listed
    shown = run("incidents", "show", OPEN.id).stdout
    for part in ("进行中 → 已结束", "@lead", "false_alarm", "抽奖"):
        assert part in shown
