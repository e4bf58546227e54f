"""kill -9 between the send and the log, with the embedded index as the sent-log."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from config.records import NotificationState
from streams.index.sqlite import SqliteIndex
from tests.alerting.sample_incident import FIRED
from tests.alerting.slack_server import FakeSlack

CHILD = "tests.alerting.delivery.deliver_and_die"


async def run(path: Path, url: str, how: str) -> int:
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", CHILD, str(path), url, how)
    return await child.wait()


async def test_a_killed_process_does_not_page_twice(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    async with FakeSlack(time.time) as slack:
        assert await run(path, slack.url, "die") == -signal.SIGKILL
        assert await run(path, slack.url, "live") == 0
        assert len(slack.messages()) == 1
        assert len(slack.calls("conversations.history")) == 1
        ts = slack.messages()[0]["ts"]
    index = SqliteIndex(path)
    await index.open()
    entry = await index.notification(FIRED.notification_key, "pr")
    await index.close()
    assert entry is not None
    assert (entry.state, entry.ts, entry.page) == (NotificationState.SENT, ts, True)
