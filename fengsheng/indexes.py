"""Open the index that the settings name: Elasticsearch, or the embedded one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.language import Both
from config.settings import Settings
from streams.index.base import Index, IndexUnavailable
from streams.index.sqlite import SqliteIndex


class NoIndexYet(IndexUnavailable):
    """There is no embedded index in the data folder."""


@asynccontextmanager
async def existing_index(settings: Settings) -> AsyncIterator[Index]:
    """Open the index that a run has made, and close it again; one that can't be written can be looked at.

    Raises
    ------
    NoIndexYet
        It would be the embedded one, and there is none in the data folder.
    IndexUnavailable
        It can't be opened.
    """
    path = settings.data / "index.sqlite"
    if settings.elasticsearch.url is None and not path.exists():
        raise NoIndexYet(
            Both(
                f"{path} 处没有索引：用 --data 指定 fengsheng up --data 或 demo --keep 写入的目录，"
                "或设置 FENGSHENG_ELASTICSEARCH__URL",
                f"no index at {path}: name the folder that 'fengsheng up --data' or 'demo --keep' wrote with --data,"
                " or set FENGSHENG_ELASTICSEARCH__URL",
            )
        )
    index = open_index(settings, looking=True)
    await index.open()
    try:
        yield index
    finally:
        await index.close()


def open_index(settings: Settings, looking: bool = False) -> Index:
    """Return the index, not yet opened; with `looking` an embedded one that can't be written is opened too."""
    if settings.elasticsearch.url is not None:
        # Its client takes longest of all to import, and every command would wait for it.
        from streams.index.elastic import ElasticIndex

        return ElasticIndex(settings.elasticsearch, settings.retention)
    return SqliteIndex(settings.data / "index.sqlite", settings.retention, looking=looking)
