"""``fengsheng backtest``: muting and calendar of the folder hold, false-alarm marks of the index count."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from alerting.detector import Detector
from config.records import Incident, Match, MatchReason
from streams.index.sqlite import SqliteIndex
from tests.alerting.timeline import DEFAULT, WATCH, Story, incidents, play
from tests.commands.conftest import Run


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Incident, Story]:
    """A data folder whose index holds a crisis that people marked as a false alarm."""
    folder = tmp_path_factory.mktemp("kept")
    story = Story(3).ordinary(0.5).crisis(rise=4, peak=60, plateau=3).ordinary(0.5).silence(40)
    live = Detector(WATCH, DEFAULT)
    told = incidents([*play(live, story.mentions), *live.advance(story.now)])
    matches = [Match(watch=WATCH.id, reason=MatchReason.KEYWORD, keyword="青山茶饮")]

    async def write() -> None:
        index = SqliteIndex(folder / "index.sqlite")
        await index.open()
        await index.write_mentions([replace(m, watch=None, matches=matches) for m in story.mentions])
        await index.write_incidents([replace(told[-1], false_alarm=True)])
        await index.close()

    asyncio.run(write())
    return folder, told[-1], story


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "watches.yaml").write_text(
        f"watches:\n  - {{id: {WATCH.id}, name: 青山茶饮, any: [青山茶饮]}}\n", encoding="utf-8"
    )
    return tmp_path


def told(run: Run, data: Path, folder: Path, *more: object) -> dict[str, Any]:
    done = run("backtest", "--index", "--data", data, "--config", folder, "--json", *more)
    assert done.exit_code == 0, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_a_marked_incident_is_told_as_a_false_page_and_the_sweep_says_which_bar_avoids_it(
    run: Run, kept: tuple[Path, Incident, Story], folder: Path
) -> None:
    data, incident, _ = kept
    body = told(run, data, folder, "--sweep", "velocity=0.4,100000")
    found = body["watches"][WATCH.id]
    assert (found["false_alarms"], found["false_pages"]) == (1, 1)
    assert found["incidents"][0]["false_alarm"] is True
    assert found["incidents"][0]["started_at"] == incident.started_at
    _, deaf = body["sweep"]
    assert deaf["watches"][WATCH.id]["false_alarms"] == 1
    assert "false_pages" not in deaf["watches"][WATCH.id]
    tables = run(
        *("backtest", "--index", "--data", data, "--config", folder, "--sweep", "velocity=0.4,100000"),
        COLUMNS="300",
    )
    assert "false alarms that people marked: 1; told again: 1, with 1 pages" in tables.stdout
    assert "marked as false" in tables.stdout


def test_the_folders_maintenance_mutes_and_is_reported(
    run: Run, kept: tuple[Path, Incident, Story], folder: Path
) -> None:
    data, incident, story = kept
    start, end = (
        f"{datetime.fromtimestamp(at, UTC) + timedelta(hours=8):%Y-%m-%d %H:%M}"
        for at in (incident.started_at - 3600, story.now + 3600)
    )
    (folder / "muting.yaml").write_text(
        f"maintenance:\n  - {{name: 系统切换, start: {start}, end: {end}}}\n", encoding="utf-8"
    )
    body = told(run, data, folder, "--sweep", "z=5")
    for found in (body["watches"][WATCH.id], body["sweep"][0]["watches"][WATCH.id]):
        assert (found["pages"], found["muted"]) == (0, 1)
        assert found["incidents"][0]["muted"] == ["维护：系统切换"]
    tables = run("backtest", "--index", "--data", data, "--config", folder, COLUMNS="300")
    assert "· 维护：系统切换 · 通知 pages 0" in tables.stdout


def test_the_folders_calendar_counts_in_the_sweep_too(
    run: Run, kept: tuple[Path, Incident, Story], folder: Path
) -> None:
    data, incident, _ = kept
    day = datetime.fromtimestamp(incident.started_at, UTC) + timedelta(hours=8)
    (folder / "calendar.yaml").write_text(
        f"events:\n  - {{name: 新品, start: {day:%Y-%m-%d}, end: {day + timedelta(days=1):%Y-%m-%d}}}\n",
        encoding="utf-8",
    )
    (folder / "rules.yaml").write_text(
        "rules:\n  default:\n    levels:\n"
        "      IV: {when: velocity >= 3 and not event, mentions: 15, authors: 12}\n",
        encoding="utf-8",
    )
    body = told(run, data, folder, "--sweep", "velocity=2,3")
    for report in (body, *body["sweep"]):
        assert report["watches"][WATCH.id]["incidents"] == []
    (folder / "calendar.yaml").unlink()
    assert told(run, data, folder)["watches"][WATCH.id]["incidents"]
