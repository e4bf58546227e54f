"""Which monthly index holds a mention, so that one whose month changes never lies in two."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from config.records import ScoredMention
from streams.index.cluster import Cluster
from streams.index.queries import ids
from streams.index.reading import Reader

REMEMBERED: Final = 100_000
"""Mentions whose place is remembered; a server makes older ones visible within a second anyway."""

_AT_ONCE: Final = 500


class Places:
    """Remembers where this process wrote mentions, and asks the cluster for the others.

    A search does not see what was written within the last second; what this process wrote then is
    remembered, and `Reader.refresh` at start makes all of an earlier process's visible.
    """

    def __init__(self, cluster: Cluster, reader: Reader, alias: str) -> None:
        self._cluster = cluster
        self._reader = reader
        self._alias = alias
        self._of: OrderedDict[str, str] = OrderedDict()

    def remember(self, mention_id: str, index: str) -> None:
        """Note that `index` holds the mention."""
        self._of[mention_id] = index
        self._of.move_to_end(mention_id)
        while len(self._of) > REMEMBERED:
            self._of.popitem(last=False)

    def forget(self, indices: Iterable[str]) -> None:
        """Note that `indices` are no more."""
        gone = set(indices)
        for mention_id in [name for name, index in self._of.items() if index in gone]:
            del self._of[mention_id]

    async def find(self, mention_ids: Iterable[str]) -> dict[str, set[str]]:
        """Return the indices that hold each of the mentions; the unknown are left out."""
        found: dict[str, set[str]] = {}
        unknown = []
        for mention_id in mention_ids:
            if mention_id in self._of:
                found[mention_id] = {self._of[mention_id]}
            else:
                unknown.append(mention_id)
        for hit in await self._search(unknown, source=False):
            found.setdefault(hit["_id"], set()).add(hit["_index"])
        return found

    async def read(self, mention_ids: Iterable[str]) -> dict[str, ScoredMention]:
        """Return the mentions themselves."""
        wanted = list(dict.fromkeys(mention_ids))
        known = [mention_id for mention_id in wanted if mention_id in self._of]
        hits = await self._get(known) if known else []
        got = {hit["_id"] for hit in hits}
        hits += await self._search([name for name in wanted if name not in got], source=True)
        return {hit["_id"]: self._reader.record(hit, ScoredMention) for hit in hits}

    async def _get(self, mention_ids: list[str]) -> list[Any]:
        """Read by place, which unlike a search sees what was written a moment ago."""
        hits: list[Any] = []
        for start in range(0, len(mention_ids), _AT_ONCE):
            some = mention_ids[start : start + _AT_ONCE]
            docs = [{"_index": self._of[name], "_id": name} for name in some]
            request = partial(self._cluster.client.mget, docs=docs)
            answer = await self._cluster.call(f"getting {len(docs)} mentions", request)
            hits += [doc for doc in answer["docs"] if doc.get("found")]
        return hits

    async def _search(self, mention_ids: list[str], source: bool) -> list[Any]:
        hits: list[Any] = []
        for start in range(0, len(mention_ids), _AT_ONCE):
            some = mention_ids[start : start + _AT_ONCE]
            # Twice as many: a crash between the two writes of a move may have left a mention in two.
            answer = await self._reader.search(
                self._alias, query=ids(some), size=2 * len(some), source=source, track_total_hits=False
            )
            hits += answer["hits"]["hits"]
        return hits
