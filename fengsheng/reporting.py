"""What a run did, in the form that other programs rely on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from alerting.backtest import IncidentReport, WatchReport, report_of
from alerting.hot import is_entry
from config.records import Incident, IncidentState
from fengsheng.writing import write_whole
from streams.index.base import Index

_TOGETHER: Final = 1_000
_ALL_INCIDENTS: Final = 10_000
"""More than a watch has in years; Elasticsearch gives no more at once."""


@dataclass(frozen=True)
class Before:
    """What an index held before a run: the number of posts, incidents (id to sequence), keys of sent pages."""

    posts: int
    incidents: Mapping[str, int]
    pages: frozenset[str]


async def held(index: Index, watches: Iterable[str]) -> Before:
    """Return what the index holds now."""
    incidents = [one for watch in watches for one in await index.incidents(watch=watch, limit=_ALL_INCIDENTS)]
    pages = {key for one in incidents for key in await _pages(index, one.id)}
    return Before((await index.counts())["mentions"], {i.id: i.sequence for i in incidents}, frozenset(pages))


async def report_from(
    index: Index, watches: Iterable[str], ids: Iterable[str], before: Before
) -> tuple[dict[str, WatchReport], int]:
    """Return what one run did, by watch id, and how many of its mentions are in the index.

    Parameters
    ----------
    ids : of the mentions that the run sent.
    before : what the index held when the run began; incidents that are as they were then are left out.
    """
    seen: defaultdict[str, _Seen] = defaultdict(_Seen)
    found = 0
    portions = iter(dict.fromkeys(ids))
    while portion := list(islice(portions, _TOGETHER)):
        for mention in (await index.mentions(portion)).values():
            found += 1
            for watch in mention.watches if not is_entry(mention) else ():
                seen[watch].note(mention.created_at)
    reports: dict[str, WatchReport] = {}
    for watch in watches:
        incidents = await index.incidents(watch=watch, limit=_ALL_INCIDENTS)
        told = [await _incident(index, one, before) for one in sorted(incidents, key=lambda i: i.started_at)]
        of_this_run = [one for one in told if one is not None]
        reports[watch] = report_of(seen[watch].posts, seen[watch].first, seen[watch].last, of_this_run)
    return reports, found


@dataclass
class _Seen:
    """The posts of a run that belong to one watch."""

    posts: int = 0
    first: float = float("inf")
    last: float = float("-inf")

    def note(self, at: float) -> None:
        self.posts += 1
        self.first, self.last = min(at, self.first), max(at, self.last)


async def _incident(index: Index, incident: Incident, before: Before) -> IncidentReport | None:
    """What the run made of an incident, None where that is nothing."""
    pages = await _pages(index, incident.id) - before.pages
    if before.incidents.get(incident.id) == incident.sequence and not pages:
        return None
    return IncidentReport(
        level=incident.peak_level,
        started_at=incident.started_at,
        detected_at=incident.started_at if incident.detected_at is None else incident.detected_at,
        resolved_at=incident.resolved_at if incident.state is IncidentState.RESOLVED else None,
        pages=len(pages),
        continued=incident.id in before.incidents,
    )


async def _pages(index: Index, incident_id: str) -> set[str]:
    """The pages that the sent-log says went out, each once whatever the number of receivers."""
    return {n.key for n in await index.notifications(incident_id) if n.page and n.state == "sent"}


def as_object(reports: Mapping[str, WatchReport], **more: Any) -> dict[str, Any]:
    """Return the reports as one JSON object, with `more` beside them."""
    return {"watches": {watch: msgspec.to_builtins(found) for watch, found in reports.items()}, **more}


def write_report(path: Path, body: dict[str, Any]) -> None:
    """Write the object to `path`, whole or not at all; end the command where that fails."""
    write_whole(path, (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode())
