"""WeCom's group robot: posts to a webhook whose key is all its secret.

Format, limits and codes from https://developer.work.weixin.qq.com/document/path/91770 and
https://developer.work.weixin.qq.com/document/path/90313 : errors come with HTTP 200 as ``errcode``; over 20
messages a minute are answered 45009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from alerting.message.content import Presentation
from alerting.message.wecom import payload, text_payload
from alerting.senders.http import Endpoint
from alerting.senders.robots import ErrcodeRobot, Form
from config.receivers import WeComReceiver, variable

LIMITED: Final = frozenset({45009, 45033})
MALFORMED: Final = frozenset({40008, 40058, 44004, 45002, 47001})


@dataclass(frozen=True)
class WeComRobot(ErrcodeRobot):
    """One group robot."""

    service: ClassVar = "WeCom"
    limited: ClassVar = LIMITED
    malformed: ClassVar = MALFORMED
    form: ClassVar = Form(payload, text_payload, {"msgtype": "fengsheng-check"})

    receiver: WeComReceiver
    endpoint: Endpoint
    shown: Presentation

    def _fix(self, code: int, message: str) -> str:
        key = variable(self.receiver.name, "webhook")
        return {
            93000: f"put the robot's webhook address into {key}: its key is not valid",
            93008: "add the robot to the group again: it was removed",
            60020: "add this machine's address to the robot's trusted IPs",
        }.get(code, f"see this code at https://open.work.weixin.qq.com/devtool/query?e={code}")
