r"""DingTalk's custom robot: signed posts to a webhook.

Format, signature and limits from https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
and https://open.dingtalk.com/document/orgapp/customize-robot-security-settings : ``timestamp`` (milliseconds,
at most an hour off) and ``sign`` (base64 of HMAC-SHA256 over ``timestamp + "\n" + secret`` with the secret as
its key) join the query. Errors come with HTTP 200 as ``errcode``; over 20 messages a minute are answered
130101, and the robot is silenced for some minutes.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from alerting.message.content import Presentation
from alerting.message.dingtalk import payload, text_payload
from alerting.senders.base import Clock
from alerting.senders.http import Answer, Endpoint, encoded
from alerting.senders.robots import ErrcodeRobot, Form
from config.receivers import DingTalkReceiver, variable

LIMITED: Final = frozenset({130101, 410100})
MALFORMED: Final = frozenset({400105, 400106, 460101, 400107, 40035})


def sign(secret: str, timestamp: int) -> str:
    """Return the signature of a request made at `timestamp` (epoch milliseconds), not yet URL-encoded.

    >>> sign("this is secret", 1577262236757)
    'hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM='
    """
    return b64encode(hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")).decode()


@dataclass(frozen=True)
class DingTalkRobot(ErrcodeRobot):
    """One custom robot.

    Attributes
    ----------
    clock : epoch seconds, for the signature.
    """

    service: ClassVar = "DingTalk"
    limited: ClassVar = LIMITED
    malformed: ClassVar = MALFORMED
    form: ClassVar = Form(payload, text_payload, {"msgtype": "fengsheng-check"})

    receiver: DingTalkReceiver
    endpoint: Endpoint
    secret: SecretStr | None
    shown: Presentation
    clock: Clock = field(repr=False)

    async def _call(self, body: Mapping[str, Any]) -> Answer:
        query = {}
        if self.secret is not None:
            timestamp = int(self.clock() * 1000)
            query = {"timestamp": str(timestamp), "sign": sign(self.secret.get_secret_value(), timestamp)}
        return await self.endpoint.post(encoded(body), {}, query)

    def _fix(self, code: int, message: str) -> str:
        name = self.receiver.name
        if code in (300001, 300005, 400101, 400102, 40014):
            return f"put the robot's webhook address into {variable(name, 'webhook')}: there is no such robot"
        if code == 310000:  # the robot's security settings; which of them, only the text tells
            if "keyword" in message or "关键词" in message:
                return "add 级 (English: Level) to the robot's keywords, or use the signature in their place"
            if "whitelist" in message or "白名单" in message:
                return "add this machine's address to the robot's IP whitelist"
            if "timestamp" in message or ("时间戳" in message and "签名不匹配" not in message):
                return "set this machine's clock: the signature's time is more than an hour off"
            return f"put the robot's signing secret (SEC…) into {variable(name, 'secret')}"
        return "see this code at https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages"
