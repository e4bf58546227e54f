"""What a run did, in the form that other programs rely on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from alerting.backtest import IncidentReport, WatchReport, report_of
from config.records import Incident, IncidentState
from fengsheng.writing import write_whole
from streams.index.base import Index


async def report_from(index: Index, watches: Iterable[str]) -> dict[str, WatchReport]:
    """Return what the index and the sent-log hold of each watch, by watch id."""
    counts = await index.count_by_watch()
    reports: dict[str, WatchReport] = {}
    for watch in watches:
        first, last = await _span(index, watch)
        incidents = sorted(await index.incidents(watch=watch), key=lambda i: i.started_at)
        reports[watch] = report_of(
            counts.get(watch, 0), first, last, [await _incident(index, incident) for incident in incidents]
        )
    return reports


async def _span(index: Index, watch: str) -> tuple[float, float]:
    """The times of the earliest and the newest mention of a watch; equal where it has none."""
    newest = await index.search(None, watch=watch, limit=1)
    last = newest[0].created_at if newest else 0.0
    earliest = await anext(index.recent(watch, 0.0, float("inf")), None)
    return (last, last) if earliest is None else (earliest.created_at, max(last, earliest.created_at))


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


def as_object(reports: Mapping[str, WatchReport], **more: Any) -> dict[str, Any]:
    """Return the reports as one JSON object, with `more` beside them."""
    return {"watches": {watch: msgspec.to_builtins(found) for watch, found in reports.items()}, **more}


def write_report(path: Path, body: dict[str, Any]) -> None:
    """Write the object to `path`, whole or not at all; end the command where that fails."""
    write_whole(path, (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode())
