"""Keep within a receiver's rate limit: at most so many messages in any minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from alerting.senders.base import Clock, Sleep


@dataclass
class Limit:
    """A sliding window: at most `most` messages in any `per` seconds; one user at a time.

    A sliding window and no bucket that refills: a platform that counts by the minute would see the
    bucket's burst and its refill in one minute.

    Attributes
    ----------
    clock : monotonic seconds.
    sleep : waits that many seconds.
    """

    most: int
    clock: Clock
    sleep: Sleep
    per: float = 60.0
    _taken: deque[float] = field(default_factory=deque)
    _quiet_until: float = float("-inf")

    @property
    def left(self) -> int:
        """How many messages may go now."""
        now = self.clock()
        while self._taken and self._taken[0] + self.per <= now:
            self._taken.popleft()
        return 0 if now < self._quiet_until else self.most - len(self._taken)

    async def ready(self) -> None:
        """Return when a message may go."""
        while self.left <= 0:
            opens = self._taken[0] + self.per if len(self._taken) >= self.most else float("-inf")
            await self.sleep(max(opens, self._quiet_until) - self.clock())

    def take(self) -> None:
        """Count a message that goes now."""
        self._taken.append(self.clock())

    def hold(self, seconds: float) -> None:
        """Let nothing go for `seconds`: the service asked for quiet."""
        self._quiet_until = max(self._quiet_until, self.clock() + seconds)
