"""Receivers and routes: every fault is pointed at, and no secret stands in a file or a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError, load
from config.receivers import variable
from config.routes import Routes
from config.settings import Settings, load_settings
from config.watches import Model


def refused(folder: Path, content: str, model: type[Model]) -> str:
    path = folder / "it.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, model)
    return str(caught.value)


RECEIVERS = """\
receivers:
  - {name: team, type: feishu, fallback: mail}
  - {name: mail, type: email, host: smtp.example.cn, from: fengsheng@example.cn, to: [pr@example.cn]}
  - {name: group, type: dingtalk, mentions: {"@lead": "13800000000"}}
  - {name: work, type: wecom, per_minute: 20}
  - {name: hook, type: webhook}
routes:
  - receivers: [team]
    watches: [a, b]
    intents: [boycott]
    hours: ["22:00-08:00"]
  - receivers: [group, work, hook]
    watches: [c]
    keywords: [无法连接]
  - receivers: [mail]
"""


def test_every_kind_of_receiver_loads(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(RECEIVERS, encoding="utf-8")
    routes = load(path, Routes)
    assert [receiver.type for receiver in routes.receivers] == [
        "feishu",
        "email",
        "dingtalk",
        "wecom",
        "webhook",
    ]
    assert routes.timezone == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fallback: mail", "fallback: nobody", ":2: receivers.0.fallback: found 'nobody', expected one of"),
        ("to: [pr@example.cn]", "to: [pr@example.cn], fallback: team",
         ":2: receivers.0.fallback: found team → mail → team, expected a chain of fallbacks that ends"),
        ("name: work", "name: 工作", ":5: receivers.3.name: found '工作'"),
        ("name: hook", "name: te_am", None),
        ("per_minute: 20", "per_minute: 21", ":5: receivers.3.per_minute: found 21, expected a number no more than 20"),
        ("to: [pr@example.cn]", "to: [pr]", ":3: receivers.1.to.0: found 'pr', expected an e-mail address"),
        ("to: [pr@example.cn]", "to: []", ":3: receivers.1.to"),
        ("from: fengsheng@example.cn", "from: fengsheng", ":3: receivers.1.from: found 'fengsheng'"),
        ("host: smtp.example.cn", "host: smtp.example.cn, username: u, security: none",
         ":3: receivers.1.security: found 'none', expected starttls or tls"),
        ("type: webhook", "type: webhook, webhook: https://x", ":6: receivers.4.webhook: found the unknown key 'webhook', expected secrets from the environment only"),
        ('"22:00-08:00"', '"22-8"', ":11: routes.0.hours.0: found '22-8', expected hours as"),
        ('"22:00-08:00"', '"08:00-08:00"', ":11: routes.0.hours.0: found '08:00-08:00'"),
        ("[无法连接]", '[" "]', ":14: routes.1.keywords"),
        ("routes:\n", "timezone: Mars/Base\nroutes:\n", ":7: timezone: found 'Mars/Base', expected a time zone"),
        ("  - receivers: [team]\n", "  - receivers: [mail]\n  - receivers: [team]\n", ":9: routes.1: found a route"
         " that is never reached: routes.0 takes all that it matches, expected 'continue: true' in routes.0"),
        ("    watches: [c]\n", "    watches: [a]\n    intents: [boycott]\n    hours: [\"22:00-08:00\"]\n",
         ":12: routes.1: found a route that is never reached"),
    ],
)  # fmt: skip
def test_a_wrong_receiver_or_route_is_pointed_at(
    tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    assert old in RECEIVERS
    changed = RECEIVERS.replace(old, new)
    if message is None:  # one more that shares its variable with another
        changed = RECEIVERS.replace("name: group", "name: pr-team").replace("name: hook", "name: pr_team")
        changed = changed.replace("[group, work, hook]", "[pr-team]")
        message = (
            ":6: receivers.4.name: found 'pr_team', expected a name of its own (receivers.2 has this one)"
        )
    assert message in refused(tmp_path, changed, Routes)


def test_a_route_that_only_overlaps_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(RECEIVERS.replace("watches: [c]", "watches: [a, d]"), encoding="utf-8")
    assert len(load(path, Routes).routes) == 3


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    found = load_settings(None, {variable("pr-team", "webhook"): "https://x.example/token-of-mine"})
    secret = found.receivers["pr_team"].webhook
    assert secret is not None
    assert secret.get_secret_value() == "https://x.example/token-of-mine"
    assert "token-of-mine" not in repr(found)


def test_secrets_in_a_file_are_refused_with_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("language: zh\nreceivers:\n  team: {webhook: https://token}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert "settings.yaml:2: receivers: found a secret in a file" in str(caught.value)
    assert "FENGSHENG_RECEIVERS__NAME__WEBHOOK" in str(caught.value)


@pytest.mark.parametrize("name", ["FENGSHENG_RECEIVERS__TEAM", "FENGSHENG_RECEIVERS__TEAM__TOKEN"])
def test_a_wrong_variable_is_named_and_its_value_is_not(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {name: "token-of-mine"})
    assert name in str(caught.value)
    assert "token-of-mine" not in str(caught.value)


def test_no_receivers_without_any() -> None:
    assert Settings().receivers == {}


def test_an_unknown_type_is_answered_with_those_there_are(tmp_path: Path) -> None:
    message = refused(tmp_path, RECEIVERS.replace("type: webhook", "type: sms"), Routes)
    assert (
        ":6: receivers.4: found 'sms', expected one of slack, terminal, feishu, dingtalk, wecom, email, webhook"
        in message
    )
    assert "tag" not in message


@pytest.mark.parametrize(
    ("kind", "key", "variable_of_it"),
    [
        ("type: slack, channel: C1", "token", "FENGSHENG_SLACK__TOKEN"),
        ("type: feishu", "token", "FENGSHENG_RECEIVERS__PR_TEAM__WEBHOOK"),
        ("type: dingtalk", "secret", "FENGSHENG_RECEIVERS__PR_TEAM__SECRET"),
        ("type: webhook", "webhook", "FENGSHENG_RECEIVERS__PR_TEAM__WEBHOOK"),
        ("type: email, host: h, from: a@b.cn, to: [a@b.cn]", "password", "FENGSHENG_RECEIVERS__PR_TEAM__PASSWORD"),
    ],
)  # fmt: skip
def test_a_secret_in_a_receiver_is_answered_with_its_variable(
    tmp_path: Path, kind: str, key: str, variable_of_it: str
) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(
        f"receivers:\n  - {{name: pr-team, {kind}, {key}: hush-hush}}\nroutes:\n  - receivers: [pr-team]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(path, Routes)
    [one] = caught.value.problems
    assert (one.line, one.key) == (2, f"receivers.0.{key}")
    assert variable_of_it in one.told("zh")
    assert variable_of_it in one.told("en")
    assert "hush-hush" not in one.told("zh") + one.told("en")


def test_everything_wrong_with_the_routes_is_told_at_once(tmp_path: Path) -> None:
    changed = RECEIVERS.replace("fallback: mail", "fallback: nobody").replace("type: wecom", "type: sms")
    changed = changed.replace("[group, work, hook]", "[group, works]").replace('"22:00-08:00"', '"22-8"')
    path = tmp_path / "routes.yaml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, Routes)
    assert [one.key for one in caught.value.problems] == [
        "receivers.0.fallback", "receivers.3", "routes.0.hours.0", "routes.1.receivers.1",
    ]  # fmt: skip
