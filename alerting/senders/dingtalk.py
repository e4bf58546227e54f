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
from typing import Any, Final

from pydantic import SecretStr

from alerting.message.content import Content, Presentation
from alerting.message.dingtalk import payload, text_payload
from alerting.senders.base import Clock, Malformed, Refused, Unavailable
from alerting.senders.http import Answer, Endpoint, encoded
from config.receivers import DingTalkReceiver, variable

LIMITED: Final = frozenset({130101, 410100})
QUIET: Final = 60.0
MALFORMED: Final = frozenset({400105, 400106, 460101, 400107, 40035})


def sign(secret: str, timestamp: int) -> str:
    """Return the signature of a request made at `timestamp` (epoch milliseconds), not yet URL-encoded.

    >>> sign("this is secret", 1577262236757)
    'hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM='
    """
    return b64encode(hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")).decode()


@dataclass(frozen=True)
class DingTalkRobot:
    """One custom robot.

    Attributes
    ----------
    clock : epoch seconds, for the signature.
    """

    receiver: DingTalkReceiver
    endpoint: Endpoint
    secret: SecretStr | None
    shown: Presentation
    clock: Clock = field(repr=False)

    async def post(self, content: Content, *, plain: bool = False) -> None:
        """Post a message; see `group.Robot`."""
        ids = self.shown.mentions
        body = text_payload(content, ids) if plain else payload(content, ids, self.shown.language)
        self._sort(await self._call(body))

    async def probe(self) -> str:
        """Send a request that can't become a message and return what the answer shows; raises like `post`."""
        answer = await self._call({"msgtype": "fengsheng-check"})
        try:
            self._sort(answer)
        except Malformed as refused:
            return refused.code
        return "0"

    async def _call(self, body: Mapping[str, Any]) -> Answer:
        query = {}
        if self.secret is not None:
            timestamp = int(self.clock() * 1000)
            query = {"timestamp": str(timestamp), "sign": sign(self.secret.get_secret_value(), timestamp)}
        return await self.endpoint.post(encoded(body), {}, query)

    def _sort(self, answer: Answer) -> None:
        what, data = self.endpoint.what, answer.data
        self.endpoint.sorted_status(answer)
        code = data.get("errcode")
        if not isinstance(code, int):
            raise self.endpoint.not_the_service(answer)
        if code == 0:
            return
        if code in LIMITED:
            raise Unavailable(f"{what}: rate limited ({code})", after=QUIET)
        if code == -1:
            raise Unavailable(f"{what}: DingTalk is busy (-1)", ambiguous=True)
        if code in MALFORMED:
            raise Malformed(
                what, str(code), "report this as a bug: DingTalk refuses the message's form", final=True
            )
        raise Refused(what, str(code), self._fix(code, str(data.get("errmsg", "")).lower()))

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
