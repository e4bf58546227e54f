"""Set a cluster up: index templates, aliases and the indices that are not monthly.

Only what every Elasticsearch has is used. What a fuller one does better, a Chinese analyzer, is
taken after asking the cluster itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from elasticsearch import ApiError

from config.settings import ElasticsearchSettings
from streams.index.base import IndexUnavailable
from streams.index.cluster import Cluster, reason_of
from streams.index.mapping import FORMAT, MONTHLY, SINGLE, mapping_of

CHINESE: Final = ("ik_max_word", "smartcn", "cjk", "standard")
"""Analyzers for `text`, best first; every cluster has the last."""

_PRIORITY: Final = 300  # above Elastic's own templates (100 to 200)
_WORDS: Final = {"type": "custom", "tokenizer": "whitespace", "filter": ["lowercase"]}


@dataclass(frozen=True)
class Names:
    """How everything is called in the cluster."""

    prefix: str

    def index(self, kind: str, month: str | None = None) -> str:
        """Return the name of an index, or without a month that of the alias or single index."""
        return f"{self.prefix}{kind}" if month is None else f"{self.prefix}{kind}-{month}"

    def pattern(self, kind: str) -> str:
        """Return the pattern that the template of `kind` applies to."""
        return f"{self.prefix}{kind}-*" if kind in MONTHLY else f"{self.prefix}{kind}"

    def template(self, kind: str) -> str:
        """Return the name of the template of `kind`."""
        return f"fengsheng-{self.prefix}{kind}"


async def _analyzes(cluster: Cluster, **how: Any) -> bool:
    try:
        await cluster.call(
            "asking for an analyzer", lambda: cluster.client.indices.analyze(text="退款", **how), {400}
        )
    except ApiError:
        return False
    return True


async def analyzers(cluster: Cluster) -> tuple[str, bool]:
    """Return the best Chinese analyzer the cluster has, and whether it can lower-case words.

    A cluster without the whitespace tokenizer still has the analyzer of that name; then words rely
    on being folded already, which they are.
    """
    for name in CHINESE:
        if name == CHINESE[-1] or await _analyzes(cluster, analyzer=name):
            break
    return name, await _analyzes(cluster, tokenizer="whitespace", filter=["lowercase"])


def template_of(
    kind: str, names: Names, settings: ElasticsearchSettings, text: str, lowers: bool
) -> dict[str, Any]:
    """Return the index template of `kind`."""
    index: dict[str, Any] = {
        "number_of_shards": settings.shards if kind in MONTHLY else 1,
        "number_of_replicas": settings.replicas,
        # Set outright, so that a shard nobody searches refreshes as well.
        "refresh_interval": "1s",
    }
    if lowers and kind == "mentions":
        index["analysis"] = {"analyzer": {"words": _WORDS}}
    words = "words" if lowers else "whitespace"
    template: dict[str, Any] = {"settings": {"index": index}, "mappings": mapping_of(kind, text, words)}
    if kind in MONTHLY:
        template["aliases"] = {names.index(kind): {}}
    return {
        "index_patterns": [names.pattern(kind)],
        "priority": _PRIORITY,
        "template": template,
        "meta": {"fengsheng_format": FORMAT, "made_by": "fengsheng setup"},
    }


async def install(cluster: Cluster, names: Names, settings: ElasticsearchSettings) -> list[str]:
    """Install templates and indices, bring existing ones up to date, and say what was done.

    Raises
    ------
    IndexUnavailable
        An index of one of our names is somebody else's, or was made by a newer Fengsheng.
    """
    client = cluster.client
    text, lowers = await analyzers(cluster)
    said = [f"text is analysed with {text}, the best Chinese analyzer of this cluster"]
    for kind in (*MONTHLY, *SINGLE):
        await _check_alias_free(cluster, names, kind)
        body = template_of(kind, names, settings, text, lowers)
        await cluster.call(
            f"putting the template {names.template(kind)}",
            partial(client.indices.put_index_template, name=names.template(kind), **body),
        )
        said.append(f"template {names.template(kind)} for {names.pattern(kind)}")
        if kind in SINGLE and await create(cluster, names.index(kind)):
            said.append(f"index {names.index(kind)} created")
        said += await _update(cluster, names, kind, body["template"]["mappings"]["properties"])
    return said


async def create(cluster: Cluster, index: str) -> bool:
    """Create an index by its template; return False where it is there already."""
    try:
        await cluster.call(
            f"creating the index {index}", lambda: cluster.client.indices.create(index=index), {400}
        )
    except ApiError as error:
        if "resource_already_exists_exception" not in str(error.body):
            raise IndexUnavailable(
                f"Elasticsearch at {cluster.where} can't create {index}: {reason_of(error.body)}"
            ) from None
        return False
    return True


async def _check_alias_free(cluster: Cluster, names: Names, kind: str) -> None:
    if kind not in MONTHLY:
        return
    alias = names.index(kind)
    found = await _or_empty(
        cluster, f"looking for {alias}", lambda: cluster.client.indices.get_alias(index=alias)
    )
    if alias in found:
        raise IndexUnavailable(
            f"Elasticsearch at {cluster.where} has an index named {alias}, where Fengsheng needs "
            "an alias of that name: rename that index, or set elasticsearch.prefix to something of your own"
        )


async def _update(cluster: Cluster, names: Names, kind: str, wanted: Mapping[str, Any]) -> list[str]:
    """Add to existing indices of `kind` the fields that they lack."""
    mappings = await _or_empty(
        cluster,
        f"reading the mapping of {names.pattern(kind)}",
        lambda: cluster.client.indices.get_mapping(index=names.pattern(kind)),
    )
    said = []
    for index, found in sorted(mappings.items()):
        mapping = found["mappings"]
        check_format(cluster, f"the index {index}", mapping.get("_meta"))
        missing = _missing(mapping, wanted)
        if missing:
            await cluster.call(
                f"adding fields to {index}",
                partial(cluster.client.indices.put_mapping, index=index, properties=missing),
            )
            said.append(f"index {index} gained {', '.join(missing)}")
    return said


def _missing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted fields that are not in `found`, or lack one of their own, as an incident's signal may."""
    known = found.get("properties", {})
    return {
        name: field
        for name, field in wanted.items()
        if name not in known or _missing(known[name], field.get("properties", {}))
    }


