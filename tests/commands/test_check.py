"""``fengsheng check``: each fault is named with what to do, soon, and none is imagined."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fengsheng.configuration import PACKAGED
from tests.alerting.slack_server import TOKEN, FakeSlack
from tests.alerting.webhook_servers import TOKEN as WEBHOOK_TOKEN
from tests.alerting.webhook_servers import WebhookServer
from tests.commands.conftest import CLOSED, Run

ROUTES = "receivers:\n  - {name: pr, type: slack, channel: C0CRISIS}\nroutes:\n  - receivers: [pr]\n"
EVERY_SERVER = {
    "FENGSHENG_KAFKA__BOOTSTRAP": CLOSED,
    "FENGSHENG_ELASTICSEARCH__URL": f"http://{CLOSED}",
    "FENGSHENG_GRAFANA__URL": f"http://{CLOSED}",
    "FENGSHENG_KIBANA__URL": f"http://{CLOSED}",
    "FENGSHENG_SLACK__URL": f"http://{CLOSED}/api/",
    "FENGSHENG_SLACK__TOKEN": "xoxb-secret-of-the-test",
}


def lines_of(said: str, what: str) -> list[str]:
    return [line for line in said.splitlines() if line[2:].startswith(what)]


def test_the_shipped_configuration_is_right(run: Run) -> None:
    done = run("check")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    assert "✗" not in done.stderr
    assert lines_of(done.stderr, "model")[0].startswith("✓")


def test_wrong_yaml_is_told_with_file_line_key_found_and_expected(run: Run, tmp_path: Path) -> None:
    watches, rules = tmp_path / "watches.yaml", tmp_path / "rules.yaml"
    watches.write_text(
        "watches:\n  - id: tea\n    name: 茶\n    any: [茶]\n    anyone: [茶]\n", encoding="utf-8"
    )
    rules.write_text("rules: [\n", encoding="utf-8")
    done = run("check", "--config", tmp_path, "--offline", FENGSHENG_LANGUAGE="en")
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if f"{watches}:5" in line]
    assert "watches.0.anyone" in line
    assert "found" in line
    assert "expected" in line
    assert f"{rules}:" in done.stderr  # all files are read, not only up to the first fault
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("watches", "told"),
    [
        ("- {id: a, name: 青山, any: [甲]}\n- {id: b, name: 青山, any: [乙]}", ["a、b 同名（青山）"]),
        ("- {id: a, name: ѩѿ, any: [ѩѿ, tea]}", ["a：'ѩѿ' 可能是读错了编码的 '雪芽'"]),
        ("- {id: a, name: A, any: [tea, ѩѿ]}", ["a：'ѩѿ' 可能是读错了编码的 '雪芽'"]),
        ("- {id: a, name: Café 2, any: [café, Ω3]}", []),
        ("- {id: a, name: ѩѿ, any: [Россия]}\n- {id: b, name: 乙, any: [Ж]}", []),
    ],
    ids=["one name", "name and word", "word", "letters beside", "Chinese beside"],
)
def test_watches_that_hardly_do_what_is_meant_are_doubted(
    run: Run, tmp_path: Path, watches: str, told: list[str]
) -> None:
    (tmp_path / "watches.yaml").write_text(f"watches:\n{watches}\n", encoding="utf-8")
    done = run("check", "--config", tmp_path, "--offline")
    assert done.exit_code == 0, done.stderr
    doubts = [line for line in lines_of(done.stderr, "watches") if line.startswith("!")]
    assert [part in line for part, line in zip(told, doubts, strict=True)] == [True] * len(told)


def test_closed_ports_are_told_within_fifteen_seconds(run: Run) -> None:
    begun = time.monotonic()
    done = run("check", **EVERY_SERVER, FENGSHENG_MODEL="models/nosuch", FENGSHENG_LANGUAGE="en")
    assert time.monotonic() - begun < 15
    assert done.exit_code == 1
    assert done.stdout == ""
    for what in ("kafka", "elasticsearch", "slack", "grafana", "kibana", "model", "privacy"):
        (line,) = lines_of(done.stderr, what)
        assert line.startswith("✗"), line
    for what in ("kafka", "elasticsearch", "grafana", "kibana"):
        (line,) = lines_of(done.stderr, what)
        assert CLOSED in line
        assert "start it" in line
    assert "models/nosuch: no such directory" in done.stderr
    assert "FENGSHENG_PRIVACY__PSEUDONYM_KEY" in lines_of(done.stderr, "privacy")[0]
    assert "xoxb-secret-of-the-test" not in done.output
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("token", "right"), [(TOKEN, True), ("xoxb-wrong", False)])
async def test_slack_is_asked_whether_the_token_is_right(tmp_path: Path, token: str, right: bool) -> None:
    from fengsheng.cli import app

    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    async with FakeSlack(time.time) as slack:
        environment = {"FENGSHENG_SLACK__URL": slack.url, "FENGSHENG_SLACK__TOKEN": token}
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["check", "--config", str(tmp_path)], env=environment
        )
    slacks = lines_of(done.stderr, "slack")
    assert done.exit_code == (0 if right else 1), done.stderr
    assert all(line.startswith("✓" if right else "✗") for line in slacks)
    assert len(slacks) == (2 if right else 1)  # who we are, and the channel
    if not right:
        assert "invalid_auth" in slacks[0]
        assert "FENGSHENG_SLACK__TOKEN" in slacks[0]
    assert token not in done.output
    assert not slack.messages()


@pytest.mark.parametrize("webhook", ["known", "unknown", None])
async def test_a_receiver_is_asked_without_a_message(tmp_path: Path, webhook: str | None) -> None:
    from fengsheng.cli import app

    routes = (
        "receivers:\n  - {name: pr-team, type: wecom}\nroutes:\n  - receivers: [pr-team]\n    levels: [I]\n"
    )
    (tmp_path / "routes.yaml").write_text(routes, encoding="utf-8")
    async with WebhookServer(time.time) as server:
        url = server.url("wecom", WEBHOOK_TOKEN if webhook == "known" else "another-token")
        environment = {"FENGSHENG_RECEIVERS__PR_TEAM__WEBHOOK": url} if webhook else {}
        done = await asyncio.to_thread(
            CliRunner().invoke, app, ["check", "--config", str(tmp_path)], env=environment
        )
        assert not server.taken
    (receiver,) = lines_of(done.stderr, "receiver")
    assert receiver.startswith("✓" if webhook == "known" else "✗")
    assert "pr-team" in receiver
    if webhook != "known":
        assert "FENGSHENG_RECEIVERS__PR_TEAM__WEBHOOK" in receiver
        assert done.exit_code == 1
    assert "another-token" not in done.output
    note = lines_of(done.stderr, "routes")[-1]
    assert "谁也收不到" in note


def test_it_names_the_file_of_each_part_and_warns_of_the_shipped_ones(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes((PACKAGED / "rules.yaml").read_bytes())
    done = run("check", "--config", tmp_path, "--offline")
    assert done.exit_code == 0
    (rules,) = lines_of(done.stderr, "rules")
    assert rules.startswith("✓")
    assert str(tmp_path / "rules.yaml") in rules
    for part in ("settings", "routes", "muting", "calendar"):
        line = lines_of(done.stderr, part)[0]
        assert line.startswith("!")
        assert str(PACKAGED / f"{part}.yaml") in line
    shipped, example = lines_of(done.stderr, "watches")
    assert shipped.startswith("!")
    assert example.startswith("!")
    assert "您自己的品牌没有被监测" in example


def test_it_warns_of_nothing_where_the_files_are_the_users_own(run: Run, tmp_path: Path) -> None:
    for path in PACKAGED.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    own = "watches:\n  - {id: tea, name: 茶, any: [茶]}\n"
    (tmp_path / "watches.yaml").write_text(own, encoding="utf-8")
    done = run("check", "--config", tmp_path, "--offline")
    assert done.exit_code == 0
    assert not [line for line in done.stderr.splitlines() if line.startswith("!")]


def test_it_speaks_chinese(run: Run) -> None:
    done = run("check", **EVERY_SERVER, FENGSHENG_MODEL="models/nosuch")
    for what in ("kafka", "elasticsearch", "grafana", "kibana", "model", "privacy", "config"):
        (line,) = lines_of(done.stderr, what)
        assert re.search("[\u4e00-\u9fff]{2}", line), line
    assert "请启动它" in done.stderr
    assert "start it" not in done.stderr


@pytest.mark.parametrize("variable", ["GRAFANA__URL", "KIBANA__URL", "ELASTICSEARCH__URL", "SLACK__URL"])
def test_no_password_in_an_address_of_the_environment_is_shown(
    run: Run, tmp_path: Path, variable: str
) -> None:
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    address = {f"FENGSHENG_{variable}": f"http://admin:PW-1@{CLOSED}/"}
    token = {"FENGSHENG_SLACK__TOKEN": "xoxb-secret-of-the-test"}
    done = run("check", "--config", tmp_path, **token, **address)
    assert done.exit_code == 1
    assert "PW-1" not in done.output
    assert CLOSED in done.stderr
