"""A delivery wired as in the program to one receiver of any kind, against the local servers."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from rich.console import Console

from alerting.delivery import Delivery
from alerting.senders.wiring import make_fallback, make_senders
from config.routes import Routes
from config.settings import ReceiverSecrets, Settings, SlackSettings
from tests.alerting.memory_log import MemoryLog
from tests.alerting.simulated_time import SimulatedTime
from tests.alerting.slack_server import TOKEN as SLACK_TOKEN
from tests.alerting.slack_server import FakeSlack
from tests.alerting.smtp_server import CA, PASSWORD, USER, SmtpServer
from tests.alerting.webhook_servers import SECRET, WebhookServer

ROBOTS = ("feishu", "dingtalk", "wecom")
KINDS = ("slack", *ROBOTS, "email", "webhook")
LEADS = {"feishu": "ou_lead", "dingtalk": "13800000000", "wecom": "lead", "email": "lead@example.cn"}


@dataclass
class Office:
    """One receiver named ``pr`` and its server; `delivery` is a new process with the old log."""

    kind: str
    time: SimulatedTime
    http: WebhookServer
    smtp: SmtpServer
    slack: FakeSlack
    log: MemoryLog = field(default_factory=MemoryLog)
    screen: io.StringIO = field(default_factory=io.StringIO)
    more: dict[str, Any] = field(default_factory=dict)
    others: list[dict[str, Any]] = field(default_factory=list)
    routed: list[str] = field(default_factory=lambda: ["pr"])
    secret: str = SECRET
    password: str = PASSWORD
    webhook: str | None = None
    timeout: float = 20.0

    @property
    def routes(self) -> Routes:
        return Routes.model_validate(
            {
                "receivers": [self.receiver("pr", **self.more), *self.others],
                "routes": [{"receivers": self.routed}],
            }
        )

    def receiver(self, name: str, **more: Any) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": self.kind, "name": name}
        if self.kind in LEADS:
            entry["mentions"] = {"@lead": LEADS[self.kind]}
        if self.kind == "slack":
            entry["channel"] = "#crisis"
        if self.kind == "email":
            entry |= {"host": "localhost", "port": self.smtp.port, "from": "fengsheng@example.cn",
                      "to": ["pr@example.cn"], "username": USER, "ca_file": str(CA)}  # fmt: skip
        return entry | more

    @property
    def settings(self) -> Settings:
        url = self.webhook if self.webhook is not None else self._url
        secrets = ReceiverSecrets(
            webhook=SecretStr(url), secret=SecretStr(self.secret), password=SecretStr(self.password)
        )
        slack = SlackSettings(url=self.slack.url, token=SecretStr(SLACK_TOKEN), mentions={"@lead": "U0LEAD"})
        return Settings(slack=slack, receivers={"pr": secrets})

    @property
    def _url(self) -> str:
        return self.http.url(self.kind) if self.kind in (*ROBOTS, "webhook") else ""

    def delivery(self, give_up: float = 24 * 3600.0) -> Delivery:
        console = Console(file=self.screen, width=100)
        senders = make_senders(
            self.routes, self.settings, console, monotonic=self.time, wall=self.time, sleep=self.time.sleep,
            timeout=self.timeout,
        )  # fmt: skip
        fallback = make_fallback(self.settings, console)
        return Delivery(self.routes, senders, self.log, self.time, self.time.sleep, fallback, give_up)

    def messages(self) -> list[str]:
        """What reached people (or the program), each as one text."""
        if self.kind == "slack":
            return [json.dumps(m, ensure_ascii=False) for m in self.slack.messages()]
        if self.kind == "email":
            return [text_of(one.mail) for one in self.smtp.delivered]
        return [json.dumps(body, ensure_ascii=False) for body in self.http.taken]


def text_of(mail: Any) -> str:
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{body.get_content()}"


@asynccontextmanager
async def office(kind: str) -> AsyncIterator[Office]:
    time = SimulatedTime()
    async with WebhookServer(time) as http, FakeSlack(time) as slack:
        with SmtpServer() as smtp:
            yield Office(kind, time, http, smtp, slack)
