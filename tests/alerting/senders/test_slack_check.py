"""What ``fengsheng check`` says about Slack."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from alerting.senders.slack_check import Finding, check_slack
from config.routes import Routes
from config.settings import Settings, SlackSettings
from tests.alerting.delivery.conftest import ROUTES, Desk, desk
from tests.alerting.slack_server import TOKEN, Fault

__all__ = ["desk"]


async def checked(desk: Desk, token: str | None = TOKEN, routes: Routes = ROUTES) -> list[Finding]:
    secret = SecretStr(token) if token is not None else None
    return await check_slack(Settings(slack=SlackSettings(url=desk.slack.url, token=secret)), routes, 5)


async def test_all_is_well(desk: Desk) -> None:
    findings = await checked(desk)
    assert [f.ok for f in findings] == [True, True]
    assert "fengsheng in Tea" in findings[0].what
    assert "#crisis" in findings[1].what
    assert desk.slack.messages() == []


async def test_no_token_is_no_fault_but_said(desk: Desk) -> None:
    [finding] = await checked(desk, token=None)
    assert finding.ok
    assert "pr prints to the terminal" in finding.what
    assert "FENGSHENG_SLACK__TOKEN" in (finding.fix or "")


async def test_a_wrong_token(desk: Desk) -> None:
    [finding] = await checked(desk, token="xoxb-wrong")
    assert not finding.ok
    assert "invalid_auth" in finding.what
    assert "FENGSHENG_SLACK__TOKEN" in (finding.fix or "")
    assert "xoxb-wrong" not in str(finding)


async def test_nobody_there(desk: Desk) -> None:
    await desk.slack.stop()
    [finding] = await checked(desk)
    assert not finding.ok
    assert "no connection to http://127.0.0.1" in finding.what
    assert "slack.url" in (finding.fix or "")


async def test_slack_in_trouble(desk: Desk) -> None:
    desk.slack.fail("auth.test", Fault(status=503))
    [finding] = await checked(desk)
    assert not finding.ok


@pytest.mark.parametrize("channel", ["#nowhere", "C0NOWHERE"])
async def test_an_unknown_channel(desk: Desk, channel: str) -> None:
    routes = Routes.model_validate(
        {
            "receivers": [{"type": "slack", "name": "pr", "channel": channel}],
            "routes": [{"receivers": ["pr"]}],
        }
    )
    finding = (await checked(desk, routes=routes))[-1]
    assert not finding.ok
    assert "channel_not_found" in finding.what
    assert "routes.yaml" in (finding.fix or "")


async def test_archived_and_not_a_member(desk: Desk) -> None:
    desk.slack.channels["C0CRISIS"].member = False
    assert "not_in_channel" in (await checked(desk))[-1].what
    desk.slack.channels["C0CRISIS"].archived = True
    assert "is_archived" in (await checked(desk))[-1].what


async def test_missing_scopes_are_named(desk: Desk) -> None:
    desk.slack.scopes = "chat:write"
    findings = await checked(desk)
    assert [f.ok for f in findings] == [True, False, False, False]
    assert "channels:history" in findings[1].what
    assert "channels:read" in (findings[-1].fix or "")
