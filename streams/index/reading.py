"""Read whole result sets from Elasticsearch, of any size, each page from the same point in time."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from elasticsearch import ApiError

from config.records import Record
from streams.index.base import IndexUnavailable
from streams.index.cluster import Cluster
from streams.index.documents import record
from streams.index.queries import Query, Sort

R = TypeVar("R", bound=Record)
Hit = Mapping[str, Any]

PAGE: Final = 1000
_KEEP_ALIVE: Final = "5m"


class Reader:
    """Searches of one cluster.

    A shard that fails fails the whole search: half an answer would pass for the truth.
    """

    def __init__(self, cluster: Cluster, page: int = PAGE) -> None:
        self._cluster = cluster
        self._page = page

    async def refresh(self, index: str) -> None:
        """Make everything confirmed before now visible to searches of `index`."""
        request = partial(self._cluster.client.indices.refresh, index=index, ignore_unavailable=True)
        await self._cluster.call(f"refreshing {index}", request)

    async def search(self, index: str, **body: Any) -> Mapping[str, Any]:
        """Return the answer to one search."""
        request = partial(
            self._cluster.client.search,
            index=index,
            ignore_unavailable=True,
            allow_partial_search_results=False,
            **body,
        )
        answer: Mapping[str, Any] = await self._cluster.call(f"searching {index}", request)
        return answer

    async def first(self, index: str, query: Query, sort: Sort, limit: int) -> list[Hit]:
        """Return at most `limit` hits in order."""
        if limit <= self._page:
            size = max(limit, 0)
            answer = await self.search(index, query=query, sort=sort, size=size, track_total_hits=False)
            return list(answer["hits"]["hits"])
        hits: list[Hit] = []
        async with contextlib.aclosing(self.every(index, query, sort)) as found:
            async for hit in found:
                hits.append(hit)
                if len(hits) >= limit:
                    break
        return hits

    async def every(
        self, index: str, query: Query, sort: Sort, source: bool = True
    ) -> AsyncGenerator[Hit, None]:
        """Yield all hits in order, from one point in time.

        Where the server forgets that point (a restart, a consumer slower than five minutes a page), the
        scan goes on from its last hit in a new one.
        """
        after: list[Any] | None = None
        while True:
            pit = await self._open(index)
            if pit is None:
                return
            try:
                while True:
                    hits = await self._next(pit, index, query, sort, after, source)
                    for hit in hits:
                        yield hit
                    if len(hits) < self._page:
                        return
                    after = hits[-1]["sort"]
            except _ForgottenError:
                # The implicit last part of a sort key numbers the documents of a forgotten point.
                after = after[: len(sort)] if after else None
            finally:
                with contextlib.suppress(IndexUnavailable, ApiError):
                    close = partial(self._cluster.client.close_point_in_time, id=pit)
                    await self._cluster.call("closing a point in time", close, {404}, patience=0)

    async def _open(self, index: str) -> str | None:
        request = partial(
            self._cluster.client.open_point_in_time,
            index=index,
            keep_alive=_KEEP_ALIVE,
            ignore_unavailable=True,
        )
        try:
            answer = await self._cluster.call(f"opening a point in time of {index}", request, {404})
        except ApiError:
            return None
        pit: str = answer["id"]
        return pit

    async def _next(
        self, pit: str, index: str, query: Query, sort: Sort, after: list[Any] | None, source: bool
    ) -> list[Hit]:
        body: dict[str, Any] = {"query": query, "sort": sort, "size": self._page, "track_total_hits": False}
        if after is not None:
            body["search_after"] = after
        request = partial(
            self._cluster.client.search,
            pit={"id": pit, "keep_alive": _KEEP_ALIVE},
            source=source,
            allow_partial_search_results=False,
            **body,
        )
        try:
            answer = await self._cluster.call(f"reading {index}", request, {404})
        except ApiError:
            raise _ForgottenError from None
        return list(answer["hits"]["hits"])

    def records(self, hits: list[Hit], kind: type[R]) -> list[R]:
        """Return the records of `hits`."""
        return [self.record(hit, kind) for hit in hits]

    def record(self, hit: Hit, kind: type[R]) -> R:
        """Return the record of one hit.

        Raises
        ------
        IndexUnavailable
            The document is not one of ours.
        """
        try:
            return record(hit["_source"], kind)
        except (msgspec.ValidationError, ValueError) as error:
            raise IndexUnavailable(
                f"the document {hit['_id']} of {hit['_index']} in Elasticsearch at {self._cluster.where} is no "
                f"{kind.__name__} of Fengsheng's ({error}): remove it, or set elasticsearch.prefix to your own"
            ) from None


class _ForgottenError(Exception):
    """The server no longer knows the point in time."""
