"""Installing is idempotent, tells what it did, and explains what stands in the way."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from config.settings import ElasticsearchSettings, GrafanaSettings, KibanaSettings, Settings
from dashboards import grafana, kibana
from dashboards.install import DashboardError, install_grafana, install_kibana
from dashboards.sources import SOURCES
from tests.dashboards.answering import Grafana, Kibana, serving

TOKEN = "secret-token"
ELASTIC = ElasticsearchSettings(
    url="http://elasticsearch:9200", username="reader", password=SecretStr("hush"), prefix="pr-"
)


def settings(
    grafana_url: str | None = None, kibana_url: str | None = None, token: str | None = TOKEN
) -> Settings:
    return Settings(
        elasticsearch=ELASTIC,
        grafana=GrafanaSettings(url=grafana_url, token=SecretStr(token) if token else None),
        kibana=KibanaSettings(url=kibana_url),
    )


@pytest.fixture
def closed() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def elsewhere() -> web.Application:
    """Something that is neither Grafana nor Kibana."""

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="<html>hello</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", hello)
    return app


async def test_grafana_gets_every_data_source_and_the_dashboard() -> None:
    server = Grafana()
    async with serving(server.app) as url:
        said = await install_grafana(settings(url))
    assert set(server.sources) == {source.uid for source in SOURCES}
    mentions = server.sources["fengsheng-mentions"]
    assert mentions["jsonData"]["index"] == "pr-mentions"
    assert mentions["basicAuthUser"] == "reader"
    assert mentions["secureJsonData"] == {"basicAuthPassword": "hush"}
    assert server.dashboards == {"fengsheng": grafana.build()}
    assert said[0].startswith("Grafana 13.1.2 at http://127.0.0.1:")
    assert said[1] == "data source fengsheng-mentions (pr-mentions) created"
    assert f"{url}/d/fengsheng" in said[-1]
    assert not any("hush" in line or TOKEN in line for line in said)


async def test_installing_twice_leaves_one_of_each() -> None:
    server = Grafana()
    async with serving(server.app) as url:
        await install_grafana(settings(url))
        said = await install_grafana(settings(url))
    assert len(server.sources) == len(SOURCES)
    assert server.versions == {"fengsheng": 2}
    assert sum(line.endswith("updated") for line in said) == len(SOURCES)


async def test_what_compose_provisioned_is_left_as_it_is() -> None:
    server = Grafana()
    server.provisioned = True
    server.sources = {source.uid: {"uid": source.uid, "name": source.name} for source in SOURCES}
    async with serving(server.app) as url:
        said = await install_grafana(settings(url))
    assert sum("provisioned from a file" in line for line in said) == len(SOURCES) + 1
    assert server.dashboards == {}


async def test_grafana_below_a_path() -> None:
    server = Grafana(path="/grafana")
    async with serving(server.app) as url:
        said = await install_grafana(settings(f"{url}/grafana"))
    assert server.dashboards
    assert f"{url}/grafana/d/fengsheng" in said[-1]


async def test_an_api_key_reaches_the_data_source_as_a_secret_header() -> None:
    server = Grafana()
    key = ElasticsearchSettings(url="http://elasticsearch:9200", api_key=SecretStr("k"))
    async with serving(server.app) as url:
        await install_grafana(settings(url).model_copy(update={"elasticsearch": key}))
    source = server.sources["fengsheng-dead"]
    assert source["jsonData"]["httpHeaderName1"] == "Authorization"
    assert source["secureJsonData"] == {"httpHeaderValue1": "ApiKey k"}
    assert not source["basicAuth"]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Grafana(token="another"), "does not know the token in FENGSHENG_GRAFANA__TOKEN"),
        (Grafana(role="Viewer"), "give its service account the role Admin"),
    ],
)
async def test_a_refusal_says_what_to_do(server: Grafana, expected: str) -> None:
    async with serving(server.app) as url:
        with pytest.raises(DashboardError, match=expected) as error:
            await install_grafana(settings(url))
    assert TOKEN not in str(error.value)


async def test_another_server_is_told_apart() -> None:
    async with serving(elsewhere()) as url:
        with pytest.raises(DashboardError, match=r"is not Grafana .*grafana\.url"):
            await install_grafana(settings(url))
        with pytest.raises(DashboardError, match=r"is not Kibana .*kibana\.url"):
            await install_kibana(settings(kibana_url=url))


async def test_grafana_behind_the_wrong_path_is_told_apart() -> None:
    async with serving(Grafana(path="/grafana").app) as url:
        with pytest.raises(DashboardError, match=r"is not Grafana \(404.*sub-path"):
            await install_grafana(settings(url))


async def test_nobody_there(closed: str) -> None:
    with pytest.raises(
        DashboardError, match=rf"Grafana can't be reached at {closed} .*FENGSHENG_GRAFANA__URL"
    ):
        await install_grafana(settings(closed))
    with pytest.raises(DashboardError, match=rf"Kibana can't be reached at {closed} .*FENGSHENG_KIBANA__URL"):
        await install_kibana(settings(kibana_url=closed))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (settings(None), "grafana.url is not set"),
        (settings("grafana:3000"), "grafana.url is no http address"),
        (settings("http://[::1"), "grafana.url is no http address"),
        (settings("http://127.0.0.1:9", token=None), "needs a token: in Grafana under Administration"),
        (Settings(grafana=GrafanaSettings(url="http://127.0.0.1:9")), "elasticsearch.url"),
    ],
)
async def test_what_is_missing_is_named(wrong: Settings, expected: str) -> None:
    with pytest.raises(DashboardError, match=expected):
        await install_grafana(wrong)


async def test_a_failing_grafana_is_reported() -> None:
    async def fail(request: web.Request) -> web.Response:
        return web.json_response({"message": "database is locked"}, status=500)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", fail)
    async with serving(app) as url:
        with pytest.raises(DashboardError, match=r"failed while .*database is locked"):
            await install_grafana(settings(url))


async def test_kibana_gets_views_and_search_with_the_prefix() -> None:
    server = Kibana(user=("reader", "hush"))
    async with serving(server.app) as url:
        said = await install_kibana(settings(kibana_url=url))
        again = await install_kibana(settings(kibana_url=url))
    views = {
        key[1]: item["attributes"]["title"] for key, item in server.saved.items() if key[0] == "index-pattern"
    }
    assert views["fengsheng-mentions"] == "pr-mentions"
    assert ("search", kibana.NEGATIVE_SEARCH) in server.saved
    assert said == again
    assert "imported 5 objects" in said[0]
    assert "负面提及" in said[0]
    assert said[1].endswith("/app/discover#/view/fengsheng-negative")


async def test_kibana_refuses_the_credentials() -> None:
    async with serving(Kibana(user=("reader", "other")).app) as url:
        with pytest.raises(DashboardError, match=r"refuses the credentials .*kibana_admin") as error:
            await install_kibana(settings(kibana_url=url))
    assert "hush" not in str(error.value)


async def test_kibana_still_starting() -> None:
    server = Kibana()
    server.starting = True
    async with serving(server.app) as url:
        with pytest.raises(DashboardError, match="still starting"):
            await install_kibana(settings(kibana_url=url))


async def test_kibana_that_imports_only_some_is_an_error() -> None:
    body: dict[str, Any] = {"success": False, "successCount": 4}
    body["errors"] = [{"id": "fengsheng-negative", "error": {"type": "missing_references"}}]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body)

    app = web.Application()
    app.router.add_post("/api/saved_objects/_import", answer)
    async with serving(app) as url:
        with pytest.raises(DashboardError, match="fengsheng-negative: missing_references"):
            await install_kibana(settings(kibana_url=url))
