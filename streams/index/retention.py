"""Which indices and dead letters of an Elasticsearch cluster have been kept long enough."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import RetentionSettings
from streams.index import queries
from streams.index.cluster import Cluster
from streams.index.months import DAY, expired_months, month_in
from streams.index.reading import Reader
from streams.index.templates import Names, indices_of


async def expired_indices(
    cluster: Cluster, names: Names, retention: RetentionSettings, now: float
) -> list[str]:
    """Return the monthly indices whose whole month lies before what is kept."""
    found: list[str] = []
    for kind, days in (("mentions", retention.mentions_days), ("signals", retention.signals_days)):
        indices = await indices_of(cluster, names, kind)
        months = {month for name in indices if (month := month_in(name))}
        # The pattern also catches names that have something between kind and month: not ours.
        ours = [month for month in months if names.index(kind, month) in indices]
        found += [names.index(kind, month) for month in expired_months(ours, days, now)]
    return found


async def expired_dead(reader: Reader, names: Names, retention: RetentionSettings, now: float) -> list[str]:
    """Return the ids of the dead letters that are older than what is kept."""
    index = names.index("dead")
    await reader.refresh(index)
    query = queries.every(queries.span("at_s", None, now - retention.dead_days * DAY))
    return [hit["_id"] async for hit in reader.every(index, query, queries.BY_TIME, source=False)]


def dead_named(names: Names, ids: Sequence[str]) -> list[str]:
    """Return what a report calls these dead letters; nothing where there are none."""
    return [f"{names.index('dead')} ({len(ids)} letters)"] if ids else []
