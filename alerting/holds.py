"""How long levels have been met or missed: the clockwork behind every hold.

It is a function of the ticks alone, so that playing the last ticks again after a
restart brings it back to where it was.
"""

from __future__ import annotations

from config.records import Level
from config.rules import Rules


class Holds:
    """Since when each level, or a higher one, is met without a break, and when it last was."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._levels = sorted(rules.levels, key=lambda level: level.rank)
        self._since: dict[Level, float] = {}
        self._last: dict[Level, float] = {}

    @property
    def lowest(self) -> Level:
        """The lowest level that the rules know."""
        return self._levels[0]

    @property
    def pending_since(self) -> float | None:
        """Since when some level is met without a break, None if none is met now."""
        return self._since.get(self.lowest)

    def note(self, at: float, met: Level | None) -> None:
        """Take in one tick's met level."""
        for level in self._levels:
            if met is not None and met.rank >= level.rank:
                self._since.setdefault(level, at)
                self._last[level] = at
            else:
                self._since.pop(level, None)

    def lapse(self) -> None:
        """Ticks were skipped at which no level can have been met."""
        self._since.clear()

    def held(self, at: float) -> Level | None:
        """Return the highest level that has been met for its hold."""
        for level in reversed(self._levels):
            since = self._since.get(level)
            if since is not None and at - since >= self._rules.levels[level].hold:
                return level
        return None

    def calm_for(self, at: float, level: Level, since: float) -> float:
        """Return the seconds that `level` has not been met, counted from `since` at the earliest."""
        return at - max(since, self._last.get(level, since))

    def supported(self, at: float, within: float) -> Level | None:
        """Return the highest level that was met in the last `within` seconds."""
        for level in reversed(self._levels):
            if level in self._last and at - self._last[level] < within:
                return level
        return None
