"""What runs for real says at its start which files it goes by; the demo, which is the example, does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import CLOSED, Run

SERVERS = {
    "FENGSHENG_KAFKA__BOOTSTRAP": CLOSED,
    "FENGSHENG_ELASTICSEARCH__URL": f"http://{CLOSED}",
    "FENGSHENG_PRIVACY__PSEUDONYM_KEY": "a key for the tests",
}
EXAMPLE = "您自己的品牌没有被监测"
STARTS = [
    (["up", "nosuch.jsonl", "--once"], {}),
    (["replay", "nosuch.jsonl"], {}),
    (["worker"], SERVERS),
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("words", "environment"), STARTS, ids=["up", "replay", "worker"])
def test_the_example_in_place_of_the_users_watches_is_warned_of(
    run: Run, words: list[str], environment: dict[str, str]
) -> None:
    done = run(*words, **environment)
    assert done.exit_code == 1  # there is nothing to read, or no Kafka
    first, second = done.stderr.splitlines()[:2]
    assert "config 里没有配置文件，全部用随程序附带的" in first
    assert second.startswith("注意 warning")
    assert EXAMPLE in second


@pytest.mark.parametrize(("words", "environment"), STARTS, ids=["up", "replay", "worker"])
def test_a_folder_of_ones_own_is_named_with_what_it_lacks(
    run: Run, words: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "watches.yaml").write_text("watches:\n  - {id: a, name: 甲, any: [甲]}\n", encoding="utf-8")
    done = run(*words, "--config", "mine", **environment)
    assert (
        done.stderr.splitlines()[0] == "配置：mine；随程序附带的：settings, rules, routes, muting, calendar"
    )
    assert EXAMPLE not in done.stderr


def test_a_watches_file_that_is_named_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("watches:\n  - {id: a, name: 甲, any: [甲]}\n", encoding="utf-8")
    done = run("up", "nosuch.jsonl", "--once", "-w", "my.yaml", FENGSHENG_LANGUAGE="en")
    said = "configuration: config, watches my.yaml; as shipped: settings, rules, routes, muting, calendar"
    assert done.stderr.splitlines()[0] == said


def test_a_backtest_of_the_example_is_warned_of(run: Run) -> None:
    done = run("backtest", "nosuch.jsonl")
    assert EXAMPLE in done.stderr
