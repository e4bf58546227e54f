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
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    yield ElasticsearchSettings(url=elasticsearch, prefix=prefix)
    async with AsyncElasticsearch(elasticsearch) as client:
        found = await client.indices.get_alias(index=f"{prefix}*")
        for index in found:
            await client.indices.delete(index=index)
        if (await client.indices.get_index_template(name=f"fengsheng-{prefix}*"))["index_templates"]:
            await client.indices.delete_index_template(name=f"fengsheng-{prefix}*")


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make an index object over the same data each time, as a restarted program would."""
    if request.param == "sqlite":
        return lambda **options: SqliteIndex(tmp_path / "data" / "index.db", **options)
    settings = request.getfixturevalue("elastic_settings")
    return lambda **options: ElasticIndex(settings, **options)


@pytest_asyncio.fixture
async def index(make: Make) -> AsyncIterator[Index]:
    """An index that is set up and open; small pages, so that paging is used."""
    made: Any = make(page=3)
    await made.open()
    await made.setup()
    yield made
    await made.close()
