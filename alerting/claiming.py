"""Who may send a notification: a claim in the sent-log, so that two workers never send the same one.

A worker that loses its partition goes on for a moment, or wakes up after it was taken for
dead, while its successor is given the same incident. The successor writes its own name into
the claim and waits `LEASE` before it asks the receiver and sends. The predecessor looks at the
claim right before each request and stands back where the name is not its own; what it looked at
is too old after `FRESH`. So each request of the predecessor began at most `FRESH` after the
successor's name was written, and is over when the successor asks.

Who finds the claim taken from it stands back for longer than the other needs, and takes it
over again only where nothing has been sent by then: two workers that both believe the
incident to be theirs do not wait for each other for ever, and where the other is no more,
the page is sent all the same.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from secrets import token_hex
from typing import Final, Protocol

from msgspec.structs import replace

from alerting.senders.base import Clock, Lost, Sleep
from alerting.senders.http import TIMEOUT
from config.records import Notification, NotificationState

log = logging.getLogger(__name__)

FRESH: Final = 5.0
"""Seconds for which what was read in the sent-log may be acted on."""
LEASE: Final = FRESH + TIMEOUT + 5.0
"""Seconds after which whatever another worker had begun is over: a request's longest, and some for the service
to carry out one that was given up."""


class ClaimLog(Protocol):
    """The part of the sent-log that claims need."""

    async def notification(self, key: str, receiver: str) -> Notification | None:
        """Return the entry of a notification key at a receiver."""
        ...

    async def save_notification(self, notification: Notification) -> None:
        """Insert or replace an entry; one that was sent stays so."""
        ...


class LogFailed(Exception):  # noqa: N818
    """The sent-log failed while a sender asked whether it may still send; the cause is its failure."""


class Claims:
    """The claims of one process.

    Parameters
    ----------
    sent_log : where notifications are kept.
    clock : epoch seconds.
    sleep : waits seconds.
    lease : see `LEASE`.
    chance : gives numbers from 0 to 1, so that two workers do not keep step.
    """

    def __init__(
        self,
        sent_log: ClaimLog,
        clock: Clock,
        sleep: Sleep,
        lease: float = LEASE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.holder = token_hex(8)
        self._log = sent_log
        self._clock = clock
        self._sleep = sleep
        self._lease = lease
        self._chance = chance
        self._cut_off: set[tuple[str, str]] = set()

    async def take(self, entry: Notification, read_at: float, *, known: bool) -> Notification | None:
        """Write the claim and return it once nobody else can be sending; None if it was sent meanwhile.

        Parameters
        ----------
        entry : what the sent-log says, or is to say, ``sending``.
        read_at : when the sent-log was asked, on this clock.
        known : whether the entry was there already.
        """
        place = (entry.key, entry.receiver)
        mine = replace(entry, holder=self.holder)
        theirs = known and (entry.holder != self.holder or place in self._cut_off)
        await self._log.save_notification(mine)
        while theirs or self._clock() - read_at > FRESH:
            log.info("%s to %s may still be on its way: waiting %.0f s", *place, self._lease)
            await self._sleep(self._lease)
            self._cut_off.discard(place)
            read_at = self._clock()
            found = await self._log.notification(*place)
            if _settled(found):
                return None
            theirs = found is not None and found.holder != self.holder
            if theirs and not await self._let_go_first(place):
                return None
            await self._log.save_notification(mine)
        return mine

    async def retake(self, lost: Notification) -> Notification | None:
        """Take a claim again that another worker took over; None once the notification was sent."""
        if not await self._let_go_first((lost.key, lost.receiver)):
            return None
        return await self.take(replace(lost, holder=""), self._clock(), known=True)

    async def _let_go_first(self, place: tuple[str, str]) -> bool:
        """Leave it to who took the claim over; return whether it has still not sent after long enough."""
        found = await self._log.notification(*place)
        while found is not None and not _settled(found):
            holder = found.holder
            # More than the lease that the other waits for first, so it is never disturbed in that.
            await self._sleep(self._lease * (1.5 + self._chance()))
            found = await self._log.notification(*place)
            if found is not None and not _settled(found) and found.holder == holder:
                return True
        return found is None

    def cut_off(self, entry: Notification) -> None:
        """Note that a send was cancelled: its request may still be carried out."""
        self._cut_off.add((entry.key, entry.receiver))

    async def confirm(self, entry: Notification) -> None:
        """Return if this process may send now.

        Raises
        ------
        Lost
            Another one has taken the notification over.
        LogFailed
            The sent-log can't be asked.
        """
        while True:
            asked = self._clock()
            try:
                found = await self._log.notification(entry.key, entry.receiver)
            except Exception as error:
                raise LogFailed from error
            if found is not None and found.holder != self.holder:
                raise Lost(f"{entry.key} to {entry.receiver} was taken over by another worker")
            if self._clock() - asked <= FRESH:
                return


def _settled(entry: Notification | None) -> bool:
    return entry is not None and entry.state is not NotificationState.SENDING
