"""Which watches a command may be asked about: the configured ones, and those that the index knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from config.language import Both
from fengsheng.output import fail
from streams.index.base import Index


async def check_watches(named: Iterable[str], configured: Collection[str], index: Index) -> None:
    """End the command where a name is neither configured nor in the index (`fengsheng up --watches FILE` ran it)."""
    unknown = sorted(set(named) - set(configured))
    if not unknown:
        return
    known = {*configured, *await index.count_by_watch()}
    known |= {incident.watch for incident in await index.incidents()}
    for watch in unknown:
        if watch not in known and await index.last_signal(watch) is None:
            fail(unknown_watch(watch, known))


def unknown_watch(watch: str, known: Iterable[str]) -> Both:
    """Return what to say of a name that no watch has."""
    listed = ", ".join(sorted(known))
    return Both(
        f"没有监测对象 {watch!r}；已知的有：{listed}。若它写在另一个文件里，请用 -w/--watches 指定那个文件",
        f"no watch {watch!r} is known; there are: {listed}. If another file describes it, name that file with -w/--watches",
    )
