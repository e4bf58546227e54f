"""What only a cluster can suffer: not there, not set up, busy, or somebody else's."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from elasticsearch import AsyncElasticsearch
from pydantic import SecretStr

from config.settings import ElasticsearchSettings
from streams.index.base import IndexUnavailable
from streams.index.elastic import ElasticIndex
from streams.index.mapping import FORMAT, MONTHLY, SINGLE, mapping_of
from tests.streams.index.records import NOON, incident, mention, score, signal

real = pytest.mark.elasticsearch


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_no_server_is_told_at_once_and_without_the_password() -> None:
    port = closed_port()
    url = f"http://elastic:hunter2@127.0.0.1:{port}"
    index = ElasticIndex(ElasticsearchSettings(url=url, api_key=SecretStr("key2")))
    began = time.monotonic()
    with pytest.raises(IndexUnavailable) as caught:
        await index.open()
    assert time.monotonic() - began < 5
    told = str(caught.value)
    assert f"http://127.0.0.1:{port}" in told
    assert "FENGSHENG_ELASTICSEARCH__URL" in told
    assert "hunter2" not in told
    assert "key2" not in told


@pytest.mark.parametrize("url", [None, "127.0.0.1:9200", "http://"])
async def test_no_address_is_told(url: str | None) -> None:
    with pytest.raises(IndexUnavailable, match=r"elasticsearch\.url"):
        await ElasticIndex(ElasticsearchSettings(url=url)).open()


async def test_what_is_not_elasticsearch_is_told() -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.json_response({"hello": "world"})

    async with serving(hello) as url:
        with pytest.raises(IndexUnavailable, match="is not Elasticsearch"):
            await ElasticIndex(ElasticsearchSettings(url=url)).open()


class serving:  # noqa: N801 - reads as a verb
    """Serve one handler on a free port."""

    def __init__(self, handler: Callable[[web.Request], Any]) -> None:
        self._handler = handler

    async def __aenter__(self) -> str:
        app = web.Application(client_max_size=100 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handler)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


class Weather:
    """Between us and the real server: answers the next bulk requests with trouble, passes on the rest."""

    def __init__(self, server: str) -> None:
        self._server = server
        self.trouble: list[int] = []
        self.always: int | None = None
        self.bulks = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("_bulk"):
            self.bulks += 1
            status = self.trouble.pop(0) if self.trouble else self.always
            if status == 0:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            if status is not None:
                error = {"error": {"type": "es_rejected_execution_exception", "reason": "queue full"}}
                return web.json_response(error, status=status, headers={"X-elastic-product": "Elasticsearch"})
        headers = {
            name: request.headers[name] for name in ("Accept", "Content-Type") if name in request.headers
        }
        async with (
            ClientSession() as session,
            session.request(
                request.method, self._server + request.raw_path, data=await request.read(), headers=headers
            ) as answer,
        ):
            headers = {name: answer.headers[name] for name in ("X-elastic-product", "Content-Type")}
            return web.Response(body=await answer.read(), status=answer.status, headers=headers)


@pytest_asyncio.fixture
async def index(elastic_settings: ElasticsearchSettings) -> AsyncIterator[ElasticIndex]:
    index = ElasticIndex(elastic_settings, page=3)
    await index.open()
    yield index
    await index.close()


@pytest_asyncio.fixture
async def client(elastic_settings: ElasticsearchSettings) -> AsyncIterator[AsyncElasticsearch]:
    async with AsyncElasticsearch(elastic_settings.url) as client:
        yield client


@real
async def test_without_setup_nothing_is_written_or_read(
    index: ElasticIndex, client: AsyncElasticsearch, elastic_settings: ElasticsearchSettings
) -> None:
    for attempt in (index.write_mentions([mention(1)]), index.counts(), index.incident("x")):
        with pytest.raises(IndexUnavailable, match="run `fengsheng setup`"):
            await attempt
    assert not (await client.indices.get_alias(index=f"{elastic_settings.prefix}*")).body


@real
async def test_setup_says_what_it_did_and_may_run_again(index: ElasticIndex) -> None:
    said = await index.setup()
    assert said[0].startswith("text is analysed with ")
    assert len([line for line in said if line.startswith("template ")]) == len(MONTHLY) + len(SINGLE)
    assert len([line for line in said if line.endswith(" created")]) == len(SINGLE)
    await index.write_mentions([mention(1)])
    again = await index.setup()
    assert not [line for line in again if line.endswith(" created")]


@real
async def test_months_lie_behind_their_aliases(
    index: ElasticIndex, client: AsyncElasticsearch, elastic_settings: ElasticsearchSettings
) -> None:
    await index.setup()
    await index.write_mentions([mention(1), mention(2, at=NOON + 86_400)])
    await index.write_signals([signal(NOON)])
    prefix = elastic_settings.prefix
    aliased = await client.indices.get_alias(name=f"{prefix}mentions")
    assert sorted(aliased) == [f"{prefix}mentions-2025.11", f"{prefix}mentions-2025.12"]
    assert sorted(await client.indices.get_alias(name=f"{prefix}signals")) == [f"{prefix}signals-2025.11"]
    mapping = (await client.indices.get_mapping(index=f"{prefix}mentions-2025.11")).body
    assert mapping[f"{prefix}mentions-2025.11"]["mappings"]["dynamic"] == "strict"
    assert mapping[f"{prefix}mentions-2025.11"]["mappings"]["properties"]["created_at"]["type"] == "date"


@real
async def test_an_item_the_mapping_refuses_fails_alone(index: ElasticIndex) -> None:
    await index.setup()
    odd = mention(1, score=score(emotions={"bored": 0.5}))
    big = mention(2, followers=2**70)
    failures = await index.write_mentions([odd, mention(3), big])
    assert [failure.id for failure in failures] == ["weibo:1", "weibo:2"]
    assert failures[0].code == "strict_dynamic_mapping_exception"
    assert "bored" in failures[0].reason
    assert "followers" in failures[1].reason
    assert await index.search(None) == [mention(3)]


@real
async def test_a_failed_move_keeps_the_mention_where_it_was(index: ElasticIndex) -> None:
    await index.setup()
    await index.write_mentions([mention(1)])
    [failure] = await index.write_mentions([mention(1, at=NOON + 86_400, followers=2**70)])
    assert failure.id == "weibo:1"
    assert await index.mentions(["weibo:1"]) == {"weibo:1": mention(1)}
    assert (await index.counts())["mentions"] == 1


@real
async def test_trouble_that_passes_is_waited_for(elastic_settings: ElasticsearchSettings) -> None:
    weather = Weather(str(elastic_settings.url))
    async with serving(weather.handle) as url:
        index = ElasticIndex(elastic_settings.model_copy(update={"url": url}))
        await index.open()
        await index.setup()
        weather.trouble = [429, 503, 0]
        assert await index.write_mentions([mention(1)]) == []
        assert weather.bulks == 4
        assert await index.search(None) == [mention(1)]
        await index.close()


@real
async def test_trouble_that_stays_is_told(elastic_settings: ElasticsearchSettings) -> None:
    weather = Weather(str(elastic_settings.url))
    async with serving(weather.handle) as url:
        index = ElasticIndex(elastic_settings.model_copy(update={"url": url}), patience=0.3)
        await index.open()
        await index.setup()
        weather.always = 429
        with pytest.raises(IndexUnavailable, match=r"429.*queue full.*overloaded.*writing 1 documents"):
            await index.write_mentions([mention(1)])
        assert weather.bulks > 1
        await index.close()


@real
async def test_a_request_too_large_for_a_proxy_is_halved(elastic_settings: ElasticsearchSettings) -> None:
    weather = Weather(str(elastic_settings.url))
    async with serving(weather.handle) as url:
        index = ElasticIndex(elastic_settings.model_copy(update={"url": url}))
        await index.open()
        await index.setup()
        weather.trouble = [413, 413]
        batch = [mention(n, at=NOON + n) for n in range(4)]
        assert await index.write_mentions(batch) == []
        assert weather.bulks == 5
        assert await index.search(None) == batch[::-1]
        weather.always = 413
        [failure] = await index.write_mentions([mention(9)])
        assert failure.code == "too_large"
        await index.close()


@real
async def test_a_scan_goes_on_after_the_server_forgot_it(
    index: ElasticIndex, client: AsyncElasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index.setup()
    batch = [mention(n, at=NOON + n // 2) for n in range(8)]
    await index.write_mentions(batch)
    opened: list[str] = []
    open_one = index._reader._open

    async def remembering(name: str) -> str | None:
        pit = await open_one(name)
        opened.append(str(pit))
        return pit

    monkeypatch.setattr(index._reader, "_open", remembering)
    found = []
    async for hit in index.recent("tea", 0, 4e9):
        found.append(hit)
        if len(found) == 2:
            await client.close_point_in_time(id=opened[0])
    assert found == batch
    assert len(opened) == 2


@real
async def test_an_index_in_the_place_of_an_alias_is_told(
    index: ElasticIndex, client: AsyncElasticsearch, elastic_settings: ElasticsearchSettings
) -> None:
    await client.indices.create(index=f"{elastic_settings.prefix}mentions")
    with pytest.raises(IndexUnavailable, match=r"elasticsearch\.prefix"):
        await index.setup()


@real
async def test_what_an_older_version_made_gains_new_fields_however_deep(
    index: ElasticIndex, client: AsyncElasticsearch, elastic_settings: ElasticsearchSettings
) -> None:
    older = mapping_of("incidents", "standard", "standard")
    for name in ("ramp", "event", "evidence_negative"):
        del older["properties"]["signal"]["properties"][name]
    await client.indices.create(index=f"{elastic_settings.prefix}incidents", mappings=older)
    assert f"index {elastic_settings.prefix}incidents gained signal" in await index.setup()
    with_signal = incident(1, 1, signal=signal(NOON, ramp=2.5))
    assert await index.write_incidents([with_signal]) == []
    assert await index.incident(with_signal.id) == with_signal


@real
async def test_what_a_newer_version_made_is_left_alone(
    index: ElasticIndex, client: AsyncElasticsearch, elastic_settings: ElasticsearchSettings
) -> None:
    await index.setup()
    name = f"fengsheng-{elastic_settings.prefix}signals"
    pattern = f"{elastic_settings.prefix}signals-*"
    newer = {"fengsheng_format": FORMAT + 1}
    await client.indices.put_index_template(name=name, index_patterns=[pattern], priority=300, meta=newer)
    with pytest.raises(IndexUnavailable, match="newer Fengsheng"):
        await index.write_mentions([mention(1)])
    await client.indices.create(index=f"{elastic_settings.prefix}signals-2031.01", mappings={"_meta": newer})
    with pytest.raises(IndexUnavailable, match="newer Fengsheng"):
        await index.setup()
