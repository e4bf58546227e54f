"""Both kinds of index for the tests of what they have in common."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from elasticsearch import AsyncElasticsearch

from config.settings import ElasticsearchSettings
from streams.index.base import Index
from streams.index.elastic import ElasticIndex
from streams.index.sqlite import SqliteIndex

Make = Callable[..., Index]


@pytest_asyncio.fixture
async def elastic_settings(elasticsearch: str) -> AsyncIterator[ElasticsearchSettings]:
    """Settings with a prefix of the test's own, of which nothing stays behind."""
    settings = ElasticsearchSettings(url=elasticsearch, prefix=f"test-{uuid.uuid4().hex[:8]}-")
    yield settings
    await remove(settings)


async def remove(settings: ElasticsearchSettings) -> None:
    """Remove all that a test made in the cluster."""
    async with AsyncElasticsearch(settings.url) as client:
        for index in await client.indices.get_alias(index=f"{settings.prefix}*"):
            await client.indices.delete(index=index)
        await client.options(ignore_status=404).indices.delete_index_template(
            name=f"fengsheng-{settings.prefix}*"
        )


@pytest_asyncio.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """Make an index object over the same data each time, as a restarted program would."""
    made: list[Index] = []
    settings = (
        None
        if request.param == "sqlite"
        else ElasticsearchSettings(
            url=request.getfixturevalue("elasticsearch"), prefix=f"test-{uuid.uuid4().hex[:8]}-"
        )
    )

    def make(**options: Any) -> Index:
        index: Index = (
            SqliteIndex(tmp_path / "data" / "index.db", **options)
            if settings is None
            else ElasticIndex(settings, **options)
        )
        made.append(index)
        return index

    yield make
    for index in made:
        await index.close()
    if settings is not None:
        await remove(settings)


@pytest_asyncio.fixture
async def index(make: Make) -> Index:
    """An index that is set up and open; small pages, so that paging is used."""
    made = make(page=3)
    await made.open()
    await made.setup()
    return made
