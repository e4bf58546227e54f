"""Check receivers before they are needed, as far as that goes without a message that people see.

Robots get a request of a kind that they don't have: a platform that refuses only its kind has accepted
address and signature, and nothing is posted. Mail servers are asked for login, sender and mailboxes,
and are handed no mail. Other programs' addresses are asked by HEAD, which carries no event.
"""

from __future__ import annotations

import asyncio
import time

from alerting.message.labels import PLATFORMS
from alerting.senders.base import Clock, Refused, Unavailable
from alerting.senders.slack_check import CALL_SECONDS, Finding
from alerting.senders.wiring import Parts, missing_secret, secrets_of
from config.language import Both, meant
from config.receivers import (
    DingTalkReceiver,
    EmailReceiver,
    FeishuReceiver,
    Receiver,
    RobotReceiver,
    SlackReceiver,
    TerminalReceiver,
    WebhookReceiver,
    variable,
)
from config.routes import Route, Routes
from config.settings import Settings

GONE = (404, 410)
FED = {name: called["zh"] for name, called in PLATFORMS.items() if name != "bilibili"}
"""The platforms that feeds speak of, with what they are called; B站 is ``bili`` to them."""


async def check_receivers(
    settings: Settings,
    routes: Routes,
    timeout: float = CALL_SECONDS,  # noqa: ASYNC109 - of each call, not of the check
    wall: Clock = time.time,
) -> list[Finding]:
    """Return what is right and wrong with every receiver but Slack's and the terminal, all asked at once.

    Nothing is posted; each finding says what was seen and what was not.
    """
    parts = Parts(settings, wall, timeout)
    own = [r for r in routes.receivers if not isinstance(r, SlackReceiver | TerminalReceiver)]
    return list(await asyncio.gather(*(_checked(receiver, parts) for receiver in own)))


def check_routes(routes: Routes) -> list[Finding]:
    """Return what people should know of the routes: incidents told to nobody, receivers never told."""
    findings = []
    last = routes.routes[-1]
    if not last.covers(Route(receivers=last.receivers)):
        findings.append(
            Finding(
                True,
                Both("没有路由匹配的事件谁也收不到", "incidents that no route matches are told to nobody"),
                Both(
                    "让 routes.yaml 的最后一条路由不写条件",
                    "let the last route of routes.yaml ask for nothing",
                ),
            )
        )
    findings += [
        _unknown_platform(number, platform)
        for number, route in enumerate(routes.routes)
        for platform in route.platforms
        if platform not in FED
    ]
    named = {name for route in routes.routes for name in route.receivers}
    named |= {receiver.fallback for receiver in routes.receivers if receiver.fallback}
    unused = [r.name for r in routes.receivers if r.name not in named and not isinstance(r, TerminalReceiver)]
    if unused:
        names = ", ".join(unused)
        what = Both(f"什么也收不到：{names}", f"told of nothing: {names}")
        fix = Both(
            "在路由或 fallback 里写上它们，或删去", "name them in a route or as a fallback, or take them out"
        )
        findings.append(Finding(True, what, fix))
    return findings


def _unknown_platform(number: int, platform: str) -> Finding:
    """What to say of a platform that a feed of the user's own may well have, but none of ours."""
    close, known = meant(platform, FED), ", ".join(FED)
    what = Both(
        f"routes.{number}：平台 {platform!r} 不是已知的平台，帖子里没有它时这条路由永远不匹配",
        f"routes.{number}: {platform!r} is no platform that is known here; without posts of it the route"
        " never matches",
    )
    zh, en = (f"是不是 {close}？", f"did you mean {close}? ") if close else ("", "")
    return Finding(True, what, Both(f"{zh}已知的：{known}", f"{en}known: {known}"))


