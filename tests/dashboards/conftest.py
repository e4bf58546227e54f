"""An Elasticsearch that holds the samples, set up by the index itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from config.settings import ElasticsearchSettings, RetentionSettings
from streams.index.elastic import ElasticIndex
from tests.dashboards import samples


@dataclass(frozen=True)
class Filled:
    """A client, the prefix of the indices, and the fields of each of them."""

    client: Elasticsearch
    prefix: str
    fields: dict[str, set[str]]

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask as Grafana does: one request of a multi-search."""
        header = {"index": index, "search_type": "query_then_fetch", "ignore_unavailable": True}
        answer = self.client.msearch(searches=[header, body])["responses"][0]
        assert "error" not in answer, answer
        assert answer["_shards"]["failed"] == 0
        assert answer["_shards"]["total"] > 0, f"{index} does not exist"
        return dict(answer)


def _flat(properties: dict[str, Any], before: str = "") -> set[str]:
    names = set()
    for name, field in properties.items():
        if "properties" in field:
            names |= _flat(field["properties"], f"{before}{name}.")
        else:
            names.add(before + name)
    return names


async def _fill(url: str, prefix: str) -> None:
    index = ElasticIndex(ElasticsearchSettings(url=url, prefix=prefix), RetentionSettings())
    await index.open()
    try:
        await index.setup()
        assert await index.write_mentions(samples.MENTIONS) == []
        assert await index.write_signals(samples.SIGNALS) == []
        assert await index.write_incidents([samples.incident()]) == []
        assert await index.write_dead(samples.DEAD) == []
    finally:
        await index.close()


@pytest.fixture(scope="session")
def filled(elasticsearch: str) -> Iterator[Filled]:
    prefix = f"dash{uuid4().hex[:8]}-"
    with Elasticsearch(elasticsearch) as client:
        try:
            asyncio.run(_fill(elasticsearch, prefix))
            client.indices.refresh(index=f"{prefix}*")
            fields: dict[str, set[str]] = {}
            for kind in ("mentions", "signals", "incidents", "dead"):
                mappings = client.indices.get_mapping(index=prefix + kind)
                fields[kind] = set.union(*(_flat(m["mappings"]["properties"]) for m in mappings.values()))
            yield Filled(client, prefix, fields)
        finally:
            for index in client.indices.get(index=f"{prefix}*", expand_wildcards="all"):
                client.indices.delete(index=index)
            templates = client.indices.get_index_template(name=f"fengsheng-{prefix}*")
            for template in templates["index_templates"]:
                client.indices.delete_index_template(name=template["name"])
