"""Repeat what fails for a while; give it to others when it fails for too long."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from alerting.senders.backoff import Backoff
from alerting.senders.base import Clock, Refused, Sleep, Unavailable
from alerting.senders.limiting import Limit

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE: Final = 300.0
UNAVAILABLE: Final = "unavailable"
"""The code of what has failed for too long."""


@dataclass
class Retry:
    """Attempts of one receiver.

    Attributes
    ----------
    limit : counts every attempt, and is quiet when the service asks for it.
    clock : monotonic seconds.
    sleep : waits seconds.
    backoff : delays between attempts.
    patience : seconds after which the receiver counts as failing, so that its fallback is told.
    """

    limit: Limit
    clock: Clock
    sleep: Sleep
    backoff: Backoff = field(default_factory=Backoff)
    patience: float = PATIENCE

    async def until_done(self, what: str, attempt: Callable[[bool], Awaitable[T]]) -> T:
        """Return what `attempt` returns in the end.

        Parameters
        ----------
        what : for the log.
        attempt : told whether an earlier attempt may have arrived.

        Raises
        ------
        Refused
            The service said no; or, with code ``unavailable``, it has failed for `patience` seconds.
        """
        failures, maybe, started = 0, False, self.clock()
        while True:
            if failures:
                await self.limit.ready()
                self.limit.take()
            try:
                return await attempt(maybe)
            except Unavailable as failure:
                failures += 1
                maybe = maybe or failure.ambiguous
                wait = self.backoff.delay(failures) if failure.after is None else failure.after
                if failure.after is not None:
                    self.limit.hold(failure.after)
                if self.clock() - started + wait > self.patience:
                    fix = "check the address, the network and any proxy"
                    raise Refused(failure.why, UNAVAILABLE, fix, maybe=maybe) from None
                log.warning("%s; %s waits, next attempt in %.1f s", failure.why, what, wait)
                await self.sleep(wait)
