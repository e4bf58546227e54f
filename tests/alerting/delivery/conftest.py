"""A delivery wired as in the program, against the local Slack."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr
from rich.console import Console

from alerting.delivery import Delivery
from alerting.senders.wiring import make_fallback, make_senders
from config.routes import Routes
from config.settings import Settings, SlackSettings
from tests.alerting.memory_log import MemoryLog
from tests.alerting.simulated_time import SimulatedTime
from tests.alerting.slack_server import TOKEN, FakeSlack

ROUTES = Routes.model_validate(
    {
        "receivers": [{"type": "slack", "name": "pr", "channel": "#crisis"}],
        "routes": [{"receivers": ["pr"]}],
    }
)


@dataclass
class Desk:
    """Everything a test of a delivery needs; `restart` is a new process with the old log."""

    slack: FakeSlack
    time: SimulatedTime
    log: MemoryLog = field(default_factory=MemoryLog)
    routes: Routes = ROUTES
    token: str | None = TOKEN
    url: str | None = None
    timeout: float = 20.0
    screen: io.StringIO = field(default_factory=io.StringIO)

    def delivery(self) -> Delivery:
        settings = Settings(
            slack=SlackSettings(
                url=self.url or self.slack.url,
                token=SecretStr(self.token) if self.token is not None else None,
                mentions={"@lead": "U0LEAD"},
            )
        )
        console = Console(file=self.screen, width=100)
        senders = make_senders(
            self.routes, settings, console, monotonic=self.time, sleep=self.time.sleep, timeout=self.timeout
        )
        fallback = make_fallback(settings, console)
        return Delivery(self.routes, senders, self.log, self.time, self.time.sleep, fallback)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    time = SimulatedTime()
    async with FakeSlack(time) as slack:
        yield Desk(slack, time)
