"""WeCom's group robot: posts to a webhook whose key is all its secret.

Format, limits and codes from https://developer.work.weixin.qq.com/document/path/91770 and
https://developer.work.weixin.qq.com/document/path/90313 : errors come with HTTP 200 as ``errcode``; over 20
messages a minute are answered 45009.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerting.message.content import Content, Presentation
from alerting.message.wecom import payload, text_payload
from alerting.senders.base import Malformed, Refused, Unavailable
from alerting.senders.http import Answer, Endpoint, encoded
from config.receivers import WeComReceiver, variable

LIMITED: Final = frozenset({45009, 45033})
QUIET: Final = 60.0
MALFORMED: Final = frozenset({40008, 40058, 44004, 45002, 47001})


@dataclass(frozen=True)
class WeComRobot:
    """One group robot."""

    receiver: WeComReceiver
    endpoint: Endpoint
    shown: Presentation

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
        return await self.endpoint.post(encoded(body), {})

    def _sort(self, answer: Answer) -> None:
        what = self.endpoint.what
        self.endpoint.sorted_status(answer)
        code = answer.data.get("errcode")
        if not isinstance(code, int):
            raise self.endpoint.not_the_service(answer)
        if code == 0:
            return
        if code in LIMITED:
            raise Unavailable(f"{what}: rate limited ({code})", after=QUIET)
        if code == -1:
            raise Unavailable(f"{what}: WeCom is busy (-1)", ambiguous=True)
        if code in MALFORMED:
            raise Malformed(
                what, str(code), "report this as a bug: WeCom refuses the message's form", final=True
            )
        key = variable(self.receiver.name, "webhook")
        fix = {
            93000: f"put the robot's webhook address into {key}: its key is not valid",
            93008: "add the robot to the group again: it was removed",
            60020: "add this machine's address to the robot's trusted IPs",
        }.get(code, f"see this code at https://open.work.weixin.qq.com/devtool/query?e={code}")
        raise Refused(what, str(code), fix)
