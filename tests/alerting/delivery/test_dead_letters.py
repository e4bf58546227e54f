"""A page that no retry heals, in the embedded index: ``fengsheng dead`` lists it with reason and origin."""

from __future__ import annotations

import asyncio
from pathlib import Path

from typer.testing import CliRunner

from config.records import NotificationState
from streams.index.sqlite import SqliteIndex
from tests.alerting.office import office
from tests.alerting.sample_incident import FIRED
from tests.alerting.webhook_servers import TOKEN, Fault


async def test_fengsheng_dead_lists_what_a_receiver_never_gets(tmp_path: Path) -> None:
    from fengsheng.cli import app
    from fengsheng.configuration import load_configuration
    from fengsheng.indexes import open_index

    settings = load_configuration(None).with_data(tmp_path).settings
    index = open_index(settings)
    assert isinstance(index, SqliteIndex)
    await index.open()
    async with office("webhook") as one:
        one.log = index  # type: ignore[assignment]
        one.http.fail(Fault(status=422))
        await one.delivery().deliver(FIRED)
        await one.delivery().deliver(FIRED)
        assert len(one.http.calls) == 1
    entry = await index.notification(FIRED.notification_key, "pr")
    assert entry is not None
    assert entry.state is NotificationState.DEAD
    await index.close()
    done = await asyncio.to_thread(CliRunner().invoke, app, ["dead", "--data", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert '"code":"undeliverable"' in line
    assert f"pr@{FIRED.notification_key}" in line
    assert "HTTP 422" in line
    assert TOKEN not in line
