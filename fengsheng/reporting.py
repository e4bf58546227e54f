"""What a run did, in the form that other programs rely on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from config.records import Incident, IncidentState
from fengsheng.output import fail
from streams.index.base import Index


class IncidentReport(msgspec.Struct, frozen=True):
    """One incident: highest level, times of the events in epoch seconds, pages sent."""

    level: str
    started_at: float
    detected_at: float
    resolved_at: float | None
    pages: int


class WatchReport(msgspec.Struct):
    """What a watch saw: posts in the index, days from first to last, pages, incidents in order."""

    posts: int = 0
    days: float = 0.0
    pages: int = 0
    incidents: list[IncidentReport] = msgspec.field(default_factory=list)


async def report_from(index: Index, watches: Mapping[str, str]) -> dict[str, WatchReport]:
    """Return what the index and the sent-log hold of each watch, by watch id."""
    counts = await index.count_by_watch()
    reports: dict[str, WatchReport] = {}
    for watch in watches:
        report = reports[watch] = WatchReport(posts=counts.get(watch, 0))
        first = last = None
        async for mention in index.recent(watch, 0.0, float("inf")):
            first = mention.created_at if first is None else first
            last = mention.created_at
        if first is not None and last is not None:
            report.days = round((last - first) / 86_400, 3)
        for incident in sorted(await index.incidents(watch=watch), key=lambda i: i.started_at):
            report.incidents.append(await _incident(index, incident))
        report.pages = sum(incident.pages for incident in report.incidents)
    return reports


async def _incident(index: Index, incident: Incident) -> IncidentReport:
    """The pages are those that the sent-log says went out, each once whatever the number of receivers."""
    sent = {n.key for n in await index.notifications(incident.id) if n.page and n.state == "sent"}
    return IncidentReport(
        level=incident.peak_level,
        started_at=incident.started_at,
        detected_at=incident.started_at if incident.detected_at is None else incident.detected_at,
        resolved_at=incident.resolved_at if incident.state is IncidentState.RESOLVED else None,
        pages=len(sent),
    )


def as_object(reports: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the reports as one JSON object."""
    return {"watches": {w: json.loads(msgspec.json.encode(r)) for w, r in reports.items()}, **more}


def check_writable(path: Path | None) -> None:
    """End the command if a report could not be written there, before the run that it is about."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            fail(f"{path}: is a folder; expected a file to write")
        path.with_name(path.name + ".new").open("ab").close()
        path.with_name(path.name + ".new").unlink()
    except OSError as error:
        fail(f"{path}: {error.strerror}")


def write_report(path: Path, body: dict[str, Any]) -> None:
    """Write the object to `path`, whole or not at all; end the command where that fails."""
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
