"""What ``fengsheng check`` says about receivers, and that people see nothing of it."""

from __future__ import annotations

import time

import pytest

from alerting.senders.receiver_check import check_receivers, check_routes
from alerting.senders.slack_check import Finding
from config.routes import Routes
from tests.alerting.office import KINDS, ROBOTS, Office, office
from tests.alerting.smtp_server import PASSWORD
from tests.alerting.webhook_servers import SECRET, TOKEN, Fault


async def checked(one: Office) -> Finding:
    [finding] = await check_receivers(one.settings, one.routes, 5, one.time)
    said = finding.what + (finding.fix or "")
    assert not any(secret in said for secret in (TOKEN, SECRET, PASSWORD, "wrong-9z"))
    assert one.messages() == []
    return finding


@pytest.mark.parametrize("kind", KINDS[1:])
async def test_all_is_well_and_says_what_was_not_checked(kind: str) -> None:
    async with office(kind) as one:
        finding = await checked(one)
        assert finding.ok, finding
        assert finding.what.startswith("pr: ")
        assert "not checked" in finding.what
        assert finding.fix is None


@pytest.mark.parametrize("kind", [*ROBOTS])
async def test_a_wrong_token_and_a_wrong_secret(kind: str) -> None:
    async with office(kind) as one:
        one.webhook = one.http.url(kind, "wrong-9z")
        finding = await checked(one)
        assert not finding.ok
        assert "FENGSHENG_RECEIVERS__PR__WEBHOOK" in (finding.fix or "")
        one.webhook, one.secret = None, "wrong-9z"
        finding = await checked(one)
        assert finding.ok == (kind == "wecom")  # it has no signature
        if not finding.ok:
            assert "FENGSHENG_RECEIVERS__PR__SECRET" in (finding.fix or "")


@pytest.mark.parametrize("kind", ["feishu", "dingtalk", "wecom", "webhook"])
async def test_nothing_set_and_nobody_there(kind: str) -> None:
    async with office(kind) as one:
        one.webhook = ""
        finding = await checked(one)
        assert not finding.ok
        assert "FENGSHENG_RECEIVERS__PR__WEBHOOK" in (finding.fix or "")
        one.webhook = None
        settings = one.settings
        await one.http.stop()
        [finding] = await check_receivers(settings, one.routes, 5, time.time)
        assert not finding.ok
        assert "no connection to 127.0.0.1" in finding.what


async def test_an_unsigned_robot_is_a_note() -> None:
    async with office("dingtalk") as one:
        one.http.secret = None
        settings = one.settings
        secrets = settings.receivers["pr"].model_copy(update={"secret": None})
        settings = settings.model_copy(update={"receivers": {"pr": secrets}})
        [finding] = await check_receivers(settings, one.routes, 5, one.time)
        assert finding.ok
        assert "FENGSHENG_RECEIVERS__PR__SECRET" in (finding.fix or "")


async def test_mail_is_asked_for_login_sender_and_mailboxes() -> None:
    async with office("email") as one:
        assert "login, sender and 2 mailboxes" in (await checked(one)).what
        assert "DATA" not in one.smtp.verbs
        assert "RSET" in one.smtp.verbs
        one.smtp.unknown = {"lead@example.cn"}
        finding = await checked(one)
        assert not finding.ok
        assert "lead@example.cn: 550" in finding.what
        one.password = "wrong-9z"
        assert "FENGSHENG_RECEIVERS__PR__PASSWORD" in ((await checked(one)).fix or "")


async def test_a_webhook_that_is_not_there() -> None:
    async with office("webhook") as one:
        one.webhook = f"http://127.0.0.1:{one.http.port}/nothing/wrong-9z"
        finding = await checked(one)
        assert not finding.ok
        assert "404" in finding.what


@pytest.mark.parametrize("kind", ROBOTS)
async def test_another_service_at_the_address(kind: str) -> None:
    async with office(kind) as one:
        one.http.fail(Fault(body="<html>hello</html>"))
        finding = await checked(one)
        assert not finding.ok
        assert "without an error code" in finding.what


def test_routes_that_tell_nobody_and_receivers_that_nobody_names() -> None:
    receivers = [{"name": "a", "type": "feishu", "fallback": "b"}, {"name": "b", "type": "wecom"},
                 {"name": "c", "type": "wecom"}, {"name": "d", "type": "terminal"}]  # fmt: skip
    narrow = Routes.model_validate(
        {"receivers": receivers, "routes": [{"receivers": ["a"], "levels": ["I"]}]}
    )
    assert [f.what for f in check_routes(narrow)] == [
        "incidents that no route matches are told to nobody", "told of nothing: c",
    ]  # fmt: skip
    whole = Routes.model_validate({"receivers": receivers, "routes": [{"receivers": ["a", "c"]}]})
    assert check_routes(whole) == []
