"""One Elasticsearch cluster: every request goes through `Cluster.call`, which retries and explains."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final
from urllib.parse import urlsplit

from elastic_transport import ConnectionError as NotConnected
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch, UnsupportedProductError

from config.addresses import has_credentials, masked
from config.language import Both, said
from config.settings import ElasticsearchSettings
from streams.index.base import IndexUnavailable

RETRYABLE: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses that time may heal: too busy, restarting, no primary shard yet, disk nearly full."""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_ADDRESS: Final = "elasticsearch.url (FENGSHENG_ELASTICSEARCH__URL)"
_SECRETS: Final = "FENGSHENG_ELASTICSEARCH__API_KEY, or FENGSHENG_ELASTICSEARCH__USERNAME and __PASSWORD"


def _where(url: str) -> str:
    """The address as messages show it: a password may stand in it."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:  # a port that is none, as where a password holds a slash
        return masked(url)


class Pauses:
    """Growing, jittered pauses between tries, until `patience` seconds have passed."""

    def __init__(self, patience: float) -> None:
        self._end = time.monotonic() + patience
        self._next = _FIRST_PAUSE

    async def wait(self) -> bool:
        """Pause and return True, or return False at once where the patience is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            return False
        pause = self._next * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, not a secret
        await asyncio.sleep(min(pause, left))
        self._next = min(self._next * 2, _LONGEST_PAUSE)
        return True


class Cluster:
    """A connection to Elasticsearch whose failures are `IndexUnavailable` with a reason.

    Parameters
    ----------
    settings : address and credentials; `url` must be set.
    patience : seconds for which a failing request is tried again.
    request_timeout : seconds after which one request counts as lost.
    """

    def __init__(
        self, settings: ElasticsearchSettings, patience: float = 10.0, request_timeout: float = 30.0
    ) -> None:
        if settings.url is None:
            raise IndexUnavailable(
                Both(
                    f"没有 Elasticsearch 的地址：请设置 {_ADDRESS}",
                    f"Elasticsearch has no address: set {_ADDRESS}",
                )
            )
        self.where = _where(settings.url)
        self.patience = patience
        options: dict[str, Any] = {}
        if settings.api_key is not None:
            options["api_key"] = settings.api_key.get_secret_value()
        elif settings.username is not None and settings.password is not None:
            options["basic_auth"] = (settings.username, settings.password.get_secret_value())
        try:
            self.client = AsyncElasticsearch(
                settings.url,
                max_retries=0,
                retry_on_timeout=False,
                request_timeout=request_timeout,
                **options,
            )
        except ValueError as error:
            # What it says may quote a part of a password that it took for a port.
            why = type(error).__name__ if has_credentials(settings.url, address=True) else str(error)
            raise IndexUnavailable(
                Both(
                    f"{_ADDRESS} 写的是 {self.where}，不是地址（{why}）：请写成 http://host:9200 的样子",
                    f"{_ADDRESS} is {self.where}, which is no address ({why}): write it like http://host:9200",
                )
            ) from None

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def call(
        self,
        what: str,
        request: Callable[[], Awaitable[Any]],
        accept: Collection[int] = (),
        patience: float | None = None,
    ) -> Any:
        """Return the body of the answer to `request`, trying again while that may help.

        Parameters
        ----------
        what : continues "while …" in messages.
        accept : statuses whose `elasticsearch.ApiError` the caller handles.
        patience : seconds of trying; the cluster's own where absent.

        Raises
        ------
        IndexUnavailable
            It did not work in time, or never will.
        """
        pauses = Pauses(self.patience if patience is None else patience)
        while True:
            try:
                answer = await request()
            except (UnsupportedProductError, TlsError) as error:
                problem, hopeful = self._unreachable(error), False
            except ApiError as error:
                if error.status_code in accept:
                    raise
                problem, hopeful = self._told(error), error.status_code in RETRYABLE
            except TransportError as error:
                problem, hopeful = (
                    self._unreachable(error),
                    isinstance(error, NotConnected | ConnectionTimeout),
                )
            else:
                return answer.body
            if not hopeful or not await pauses.wait():
                raise IndexUnavailable(Both(f"{said(problem, 'zh')}（{what}）", f"{problem} (while {what})"))

    def _unreachable(self, error: Exception) -> str:
        if isinstance(error, UnsupportedProductError):
            return Both(
                f"{self.where} 处应答的不是 Elasticsearch：请把 {_ADDRESS} 设为它的地址",
                f"what answers at {self.where} is not Elasticsearch: set {_ADDRESS} to its address",
            )
        if isinstance(error, TlsError):
            return Both(
                f"与 {self.where} 处的 Elasticsearch 建不成加密连接：{error.message}；"
                "请让 SSL_CERT_FILE 指向签发其证书的机构的证书文件",
                f"no secure connection to Elasticsearch at {self.where}: {error.message}; "
                "let SSL_CERT_FILE name the file of the authority that signed its certificate",
            )
        if isinstance(error, ConnectionTimeout):
            return Both(
                f"{self.where} 处的 Elasticsearch 没有及时应答；请看它的日志与负载",
                f"Elasticsearch at {self.where} does not answer in time; see its log and its load",
            )
        why = getattr(error, "message", error)
        return Both(
            f"连不上 {self.where} 处的 Elasticsearch：{why}；请启动它，或改正 {_ADDRESS}",
            f"Elasticsearch can't be reached at {self.where}: {why}; start it, or correct {_ADDRESS}",
        )

    def _told(self, error: ApiError) -> str:
        reason = reason_of(error.body)
        if error.status_code in (401, 403) and "cluster_block_exception" not in reason:
            return Both(
                f"{self.where} 处的 Elasticsearch 不认这份凭据：{reason}；请设置 {_SECRETS}",
                f"Elasticsearch at {self.where} refuses the credentials: {reason}; set {_SECRETS}",
            )
        return f"Elasticsearch at {self.where} answered {error.status_code}: {reason}{remedy(reason)}"


def reason_of(body: Any) -> str:
    """Return Elasticsearch's own words for an error: type, reason, and the cause below it."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error)[:300]
    cause = error.get("caused_by")
    below = f" ({cause.get('reason')})" if isinstance(cause, dict) and cause.get("reason") else ""
    return f"{error.get('type')}: {error.get('reason')}{below}"


def remedy(reason: str) -> str:
    """Return what to do about a reason that is known, beginning with a semicolon; else nothing."""
    if "flood-stage" in reason or "read-only" in reason or "disk usage" in reason:
        return "; free disk space on the cluster's nodes (`fengsheng retention` drops what has expired)"
    if "maximum" in reason and "shards" in reason:
        return "; raise cluster.max_shards_per_node, or drop old months with `fengsheng retention`"
    if "es_rejected_execution" in reason or "circuit_breaking" in reason:
        return "; the cluster is overloaded: give it more memory or write with fewer workers"
    return ""