def check_format(cluster: Cluster, thing: str, meta: Mapping[str, Any] | None) -> None:
    """Raise `IndexUnavailable` where `thing` is not ours, or of a format that came later."""
    found = (meta or {}).get("fengsheng_format")
    if not isinstance(found, int):
        raise IndexUnavailable(
            f"{thing} in Elasticsearch at {cluster.where} was not made by `fengsheng setup`: "
            "rename or remove it, or set elasticsearch.prefix to something of your own"
        )
    if found > FORMAT:
        raise IndexUnavailable(
            f"{thing} in Elasticsearch at {cluster.where} has format {found}, made by a newer Fengsheng; "
            f"this one knows format {FORMAT}: upgrade this one"
        )


async def check_installed(cluster: Cluster, names: Names) -> None:
    """Raise `IndexUnavailable` unless `install` has been here, lest writing invents mappings."""
    pattern = names.template("*")
    found = await _or_empty(
        cluster,
        "looking for the index templates",
        lambda: cluster.client.indices.get_index_template(name=pattern),
    )
    templates = {entry["name"]: entry["index_template"] for entry in found.get("index_templates", [])}
    for kind in (*MONTHLY, *SINGLE):
        name = names.template(kind)
        if name not in templates:
            raise IndexUnavailable(
                f"Elasticsearch at {cluster.where} is not set up (no index template {name}): "
                "run `fengsheng setup`"
            )
        check_format(cluster, f"the index template {name}", templates[name].get("_meta"))


async def indices_of(cluster: Cluster, names: Names, kind: str) -> Sequence[str]:
    """Return the names of the concrete indices of `kind`."""
    found = await _or_empty(
        cluster,
        f"listing {names.pattern(kind)}",
        lambda: cluster.client.indices.get_alias(index=names.pattern(kind)),
    )
    return sorted(found)


async def _or_empty(cluster: Cluster, what: str, request: Any) -> dict[str, Any]:
    try:
        body: dict[str, Any] = await cluster.call(what, request, {404})
    except ApiError:
        return {}
    return body