async def _checked(receiver: Receiver, parts: Parts) -> Finding:
    if missing := missing_secret(receiver, parts.settings):
        return Finding(
            False,
            Both(
                f"{receiver.name}：没有可用来发送的，只打印到终端",
                f"{receiver.name}: prints to the terminal, nothing to send with",
            ),
            Both(f"设置 {missing}", f"set {missing}"),
        )
    try:
        if isinstance(receiver, EmailReceiver):
            return await _mail(receiver, parts)
        if isinstance(receiver, WebhookReceiver):
            return await _webhook(receiver, parts)
        assert not isinstance(receiver, SlackReceiver | TerminalReceiver)
        return await _robot(receiver, parts)
    except Refused as refused:
        return Finding(False, f"{receiver.name}: {refused.what}: {refused.code}", refused.fix)
    except Unavailable as failure:
        fix = Both(
            "请检查地址、网络与代理，再试一次", "check the address, the network and any proxy; then try again"
        )
        return Finding(False, f"{receiver.name}: {failure.why}", fix)


async def _robot(receiver: RobotReceiver, parts: Parts) -> Finding:
    robot = parts.robot(receiver)
    code = await robot.probe()
    kind, host = robot.endpoint.what, robot.endpoint.host
    what = Both(
        f"{receiver.name}：{host} 的{kind}认得这个地址（对一个不是消息的请求应答 {code}）；未检查：提到谁、关键词、人看到的样子",
        f"{receiver.name}: {kind} at {host} knows the address"
        f" (answered {code} to a request that is no message); not checked: mentions, keywords, what people see",
    )
    signs = isinstance(receiver, FeishuReceiver | DingTalkReceiver)
    if signs and secrets_of(receiver, parts.settings).secret is None:
        key = variable(receiver.name, "secret")
        fix = Both(
            f"机器人若要求签名，请设置 {key}", f"set {key} if the robot's settings ask for a signature"
        )
        return Finding(True, Both(f"{what.zh}；未签名", f"{what}; unsigned"), fix)
    return Finding(True, what)


async def _mail(receiver: EmailReceiver, parts: Parts) -> Finding:
    mailboxes = list(dict.fromkeys([*receiver.to, *receiver.mentions.values()]))
    refused = await parts.smtp(receiver).probe(mailboxes)
    host, port = receiver.address
    if refused:
        said = "; ".join(f"{address}: {answer}" for address, answer in refused.items())
        return Finding(
            False,
            Both(
                f"{receiver.name}：SMTP {host}:{port} 拒收 {said}",
                f"{receiver.name}: SMTP {host}:{port} refuses {said}",
            ),
            Both("请改正 to 与 mentions", "correct 'to' and 'mentions'"),
        )
    login, login_zh = ("login, ", "登录、") if receiver.username else ("", "")
    what = Both(
        f"{receiver.name}：SMTP {host}:{port} 接受{login_zh}发件人与 {len(mailboxes)} 个邮箱；未检查：送达（没有投递邮件）",
        f"{receiver.name}: SMTP {host}:{port} takes {login}sender and {len(mailboxes)} mailboxes;"
        " not checked: delivery (no mail was handed over)",
    )
    return Finding(True, what)


async def _webhook(receiver: WebhookReceiver, parts: Parts) -> Finding:
    endpoint = parts.endpoint(receiver)
    answer = await endpoint.request("HEAD", None, {})
    seen = Both(
        f"{receiver.name}：{endpoint.host} 对 HEAD 应答 HTTP {answer.status}",
        f"{receiver.name}: {endpoint.host} answers HEAD with HTTP {answer.status}",
    )
    if answer.status in GONE or 300 <= answer.status < 400 or answer.status >= 500:
        key = variable(receiver.name, "webhook")
        return Finding(False, seen, Both(f"请改正 {key} 里的地址", f"correct the address in {key}"))
    return Finding(
        True,
        Both(
            f"{seen.zh}；未检查：签名（没有发送事件）",
            f"{seen}; not checked: the signature (no event was sent)",
        ),
    )
