"""Pace the messages of a channel: Slack allows about one a second."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerting.senders.base import Clock, Sleep


@dataclass
class Pacer:
    """Turns at a channel, at least `interval` seconds apart; a caller that gives up costs no turn.

    Attributes
    ----------
    clock : monotonic seconds.
    sleep : waits that many seconds.
    """

    clock: Clock
    sleep: Sleep
    interval: float = 1.0
    _free: dict[str, float] = field(default_factory=dict)

    async def turn(self, channel: str) -> None:
        """Return when it is this caller's turn at `channel`."""
        while (left := self._free.get(channel, float("-inf")) - self.clock()) > 0:
            await self.sleep(left)  # afterwards another may have been quicker, or quiet been asked for
        self._free[channel] = self.clock() + self.interval

    def hold(self, channel: str, seconds: float) -> None:
        """Give no new turn at `channel` for `seconds`: the service asked for quiet."""
        until = self.clock() + seconds
        self._free[channel] = max(until, self._free.get(channel, until))
