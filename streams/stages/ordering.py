"""What the measure stage holds back while old posts are caught up with, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.records import ScoredMention
from config.watches import Watch
from streams.backlog import Looks
from streams.merging import Merge
from streams.stages.base import Clock, Incoming

HELD_LOOK_S: Final = 1.0
"""Seconds between two looks at the backlog while something is held."""

IDLE_LOOK_S: Final = 5.0
"""Seconds between them else: live posts pass, and silence is told, by what was seen so lately."""


@dataclass(frozen=True)
class Measurable:
    """A mention of a watch, and the message that brought it (offset -1: it came from the index)."""

    message: Incoming
    watch: Watch
    mention: ScoredMention


class Ordering:
    """Event-time order for the detectors (`streams.merging`), by what is seen of the backlog.

    Parameters
    ----------
    clock : wall clock, epoch seconds.
    elapsed : seconds of a steady clock.
    """

    def __init__(
        self,
        merge: Merge[Measurable],
        looks: Looks,
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._merge = merge
        self._looks = looks
        self._clock = clock
        self._elapsed = elapsed
        self._waiting: float | None = None
        self._held_since = False

    def __len__(self) -> int:
        return len(self._merge)

    async def refresh(self) -> None:
        """Look at the backlog, unless that was done a moment ago.

        That nothing was on its way says nothing of what has come since.
        """
        every = HELD_LOOK_S if len(self._merge) else IDLE_LOOK_S
        if self._held_since and self._waiting is None:
            every = 0.0
        self._waiting = await self._looks.look(every)
        self._held_since = False

    def passes(self, one: Measurable, watermark: float | None) -> bool:
        """Return whether `one` may be measured at once; live posts may."""
        at = one.mention.created_at
        return self._merge.passes(one.watch.id, at, watermark, self._waiting, self._clock())

    def hold(self, one: Measurable) -> None:
        """Keep `one` until it is due."""
        mention = one.mention
        self._held_since = True
        self._merge.hold(one.watch.id, mention.created_at, mention.mention_id, one, self._elapsed())

    def due(self, watermark_of: Callable[[str], float | None]) -> list[Measurable]:
        """Take out what need not wait any longer, each watch's in order of time."""
        return self._merge.due(self._waiting, watermark_of, self._elapsed())

    def silent_until(self, watch: str, watermark: float, now: float) -> float:
        """Return the time, `now` at most, up to which no post of the watch is held or on its way."""
        known = (self._merge.oldest(watch), self._merge.awaited(self._waiting, watermark))
        return min([now, *(at for at in known if at is not None)])

    def forget(self) -> None:
        """Drop what is held: whoever owns the watches reads it from the index again."""
        self._merge.clear()
