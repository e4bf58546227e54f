"""Check Slack before it is needed: the token, its scopes, and every channel of the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerting.senders.base import Refused, Unavailable
from alerting.senders.slack_api import SlackApi
from alerting.senders.slack_errors import TOKEN, fix_for
from alerting.senders.slack_lookup import channel_id, is_channel_id
from config.language import Both
from config.receivers import SlackReceiver
from config.routes import Routes
from config.settings import Settings

NEEDED: Mapping[str, str] = {
    "chat:write": "post and edit messages",
    "channels:history": "find out after a crash whether a message arrived",
    "channels:read": "check that the channels of the routes exist",
}
CALL_SECONDS = 10.0


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: fine, or with what a person can do about it."""

    ok: bool
    what: str
    fix: str | None = None


async def check_slack(
    settings: Settings,
    routes: Routes | None = None,
    timeout: float = CALL_SECONDS,  # noqa: ASYNC109 - of each call, not of the check
) -> list[Finding]:
    """Return what is right and wrong with Slack: token, scopes, and the channels of `routes`.

    Nothing is posted. Without a token there is nothing to reach; the finding says that
    messages go to the terminal.
    """
    receivers = [r for r in routes.receivers if isinstance(r, SlackReceiver)] if routes else []
    token = settings.slack.token
    if token is None or not token.get_secret_value().strip():
        names = ", ".join(r.name for r in receivers)
        what = Both(
            "Slack：没有 token" + (f"；{names} 打印到终端" if names else ""),
            "Slack: no token" + (f"; {names} prints to the terminal" if names else ""),
        )
        fix = Both(f"要用 Slack，请设置环境变量 {TOKEN}", f"to use Slack, set {TOKEN} in the environment")
        return [Finding(True, what, fix)]
    api = SlackApi(token, settings.slack.url, timeout)
    try:
        who = await api.call("auth.test", {})
    except (Refused, Unavailable) as failure:
        return [_failed(f"Slack at {api.url}", failure)]
    findings = [Finding(True, f"Slack: {who.get('user', 'the app')} in {who.get('team', 'the workspace')}")]
    findings += _scopes(who.get("headers") or {})
    for receiver in receivers:
        findings.append(await _channel(api, receiver))
    return findings


def _scopes(headers: Mapping[str, str]) -> list[Finding]:
    granted = headers.get("x-oauth-scopes", "")
    if not granted:
        return []
    have = {scope.strip() for scope in granted.split(",")}
    return [
        Finding(
            False,
            Both(f"Slack：应用缺少权限 {scope}", f"Slack: the app lacks the scope {scope}"),
            Both(f"加上 {scope} 并重新安装应用（{why}）", f"add {scope} and reinstall the app ({why})"),
        )
        for scope, why in NEEDED.items()
        if scope not in have
    ]


async def _channel(api: SlackApi, receiver: SlackReceiver) -> Finding:
    what = f"Slack: channel {receiver.channel} of receiver {receiver.name}"
    try:
        found = receiver.channel
        if not is_channel_id(found):
            found = await channel_id(api.call, receiver.channel) or ""
        if not found:
            return Finding(False, f"{what}: channel_not_found", fix_for("channel_not_found"))
        answer = await api.call("conversations.info", {"channel": found})
    except Refused as refused:
        if refused.code == "missing_scope":
            fix = Both(
                "给应用 channels:read 权限（私有频道：groups:read）",
                "give the app the scope channels:read (private channels: groups:read)",
            )
            return Finding(False, Both(f"{what}：无法检查", f"{what}: can't be checked"), fix)
        return _failed(what, refused)
    except Unavailable as failure:
        return _failed(what, failure)
    channel: Mapping[str, Any] = answer.get("channel") or {}
    if channel.get("is_archived"):
        return Finding(False, f"{what}: is_archived", fix_for("is_archived"))
    if channel.get("is_member") is False:
        return Finding(False, f"{what}: not_in_channel", fix_for("not_in_channel"))
    return Finding(True, what)


def _failed(what: str, failure: Refused | Unavailable) -> Finding:
    if isinstance(failure, Refused):
        return Finding(False, f"{what}: {failure.code}", failure.fix)
    return Finding(
        False,
        f"{what}: {failure.why}",
        Both(
            "请检查 slack.url、网络与代理，再试一次",
            "check slack.url, the network and any proxy; then try again",
        ),
    )
