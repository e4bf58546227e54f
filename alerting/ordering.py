"""First come, first served: turns at a place, taken before anything is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class Turn(Generic[T]):
    """One caller's place in the line; `what` is what it came for."""

    what: T
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Lines(Generic[T]):
    """A line of callers at each place; the first of each line has its turn."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, list[Turn[T]]] = {}

    def enter(self, place: Hashable, what: T) -> Turn[T]:
        """Join the line at `place`; the turn's `ready` is set once it is the first."""
        turn = Turn(what)
        line = self._lines.setdefault(place, [])
        line.append(turn)
        line[0].ready.set()
        return turn

    def leave(self, place: Hashable, turn: Turn[T]) -> None:
        """Leave the line at `place` and let the next one in; leaving twice does nothing."""
        line = self._lines.get(place, [])
        if turn not in line:
            return
        line.remove(turn)
        if line:
            line[0].ready.set()
        else:
            del self._lines[place]

    def waiting(self, place: Hashable) -> list[T]:
        """Return what everyone in the line at `place` came for, first in line first."""
        return [turn.what for turn in self._lines.get(place, [])]
