"""docs/alerts.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from alerting.message.steps import BY_INTENT, BY_LEVEL, CALMING, GENERAL, OVER
from alerting.senders.slack_check import NEEDED
from alerting.senders.webhook import sign
from config.loading import load
from config.routes import Route, Routes

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")


def test_the_table_of_steps_is_documented_word_by_word() -> None:
    for row in (*BY_LEVEL.values(), *BY_INTENT.values(), GENERAL):
        assert f"| {row['zh']} | {row['en']} |" in DOCS
    assert CALMING["zh"] in DOCS
    assert OVER["zh"] in DOCS


def test_the_scopes_are_documented() -> None:
    for scope in NEEDED:
        assert f"`{scope}`" in DOCS


def test_the_documented_routes_are_valid() -> None:
    example = next(
        block for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL) if "receivers:" in block
    )
    routes = Routes.model_validate(YAML(typ="safe").load(example))
    assert {receiver.type for receiver in routes.receivers} == {"feishu", "email", "dingtalk", "slack"}


def test_every_kind_of_receiver_and_every_matcher_is_documented() -> None:
    for kind in ("slack", "feishu", "dingtalk", "wecom", "email", "webhook", "terminal"):
        assert f"| `{kind}` |" in DOCS
    for key in set(Route.model_fields) - {"receivers", "owner", "continue_"}:
        assert f"`{key}`" in DOCS


def test_the_documented_verification_takes_our_signature_and_no_other() -> None:
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL) if "def genuine" in block
    )
    scope: dict[str, Any] = {}
    exec(code, scope)
    body = b'{"type": "incident.fired"}'
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000"}
    headers["webhook-signature"] = sign("secret", "msg_1", 1_700_000_000, body)
    assert scope["genuine"](b"secret", headers, body)
    assert not scope["genuine"](b"secret", headers, body + b" ")
    assert not scope["genuine"](b"other", headers, body)


def test_the_shipped_routes_are_valid_and_match_everything() -> None:
    routes = load(ROOT / "config/routes.yaml", Routes)
    last = routes.routes[-1]
    assert last.matchers == {}
