"""``fengsheng rules check``: rules in words, and tried on what the index holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.records import Transition
from fengsheng.times import when
from streams.index.sqlite import SqliteIndex
from tests.alerting.timeline import WATCH, Story, detector, incidents, play, signals
from tests.commands.conftest import Run
from tests.commands.test_incidents import with_index

OUTPUTS = play(detector(), Story(1).ordinary(3).crisis(plateau=10).mentions)
WATCHES = "watches:\n- {id: qingshan-tea, name: 青山茶饮, any: [青山茶饮], override: {window: 120, levels: {IV: {z: 4}}}}\n"
CHECK = ("rules", "check")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    async def fill(index: SqliteIndex) -> None:
        await index.write_signals(signals(OUTPUTS))

    with_index(tmp_path / "data", fill)
    return tmp_path / "data"


def test_every_level_of_every_watch_is_told_in_words(run: Run) -> None:
    done = run(*CHECK)
    assert done.exit_code == 0
    assert "青山茶饮 qingshan-tea · 规则 default" in done.stdout
    assert (
        "Ⅳ级：负面条数 ≥ 6，负面作者 ≥ 6，不同的负面文本 ≥ 6，文本雷同占比 ≤ 50%，负面声量/分 ≥ 0.4，且（（负面声量/分 ≥ 1.5，"
        in done.stdout
    )
    assert (
        "Ⅱ级：负面条数 ≥ 100，负面作者 ≥ 60，负面声量/分 ≥ 25，负面占比 ≥ 40%，倍数 ≥ 12，且 z ≥ 8"
        in done.stdout
    )
    assert "nothing to try the rules on" in done.stderr


def test_english_is_selectable(run: Run) -> None:
    for done in (run(*CHECK, "--language", "en"), run(*CHECK, FENGSHENG_LANGUAGE="en")):
        assert (
            "level II: negative mentions ≥ 100, negative authors ≥ 60, negative mass/min ≥ 25" in done.stdout
        )


def test_it_shows_where_the_rules_would_have_fired(run: Run, data: Path) -> None:
    fired = next(i for i in incidents(OUTPUTS) if i.transition is Transition.FIRED)
    done = run(*CHECK, "--watch", WATCH.id, "--data", data)
    assert done.exit_code == 0
    assert "其中 1 次持续够久" in done.stdout
    assert when(fired.detected_at, "Asia/Shanghai") in done.stdout
    assert fired.id in done.stdout.replace("\n", "")


def test_json_holds_the_same(run: Run, data: Path) -> None:
    fired = next(i for i in incidents(OUTPUTS) if i.transition is Transition.FIRED)
    found = json.loads(run(*CHECK, "--json", "--data", data).stdout)["watches"]
    (firing,) = found[WATCH.id]["firings"]
    assert (firing["started_at"], firing["incidents"]) == (fired.detected_at, [fired.id])
    assert found[WATCH.id]["signals"] == len(signals(OUTPUTS))
    assert found[WATCH.id]["levels"]["IV"]["hold"] == 20
    assert found["yunling-tea"]["firings"] == []


def test_another_rules_file_and_a_watchs_own_values_are_tried(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text(WATCHES)
    (tmp_path / "rules.yaml").write_text(
        "rules: {default: {levels: {IV: {mentions: 15, authors: 12, when: z >= 900}}}}"
    )
    done = run(
        *CHECK, "--rules", tmp_path / "rules.yaml", "--watches", tmp_path / "watches.yaml", "--data", data
    )
    assert "有自己的数" in done.stdout
    assert "且 z ≥ 4；持续 20 秒" in done.stdout
    strict = WATCHES.split(", override")[0] + "}\n"
    (tmp_path / "watches.yaml").write_text(strict)
    done = run(
        *CHECK, "--rules", tmp_path / "rules.yaml", "--watches", tmp_path / "watches.yaml", "--data", data
    )
    assert "其中 0 次持续够久" in done.stdout


@pytest.mark.parametrize(("since", "count"), [("1h", 1), ("2023-11-15 08:00", 1), ("1m", 0)])
def test_since_is_a_time_or_so_long_before_the_newest(run: Run, data: Path, since: str, count: int) -> None:
    done = run(*CHECK, "--json", "--since", since, "--watch", WATCH.id, "--data", data)
    found = json.loads(done.stdout)["watches"][WATCH.id]
    assert len(found["firings"]) >= count
    assert (found["signals"] < len(signals(OUTPUTS))) is (since != "2023-11-15 08:00")


def test_wrong_rules_fail_with_their_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "rules:\n default:\n  levels:\n   IV: {mentions: 5, authors: 5, when: zz >= 4}\n"
    )
    done = run(*CHECK, "--rules", tmp_path / "r.yaml")
    assert done.exit_code == 1
    where = "r.yaml:4: rules.default.levels.IV.when:"
    assert f"{where} 实际：第 1 个字符处的 'zz'；应为：字段（是不是 z？）" in done.stderr
    english = run(*CHECK, "--rules", tmp_path / "r.yaml", FENGSHENG_LANGUAGE="en").stderr
    assert f"{where} found 'zz' at position 1, expected a field" in english


def test_an_unknown_watch_fails_and_wrong_usage_exits_2(run: Run) -> None:
    unknown = run(*CHECK, "--watch", "nobody")
    assert unknown.exit_code == 1
    assert "qingshan-tea" in unknown.stderr
    assert "--watches" in unknown.stderr
    assert run(*CHECK, "--since", "yesterday").exit_code == 2
    assert run(*CHECK, "--language", "fr").exit_code == 2
