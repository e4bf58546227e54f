"""The index on Elasticsearch, servers 8.x and 9.x."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from elasticsearch import ApiError

from config.records import (
    Act,
    Author,
    DeadLetter,
    HourSummary,
    Incident,
    Notification,
    Record,
    ScoredMention,
    Signal,
    Silence,
)
from streams.index import bulk, queries
from streams.index.elastic_writing import ElasticWriter
from streams.index.identity import notification_id
from streams.index.mapping import MONTHLY, SINGLE
from streams.index.retention import dead_named, expired_dead, expired_indices
from streams.index.words import words_of

R = TypeVar("R", bound=Record)

_EVERY = 10_000
"""More than people can do to incidents, or one incident can be told."""


class ElasticIndex(ElasticWriter):
    """`streams.index.base.Index` on an Elasticsearch cluster.

    Mentions and signals lie in one index a month of event time, behind the aliases ``mentions`` and
    ``signals``; the other records in one index each. `setup` must have run once for a cluster and
    prefix (by ``fengsheng setup``); without it every call but `open` says so.

    Searches see what this object confirmed, and what others confirmed a second ago; `recent`,
    `signals`, `hours`, `incidents` and the counts see everything confirmed by anyone.

    Parameters
    ----------
    settings : address, credentials, prefix, shards and replicas; `url` must be set.
    retention : days that each kind is kept.
    patience : seconds for which a failing request is tried again before `IndexUnavailable`.
    page : hits read at once by the methods that read everything.
    """

    async def authors(self, ids: Sequence[str]) -> dict[str, Author]:
        """Return the known profiles of `ids`."""
        await self._set_up()
        docs = await self._get(self._names.index("authors"), list(dict.fromkeys(ids)))
        return {doc["_id"]: self._reader.record(doc, Author) for doc in docs if doc.get("found")}

    async def mentions(self, ids: Sequence[str]) -> dict[str, ScoredMention]:
        """Return the known mentions of `ids`."""
        await self._set_up()
        return await self._places.read(ids)

    async def threads(
        self, thread_ids: Sequence[str], limit: int = 2000, fresh: bool = False
    ) -> dict[str, list[ScoredMention]]:
        """Return the earliest `limit` members of each thread that has any.

        A refresh for every batch would be dear; see `Index.threads`.
        """
        await self._set_up()
        found: dict[str, list[ScoredMention]] = {}
        if not thread_ids:
            return found
        query = queries.every([queries.any_of("thread_id", thread_ids)])
        alias = self._names.index("mentions")
        if fresh:
            await self._reader.refresh(alias)
        async with contextlib.aclosing(self._reader.every(alias, query, queries.OLDEST_FIRST)) as hits:
            async for hit in hits:
                mention = self._reader.record(hit, ScoredMention)
                members = found.setdefault(mention.thread_id, [])
                if len(members) < limit:
                    members.append(mention)
        return found

    async def recent(self, watch: str, since: float, until: float) -> AsyncIterator[ScoredMention]:
        """Yield every confirmed mention of a watch, oldest first."""
        await self._set_up()
        alias = self._names.index("mentions")
        await self._reader.refresh(alias)
        query = queries.mentions_where([], watch, None, None, since, until)
        async with contextlib.aclosing(self._reader.every(alias, query, queries.OLDEST_FIRST)) as hits:
            async for hit in hits:
                yield self._reader.record(hit, ScoredMention)

    async def search(
        self,
        query: str | None,
        watch: str | None = None,
        emotion: str | None = None,
        intent: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> list[ScoredMention]:
        """Return the newest mentions that hold every word of `query` and pass the filters."""
        tokens = words_of(query) if query else []
        if query and query.strip() and not tokens:
            await self._set_up()
            return []
        wanted = queries.mentions_where(tokens, watch, emotion, intent, since, until)
        return await self._mentions(wanted, queries.NEWEST_FIRST, limit)

    async def signals(self, watch: str, since: float, until: float) -> list[Signal]:
        """Return a watch's signals by time ascending."""
        await self._set_up()
        query = queries.every([queries.term("watch", watch), *queries.span("at_s", since, until)])
        await self._reader.refresh(self._names.index("signals"))
        hits = [hit async for hit in self._reader.every(self._names.index("signals"), query, queries.BY_TIME)]
        return self._reader.records(hits, Signal)

    async def last_signal(self, watch: str) -> Signal | None:
        """Return a watch's newest signal."""
        query = queries.every([queries.term("watch", watch)])
        hits = await self._fresh("signals", query, queries.LAST, 1)
        return self._reader.record(hits[0], Signal) if hits else None

    async def hours(self, watch: str, since: float, until: float) -> list[HourSummary]:
        """Return the hours in which the watch has signals with ``minute_mass``."""
        await self._set_up()
        index = self._names.index("signals")
        await self._reader.refresh(index)
        query, aggregation = queries.hours_of(watch, since, until)
        answer = await self._reader.search(index, query=query, aggs=aggregation, size=0)
        buckets = answer.get("aggregations", {}).get("hours", {}).get("buckets", [])
        return [
            HourSummary(
                hour_start=bucket["key"],
                minutes=bucket["doc_count"],
                mass_sum=bucket["mass"]["sum"],
                mass_sq_sum=bucket["mass"]["sum_of_squares"],
            )
            for bucket in buckets
        ]

    async def dead(self, limit: int = 1000) -> list[DeadLetter]:
        """Return the newest dead letters."""
        hits = await self._fresh("dead", queries.every([]), queries.NEWEST_DEAD, limit)
        return self._reader.records(hits, DeadLetter)

    async def acts(self, watch: str | None = None, since: float | None = None) -> list[Act]:
        """Return the acts done at or after `since`, by time ascending."""
        filters = [queries.term("watch", watch)] if watch is not None else []
        query = queries.every(filters + queries.span("at_s", since, None))
        return self._reader.records(await self._fresh("acts", query, queries.IN_ORDER, _EVERY), Act)

    async def silences(self, since: float | None = None) -> list[Silence]:
        """Return the silences that end after `since`, by start ascending."""
        query = queries.every(queries.span("ends_at_s", since, None))
        hits = await self._fresh("silences", query, queries.BY_START, _EVERY)
        found = self._reader.records(hits, Silence)
        return [silence for silence in found if since is None or silence.ends_at > since]

    async def incidents(
        self,
        watch: str | None = None,
        open_only: bool = False,
        since: float | None = None,
        limit: int = 1000,
    ) -> list[Incident]:
        """Return incidents, the latest started first."""
        query = queries.incidents_where(watch, open_only, since)
        hits = await self._fresh("incidents", query, queries.LATEST_STARTED, limit)
        return self._reader.records(hits, Incident)

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident in its newest state."""
        return await self._one("incidents", incident_id, Incident)

    async def notification(self, key: str, receiver: str) -> Notification | None:
        """Return the sent-log's entry of a notification key at a receiver."""
        return await self._one("notifications", notification_id(key, receiver), Notification)

    async def notifications(self, incident_id: str) -> list[Notification]:
        """Return the sent-log of one incident by time ascending."""
        query = queries.every([queries.term("incident_id", incident_id)])
        hits = await self._fresh("notifications", query, queries.SENT_ORDER, _EVERY)
        return self._reader.records(hits, Notification)

    async def counts(self) -> dict[str, int]:
        """Return how many of each kind there are."""
        cluster = await self._set_up()
        found = {}
        for kind in (*MONTHLY, *SINGLE):
            index = self._names.index(kind)
            await self._reader.refresh(index)
            request = partial(cluster.client.count, index=index, ignore_unavailable=True)
            found[kind] = int((await cluster.call(f"counting {index}", request))["count"])
        return found

    async def count_by_watch(self) -> dict[str, int]:
        """Return how many mentions belong to each watch."""
        await self._set_up()
        index = self._names.index("mentions")
        await self._reader.refresh(index)
        terms = {"watches": {"terms": {"field": "watches", "size": 10_000}}}
        answer = await self._reader.search(index, aggs=terms, size=0)
        buckets = answer.get("aggregations", {}).get("watches", {}).get("buckets", [])
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    async def _mentions(self, query: queries.Query, sort: queries.Sort, limit: int) -> list[ScoredMention]:
        await self._set_up()
        alias = self._names.index("mentions")
        if self._dirty:
            self._dirty = False
            await self._reader.refresh(alias)
        return self._reader.records(await self._reader.first(alias, query, sort, limit), ScoredMention)

    async def _fresh(
        self, kind: str, query: queries.Query, sort: queries.Sort, limit: int
    ) -> list[Mapping[str, Any]]:
        await self._set_up()
        await self._reader.refresh(self._names.index(kind))
        return await self._reader.first(self._names.index(kind), query, sort, limit)

    async def _one(self, kind: str, name: str, record_type: type[R]) -> R | None:
        cluster = await self._set_up()
        index = self._names.index(kind)
        request = partial(cluster.client.get, index=index, id=name)
        try:
            hit = await cluster.call(f"getting {name} from {index}", request, {404})
        except ApiError:
            return None
        return self._reader.record(hit, record_type)

    # Retention

    async def expired(self, now: float) -> list[str]:
        """Return the monthly indices that have been kept long enough, and the old dead letters."""
        cluster = await self._set_up()
        found = await expired_indices(cluster, self._names, self._retention, now)
        return found + dead_named(
            self._names, await expired_dead(self._reader, self._names, self._retention, now)
        )

    async def drop_expired(self, now: float) -> list[str]:
        """Delete what `expired` names."""
        cluster = await self._set_up()
        indices = await expired_indices(cluster, self._names, self._retention, now)
        for index in indices:
            request = partial(cluster.client.indices.delete, index=index, ignore_unavailable=True)
            await cluster.call(f"deleting {index}", request)
        self._places.forget(indices)
        self._made.difference_update(indices)
        dead = await expired_dead(self._reader, self._names, self._retention, now)
        await bulk.write(cluster, [bulk.Action(self._names.index("dead"), name) for name in dead], self._make)
        return indices + dead_named(self._names, dead)
