"""Install the dashboards where the settings say, and tell what was done; running it again is harmless."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from grafana_client import AsyncGrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaTimeoutError
from niquests.exceptions import JSONDecodeError, RequestException

from config.settings import ElasticsearchSettings, Settings
from dashboards import grafana, kibana
from dashboards.errors import DashboardError, not_it, unreachable
from dashboards.sources import SOURCES, Source, payload

__all__ = ["DashboardError", "install_grafana", "install_kibana"]

TIMEOUT: Final = 10.0
"""Seconds that a server may take for one answer."""

_SECRET: Final = "FENGSHENG_GRAFANA__TOKEN"  # noqa: S105 - the variable's name
_HOW: Final = "in Grafana under Administration, Users and access, Service accounts, add one with the role Admin and a token"


async def install_grafana(settings: Settings) -> list[str]:
    """Bring the data sources and the dashboard into Grafana; return what was done, a sentence each.

    Needs ``grafana.url``, the token of a service account with the role Admin in
    ``FENGSHENG_GRAFANA__TOKEN``, and ``elasticsearch.url`` for the data sources.

    Raises
    ------
    DashboardError
        Something of that is missing, or Grafana is not there or refuses.
    """
    url, where = _address(settings.grafana.url, "grafana.url", "http://127.0.0.1:3000")
    if settings.elasticsearch.url is None:
        raise DashboardError(
            "Grafana's panels read Elasticsearch, and elasticsearch.url (FENGSHENG_ELASTICSEARCH__URL) is not set"
        )
    if settings.grafana.token is None:
        raise DashboardError(f"Grafana at {where} needs a token: {_HOW}, and set {_SECRET} to it")
    # The client joins a sub-path and "api" as they are, so the path must end in a slash.
    api = AsyncGrafanaApi.from_url(
        f"{url}/", credential=settings.grafana.token.get_secret_value(), timeout=TIMEOUT
    )
    try:
        health = await _asked(where, "asking for its health", lambda: api.client.GET("/health"))
        if not isinstance(health, dict) or "database" not in health:
            raise not_it("Grafana", where, "no health report", "grafana.url")
        said = [f"Grafana {health.get('version', '')} at {where} answers".replace("  ", " ")]
        for source in SOURCES:
            said.append(await _data_source(api, where, source, settings.elasticsearch))
        body = {"dashboard": grafana.build(), "overwrite": True, "message": "fengsheng setup"}
        saved = await _asked(
            where, "saving the dashboard", lambda: api.dashboard.update_dashboard(body), _PROVISIONED
        )
        if saved is None:
            said.append("the dashboard is provisioned from a file and was left as it is")
        else:
            said.append(f"dashboard saved, version {saved.get('version')}: {where}/d/{grafana.UID}")
    finally:
        await api.client.s.close()
    return said


_PROVISIONED: Final = "provisioned"


async def _data_source(
    api: AsyncGrafanaApi, where: str, source: Source, elasticsearch: ElasticsearchSettings
) -> str:
    body = payload(source, elasticsearch)
    what = f"data source {source.uid} ({body['jsonData']['index']})"
    found = await _asked(
        where, f"looking for {what}", lambda: api.datasource.get_datasource_by_uid(source.uid), status=404
    )
    if found is None:
        await _asked(where, f"creating {what}", lambda: api.datasource.create_datasource(body))
        return f"{what} created"
    if found.get("readOnly"):
        return f"{what} is provisioned from a file and was left as it is"
    await _asked(where, f"updating {what}", lambda: api.datasource.update_datasource_by_uid(source.uid, body))
    return f"{what} updated"


async def _asked(
    where: str,
    doing: str,
    request: Callable[[], Awaitable[Any]],
    tolerated: str | None = None,
    status: int | None = None,
) -> Any:
    """Return the answer of `request`, None where it failed with `status` or words that are `tolerated`."""
    try:
        return await request()
    except GrafanaTimeoutError:
        raise unreachable("Grafana", where, f"no answer in {TIMEOUT:.0f} s", "grafana.url") from None
    except GrafanaClientError as error:
        if error.status_code == status or (tolerated and tolerated in str(error)):
            return None
        raise _refused(where, doing, error) from None
    except GrafanaException as error:
        raise DashboardError(f"Grafana at {where} failed while {doing}: {error.message}") from None
    except JSONDecodeError:
        raise not_it("Grafana", where, "no JSON", "grafana.url") from None
    except (RequestException, OSError) as error:
        raise unreachable("Grafana", where, type(error).__name__, "grafana.url") from None


def _refused(where: str, doing: str, error: GrafanaClientError) -> DashboardError:
    if error.status_code == 401:
        return DashboardError(f"Grafana at {where} does not know the token in {_SECRET}: {_HOW}")
    if error.status_code == 403:
        return DashboardError(
            f"Grafana at {where} does not let the token's account go on (while {doing}): give its service account "
            "the role Admin"
        )
    if error.status_code == 404:
        return not_it("Grafana", where, "404 Not Found", "grafana.url")
    return DashboardError(f"Grafana at {where} refused while {doing}: {error.message}")


async def install_kibana(settings: Settings) -> list[str]:
    """Import the data views and the saved search into Kibana; return what was done, a sentence each.

    Kibana takes the credentials of Elasticsearch's users, so those of ``elasticsearch`` are used; the
    user needs Kibana's privilege for saved objects (the roles ``kibana_admin`` or ``editor``).

    Raises
    ------
    DashboardError
        ``kibana.url`` is missing, or Kibana is not there, not ready, or refuses.
    """
    url, where = _address(settings.kibana.url, "kibana.url", "http://127.0.0.1:5601")
    form = aiohttp.FormData()
    form.add_field(
        "file",
        kibana.render(settings.elasticsearch.prefix).encode(),
        filename="fengsheng.ndjson",
        content_type="application/ndjson",
    )
    address = f"{url}/api/saved_objects/_import?overwrite=true"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3 * TIMEOUT)) as session,
            session.post(
                address, data=form, headers={"kbn-xsrf": "fengsheng"} | _authorization(settings)
            ) as answer,
        ):
            status, text = answer.status, await answer.text(errors="replace")
            try:
                body = await answer.json(content_type=None)
            except ValueError:
                body = None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise unreachable("Kibana", where, type(error).__name__, "kibana.url") from None
    return _imported(where, url, status, text, body)


def _authorization(settings: Settings) -> dict[str, str]:
    elastic = settings.elasticsearch
    if elastic.api_key is not None:
        return {"Authorization": f"ApiKey {elastic.api_key.get_secret_value()}"}
    if elastic.username is not None and elastic.password is not None:
        # aiohttp's own helper for this differs between the versions that are allowed.
        pair = f"{elastic.username}:{elastic.password.get_secret_value()}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _imported(where: str, url: str, status: int, text: str, body: Any) -> list[str]:
    if status in (401, 403):
        raise DashboardError(
            f"Kibana at {where} refuses the credentials ({status}): set FENGSHENG_ELASTICSEARCH__API_KEY, or "
            "FENGSHENG_ELASTICSEARCH__USERNAME and __PASSWORD, to a user with the role kibana_admin"
        )
    if status == 503 or "not ready yet" in text:
        raise DashboardError(f"Kibana at {where} is still starting: wait a minute and run it again")
    if not isinstance(body, dict) or ("success" not in body and status < 500):
        raise not_it("Kibana", where, f"status {status}", "kibana.url")
    if not body.get("success"):
        reasons = "; ".join(
            f"{error.get('id')}: {error.get('error', {}).get('message') or error.get('error', {}).get('type')}"
            for error in body.get("errors", [])
        )
        reason = reasons or body.get("message") or f"status {status}"
        raise DashboardError(f"Kibana at {where} did not import everything: {reason}")
    names = [saved["attributes"].get("name") or saved["attributes"]["title"] for saved in kibana.build()]
    return [
        f"Kibana at {where} imported {body['successCount']} objects: {', '.join(names)}",
        f"saved search: {where}/app/discover#/view/{kibana.NEGATIVE_SEARCH}",
    ]


def _address(url: str | None, key: str, example: str) -> tuple[str, str]:
    """Return the address without a final slash, and the one that may stand in a message."""
    variable = f"FENGSHENG_{key.upper().replace('.', '__')}"
    if not url:
        raise DashboardError(f"{key} is not set: give its address, like {example} ({variable})")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise DashboardError(f"{key} is no http address: write it like {example} ({variable})")
    where = f"{parts.scheme}://{host}" + (f":{port}" if port else "") + parts.path.rstrip("/")
    return url.rstrip("/"), where
