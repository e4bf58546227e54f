r"""Feishu's and Lark's custom bot: signed posts to a webhook.

Format, signature, limits and codes from https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN :
the signature is the base64 of HMAC-SHA256 over nothing with ``timestamp + "\n" + secret`` as its key, the
timestamp is in seconds and may be an hour off. Errors come in the body, mostly with HTTP 200.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from alerting.message.content import Presentation
from alerting.message.feishu import payload, text_payload
from alerting.senders.base import Clock, Malformed, Refused, Unavailable
from alerting.senders.http import Answer, Endpoint, encoded
from alerting.senders.robots import Form, WebhookRobot
from config.receivers import FeishuReceiver, variable

LIMITED: Final = frozenset({11232, 11233, 99991400, 230020})
MALFORMED: Final = frozenset({9499, 19002, 11246, 230099, 230025, 230028})


def sign(secret: str, timestamp: int) -> str:
    """Return the signature of a request made at `timestamp` (epoch seconds).

    >>> sign("demo", 1599360473)
    'l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8='
    """
    key = f"{timestamp}\n{secret}".encode()
    return b64encode(hmac.digest(key, b"", "sha256")).decode()


@dataclass(frozen=True)
class FeishuBot(WebhookRobot):
    """One custom bot.

    Attributes
    ----------
    clock : epoch seconds, for the signature.
    """

    form: ClassVar = Form(payload, text_payload, {"msg_type": "fengsheng-check"})

    receiver: FeishuReceiver
    endpoint: Endpoint
    secret: SecretStr | None
    shown: Presentation
    clock: Clock = field(repr=False)

    async def _call(self, body: Mapping[str, Any]) -> Answer:
        signed = dict(body)
        if self.secret is not None:
            timestamp = int(self.clock())
            signed = {
                "timestamp": str(timestamp),
                "sign": sign(self.secret.get_secret_value(), timestamp),
                **body,
            }
        return await self.endpoint.post(encoded(signed), {})

    def _sort(self, answer: Answer) -> None:
        what, data = self.endpoint.what, answer.data
        code = data.get("code", data.get("StatusCode"))
        if not isinstance(code, int):
            self.endpoint.sorted_status(answer)
            raise self.endpoint.not_the_service(answer)
        if code == 0 and answer.status < 400:
            return
        message = str(data.get("msg", ""))
        if code in LIMITED or answer.status == 429 or "too many" in message.lower():
            self.endpoint.sorted_status(answer)
            raise Unavailable(f"{what}: rate limited ({code})")
        if answer.status >= 500:
            self.endpoint.sorted_status(answer)
        if code in MALFORMED:
            raise Malformed(
                what, str(code), "report this as a bug: Feishu refuses the message's form", final=True
            )
        raise Refused(what, str(code), self._fix(code))

    def _fix(self, code: int) -> str:
        name = self.receiver.name
        return {
            19001: f"put the bot's webhook address into {variable(name, 'webhook')}: it knows no such bot",
            19021: f"put the bot's signing secret into {variable(name, 'secret')}, and set this machine's clock",
            19022: "add this machine's address to the bot's IP whitelist",
            19024: "add 级 (English: Level) to the bot's keywords, or use the signature in their place",
        }.get(code, "see this code at https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot")
