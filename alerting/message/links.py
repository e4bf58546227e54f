"""Addresses of Kibana and Grafana that show an incident's watch at its time.

Kibana keeps Discover's state in the fragment as rison (https://github.com/Nanonid/rison):
``_g`` has the time range, ``_a`` the data view and the query. Grafana takes ``from`` and
``to`` in epoch milliseconds and a dashboard variable as ``var-NAME``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from config.records import Incident
from config.settings import LinkSettings

DATA_VIEW: Final = "fengsheng-mentions"
DASHBOARD: Final = "fengsheng"
BEFORE: Final = 1800.0
AFTER: Final = 600.0
# What a browser leaves alone in a fragment and rison needs literally.
_FRAGMENT_SAFE: Final = "!'()*,:~-_.@$/"

Rison = str | Mapping[str, "Rison"] | list["Rison"]


def rison(value: Rison) -> str:
    """Return `value` in rison: every string quoted, ``!`` and ``'`` escaped by ``!``.

    >>> rison({"query": "it's", "columns": ["text"]})
    "(query:'it!'s',columns:!('text'))"
    """
    if isinstance(value, str):
        return "'" + value.replace("!", "!!").replace("'", "!'") + "'"
    if isinstance(value, list):
        return "!(" + ",".join(rison(item) for item in value) + ")"
    return "(" + ",".join(f"{key}:{rison(item)}" for key, item in value.items()) + ")"


def time_range(incident: Incident) -> tuple[float, float]:
    """Return the epoch seconds to look at: half an hour before the start to ten minutes after the news."""
    end = incident.resolved_at if incident.resolved_at is not None else incident.updated_at
    return incident.started_at - BEFORE, max(end, incident.started_at) + AFTER


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def kibana_url(base: str, watch: str, since: float, until: float) -> str:
    """Return the address of Discover with the mentions of `watch` between two epoch times."""
    escaped = watch.replace("\\", "\\\\").replace('"', '\\"')
    view: Rison = {
        "dataSource": {"dataViewId": DATA_VIEW, "type": "dataView"},
        "query": {"language": "kuery", "query": f'watches:"{escaped}"'},
    }
    when: Rison = {"time": {"from": _iso(since), "to": _iso(until)}}
    state = "&".join(f"{name}={quote(rison(part), safe=_FRAGMENT_SAFE)}" for name, part in
                     (("_g", when), ("_a", view)))  # fmt: skip
    return f"{base.rstrip('/')}/app/discover#/?{state}"


def grafana_url(base: str, watch: str, since: float, until: float) -> str:
    """Return the address of the dashboard for `watch` between two epoch times."""
    query = urlencode({"from": int(since * 1000), "to": int(until * 1000), "var-watch": watch})
    return f"{base.rstrip('/')}/d/{DASHBOARD}?{query}"


def incident_links(incident: Incident, links: LinkSettings) -> tuple[tuple[str, str], ...]:
    """Return (name, address) of every configured place; without a base address there is no link."""
    since, until = time_range(incident)
    found = []
    try:
        if links.kibana:
            found.append(("Kibana", kibana_url(links.kibana, incident.watch, since, until)))
        if links.grafana:
            found.append(("Grafana", grafana_url(links.grafana, incident.watch, since, until)))
    except (OverflowError, ValueError, OSError):  # a time outside the calendar has no range to show
        return ()
    return tuple(found)
