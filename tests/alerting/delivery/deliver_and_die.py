"""Deliver one incident with the real sent-log; with ``die`` the process is killed before it logs the send.

Run as ``python -m tests.alerting.delivery.deliver_and_die INDEX SLACK_URL die|live``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from alerting.delivery import Delivery
from alerting.senders.wiring import make_senders
from config.records import Notification, NotificationState
from config.settings import Settings, SlackSettings
from streams.index.sqlite import SqliteIndex
from tests.alerting.delivery.conftest import ROUTES
from tests.alerting.sample_incident import FIRED
from tests.alerting.slack_server import TOKEN


class MortalIndex(SqliteIndex):
    async def save_notification(self, notification: Notification) -> None:
        if notification.state is NotificationState.SENT:
            os.kill(os.getpid(), signal.SIGKILL)
        await super().save_notification(notification)


async def main(path: Path, url: str, die: bool) -> None:
    index = MortalIndex(path) if die else SqliteIndex(path)
    await index.open()
    settings = Settings(slack=SlackSettings(url=url, token=SecretStr(TOKEN)))
    senders = make_senders(ROUTES, settings, Console(stderr=True))
    await Delivery(ROUTES, senders, index, time.time, lease=0.1).deliver(FIRED)
    await index.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "die"))
