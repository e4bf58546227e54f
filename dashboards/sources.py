"""Grafana's data sources: one an index, because Grafana filters by one time field a data source.

Whatever a panel asks, Grafana's Elasticsearch data source narrows the time range by the field that the data
source names, never by one of the panel; so mentions, signals, incidents and dead letters are a source each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from config.settings import ElasticsearchSettings

TYPE: Final = "elasticsearch"
FOLDER: Final = "fengsheng"


@dataclass(frozen=True)
class Source:
    """One data source.

    Attributes
    ----------
    uid : identity in Grafana; panels refer to it.
    name : what Grafana lists.
    index : alias or index in Elasticsearch, without the prefix of ``elasticsearch.prefix``.
    time_field : date field that the dashboard's time range applies to.
    interval : shortest width of one bucket in time, in Grafana's notation.
    """

    uid: str
    name: str
    index: str
    time_field: str
    interval: str


MENTIONS: Final = Source("fengsheng-mentions", "风声 提及 mentions", "mentions", "created_at", "1m")
SIGNALS: Final = Source("fengsheng-signals", "风声 信号 signals", "signals", "at", "10s")
INCIDENTS: Final = Source("fengsheng-incidents", "风声 事件 incidents", "incidents", "started_at", "1m")
DEAD: Final = Source("fengsheng-dead", "风声 死信 dead letters", "dead", "at", "1m")
SOURCES: Final = (MENTIONS, SIGNALS, INCIDENTS, DEAD)


def payload(source: Source, elasticsearch: ElasticsearchSettings) -> dict[str, Any]:
    """Return the body of Grafana's ``POST /api/datasources`` for `source`.

    Grafana must reach Elasticsearch under the same address and credentials as Fengsheng does.
    """
    body: dict[str, Any] = {
        "uid": source.uid,
        "name": source.name,
        "type": TYPE,
        "access": "proxy",
        "url": elasticsearch.url,
        "isDefault": False,
        "basicAuth": False,
        "jsonData": json_data(source, elasticsearch.prefix),
    }
    if elasticsearch.api_key is not None:
        body["jsonData"]["httpHeaderName1"] = "Authorization"
        key = elasticsearch.api_key.get_secret_value()
        body["secureJsonData"] = {"httpHeaderValue1": f"ApiKey {key}"}
    elif elasticsearch.username is not None and elasticsearch.password is not None:
        body |= {"basicAuth": True, "basicAuthUser": elasticsearch.username}
        body["secureJsonData"] = {"basicAuthPassword": elasticsearch.password.get_secret_value()}
    return body


def json_data(source: Source, prefix: str = "") -> dict[str, Any]:
    """Return the ``jsonData`` of `source`, the same in the provisioning file and through the API."""
    return {
        "index": prefix + source.index,
        "timeField": source.time_field,
        "timeInterval": source.interval,
        "maxConcurrentShardRequests": 5,
    }
