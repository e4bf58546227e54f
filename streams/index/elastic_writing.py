"""The connection to Elasticsearch, and all that is written through it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from config.records import (
    Act,
    Author,
    DeadLetter,
    Incident,
    Notification,
    NotificationState,
    Record,
    ScoredMention,
    Signal,
    Silence,
)
from config.settings import ElasticsearchSettings, RetentionSettings
from streams.index import bulk
from streams.index.base import Failure, IndexUnavailable
from streams.index.cluster import Cluster, Pauses
from streams.index.documents import document, record
from streams.index.identity import identity_of, sorted_out
from streams.index.merging import fold_authors, merge_authors
from streams.index.months import month_of
from streams.index.places import Places
from streams.index.reading import Reader
from streams.index.templates import Names, check_installed, create, install


class ElasticWriter:
    """The writing half of `streams.index.elastic.ElasticIndex`, which says what its parameters mean."""

    def __init__(
        self,
        settings: ElasticsearchSettings,
        retention: RetentionSettings | None = None,
        patience: float = 10.0,
        page: int = 1000,
    ) -> None:
        self._settings = settings
        self._retention = retention or RetentionSettings()
        self._patience = patience
        self._page = page
        self._names = Names(settings.prefix)
        self._open: Cluster | None = None
        self._ready = False

    async def open(self) -> None:
        """Connect; raise `IndexUnavailable` at once where no Elasticsearch answers."""
        await self.close()
        cluster = Cluster(self._settings, self._patience)
        try:
            await cluster.call("opening the index", cluster.client.cluster.health, patience=0)
        except BaseException:
            await cluster.close()
            raise
        self._open = cluster
        self._reader = Reader(cluster, self._page)
        self._places = Places(cluster, self._reader, self._names.index("mentions"))
        self._ready = False
        self._dirty = False
        self._made: set[str] = set()

    async def close(self) -> None:
        """Close the connections."""
        if self._open is not None:
            cluster, self._open = self._open, None
            await cluster.close()

    async def setup(self) -> list[str]:
        """Install templates, aliases and indices, or bring them up to date."""
        return await install(self._cluster, self._names, self._settings)

    @property
    def _cluster(self) -> Cluster:
        if self._open is None:
            raise IndexUnavailable("the index is not open: call open() first")
        return self._open

    async def _set_up(self) -> Cluster:
        cluster = self._cluster
        if not self._ready:
            await check_installed(cluster, self._names)
            # What an earlier process wrote in its last second must be seen when places are looked for.
            await self._reader.refresh(self._names.index("mentions"))
            self._ready = True
        return cluster

    async def write_mentions(self, mentions: Sequence[ScoredMention]) -> list[Failure]:
        """Keep each mention in the month of its `created_at`, and in no other."""
        await self._set_up()
        fine, failures = sorted_out(mentions)
        targets = {
            mention.mention_id: (self._names.index("mentions", month_of(mention.created_at)), mention)
            for mention in fine
        }
        if not targets:
            return failures
        places = await self._places.find(targets)
        failed = await self._index([(index, mention, None) for index, mention in targets.values()])
        lost = {failure.id for failure in failed}
        moved = []
        for mention_id, (index, _) in targets.items():
            if mention_id not in lost:
                self._places.remember(mention_id, index)
                moved += [bulk.Action(old, mention_id) for old in places.get(mention_id, set()) - {index}]
        if moved:
            await bulk.write(self._cluster, moved, self._make)
        return failures + failed

    async def write_signals(self, signals: Sequence[Signal]) -> list[Failure]:
        """Keep each signal in the month of its time."""
        await self._set_up()
        fine, failures = sorted_out(signals)
        rows = [(self._names.index("signals", month_of(signal.at)), signal, None) for signal in fine]
        return failures + await self._index(rows)

    async def write_incidents(self, incidents: Sequence[Incident]) -> list[Failure]:
        """Keep each incident unless a higher `sequence` of it is already there."""
        await self._set_up()
        fine, failures = sorted_out(incidents)
        index = self._names.index("incidents")
        return failures + await self._index([(index, incident, incident.sequence) for incident in fine])

    async def write_authors(self, authors: Sequence[Author]) -> list[Failure]:
        """Merge each profile into the known one."""
        cluster = await self._set_up()
        fine, failures = sorted_out(authors)
        pending = fold_authors(fine)
        index = self._names.index("authors")
        pauses = Pauses(self._patience)
        while pending:
            known = {doc["_id"]: doc for doc in await self._get(index, list(pending)) if doc.get("found")}
            actions = []
            for author_id, author in list(pending.items()):
                doc = known.get(author_id)
                before = None if doc is None else record(doc["_source"], Author)
                after = merge_authors(before, author)
                if after == before:
                    continue
                seen = (-1, 0) if doc is None else (doc["_seq_no"], doc["_primary_term"])
                source = msgspec.json.encode(document(after))
                actions.append(bulk.Action(index, author_id, source, unchanged_since=seen))
            outcome = await bulk.write(cluster, actions, self._make)
            # Another worker merged into the same profile between our reading and writing.
            beaten = {failure.id for failure in outcome if failure.code == bulk.CONFLICT}
            failures += [failure for failure in outcome if failure.id not in beaten]
            pending = {author_id: author for author_id, author in pending.items() if author_id in beaten}
            if pending and not await pauses.wait():
                raise IndexUnavailable(
                    f"{len(pending)} author profiles in Elasticsearch at {cluster.where} are written "
                    "by others all the time: run fewer workers, or try again"
                )
        return failures

    async def write_dead(self, letters: Sequence[DeadLetter]) -> list[Failure]:
        """Keep each dead letter once."""
        return await self._keep("dead", letters)

    async def write_acts(self, acts: Sequence[Act]) -> list[Failure]:
        """Keep each act of a person under its id."""
        return await self._keep("acts", acts)

    async def write_silences(self, silences: Sequence[Silence]) -> list[Failure]:
        """Keep each silence under its id; a later one replaces an earlier one."""
        return await self._keep("silences", silences)

    async def _keep(self, kind: str, records: Sequence[Record]) -> list[Failure]:
        await self._set_up()
        fine, failures = sorted_out(records)
        return failures + await self._index([(self._names.index(kind), row, None) for row in fine])

    async def save_notification(self, notification: Notification) -> None:
        """Enter into the sent-log; ``sent`` never goes back to ``sending``."""
        await self._set_up()
        _, failures = sorted_out([notification])
        version = 2 if notification.state is NotificationState.SENT else 1
        if not failures:
            failures = await self._index([(self._names.index("notifications"), notification, version)])
        if failures:
            raise ValueError(f"the sent-log can't keep {failures[0].id}: {failures[0].reason}")

    async def _index(self, rows: Sequence[tuple[str, Record, int | None]]) -> list[Failure]:
        for index in sorted({index for index, _, _ in rows} - self._made):
            await self._make(index)
        actions = [
            bulk.Action(index, identity_of(row), msgspec.json.encode(document(row)), version)
            for index, row, version in rows
        ]
        self._dirty = True
        return await bulk.write(self._cluster, actions, self._make)

    async def _make(self, index: str) -> None:
        """Create an index by its template, checking that the template is still there."""
        if await create(self._cluster, index):
            await check_installed(self._cluster, self._names)
        self._made.add(index)

    async def _get(self, index: str, ids: list[str]) -> list[Any]:
        docs: list[Any] = []
        for start in range(0, len(ids), bulk.MOST_ITEMS):
            some = ids[start : start + bulk.MOST_ITEMS]
            request = partial(self._cluster.client.mget, index=index, ids=some)
            docs += (await self._cluster.call(f"getting {len(some)} documents of {index}", request))["docs"]
        return docs
