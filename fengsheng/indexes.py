"""Open the index that the settings name: Elasticsearch, or the embedded one."""

from __future__ import annotations

from config.settings import Settings
from streams.index.base import Index
from streams.index.sqlite import SqliteIndex


def open_index(settings: Settings) -> Index:
    """Return the index, not yet opened."""
    if settings.elasticsearch.url is not None:
        # Its client takes longest of all to import, and every command would wait for it.
        from streams.index.elastic import ElasticIndex

        return ElasticIndex(settings.elasticsearch, settings.retention)
    return SqliteIndex(settings.data / "index.sqlite", settings.retention)
