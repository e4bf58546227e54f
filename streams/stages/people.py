"""What people have done to incidents, and what may mute them: looked up in the index now and then.

The index is the one place that a command can write to and every worker reads, embedded or
on a cluster. An act is applied by the worker that owns its watch, and once: the audit trail
of the incident names it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.records import Act, Incident, Silence
from config.watches import Watch
from streams.index.base import Index, IndexUnavailable

_log = logging.getLogger(__name__)

EVERY_S: Final = 2.0
"""Seconds between two looks: how long a person waits at most to see an act applied."""

BACK_S: Final = 3_600.0
"""Seconds that a look goes back: more than clocks differ and writes are late."""


@dataclass(frozen=True)
class News:
    """What a look has found.

    Attributes
    ----------
    acts : those of the watch, or of all; applied ones among them.
    silences : those that are not long over.
    open_incidents : of the watches that are a parent.
    """

    acts: Sequence[Act] = ()
    silences: Sequence[Silence] = ()
    open_incidents: Sequence[Incident] = ()

    def others(self, watch: Watch) -> list[Incident]:
        """Return the incidents that may mute those of `watch`."""
        return [i for i in self.open_incidents if i.watch == watch.parent]


class People:
    """Looks into the index for acts, silences and the incidents of parents.

    Parameters
    ----------
    clock : epoch seconds, wall clock.
    """

    def __init__(self, index: Index, watches: Mapping[str, Watch], clock: Callable[[], float]) -> None:
        self._index = index
        self._parents = {watch.parent for watch in watches.values() if watch.parent is not None}
        self._clock = clock
        self._looked: float | None = None

    async def look(self) -> News | None:
        """Return the news of all watches; None between two looks and while the index is away."""
        now = self._clock()
        if self._looked is not None and abs(now - self._looked) < EVERY_S:
            return None
        self._looked = now
        try:
            acts = await self._index.acts(since=now - BACK_S)
            return await self._with_mutes(acts, now)
        except IndexUnavailable as error:
            _log.info("what people did is looked up again in %.0f s: %s", EVERY_S, error)
            return None

    async def of(self, watch: Watch) -> News:
        """Return the news of one watch, every act that was ever done to it among them.

        Raises
        ------
        IndexUnavailable
            The index does not answer.
        """
        return await self._with_mutes(await self._index.acts(watch.id), self._clock())

    async def _with_mutes(self, acts: Sequence[Act], now: float) -> News:
        incidents: list[Incident] = []
        for parent in sorted(self._parents):
            incidents += await self._index.incidents(watch=parent, open_only=True)
        # Those that are over too: the time of posts that are caught up with, or of an old dump, may lie in them.
        return News(acts, await self._index.silences(), incidents)
