"""Deliver incident transitions: each once to each receiver, through the sent-log.

``sending`` is saved before a send and ``sent`` after it, so a replayed transition is not
sent again and a crash in between is seen. Receivers are independent of each other. A
delivery lasts as long as its receiver's outage; run one task an incident transition, or
accept that the next one waits. While a receiver fails, its fallback is told in its place; what no
retry can heal becomes a dead letter.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from alerting.claiming import FRESH, LEASE, Claims, LogFailed
from alerting.notify import plan
from alerting.ordering import Lines, Turn
from alerting.routing import route
from alerting.senders.base import Clock, Lost, Refused, Sender, Sleep
from alerting.senders.terminal import TERMINAL, TerminalSender
from config.records import DeadLetter, Incident, Notification, NotificationState, encode
from config.routes import Routes

log = logging.getLogger(__name__)

SLOW_RETRY = 60.0
GIVE_UP = 24 * 3600.0
"""Seconds after which news is too old to be worth another attempt."""


class SentLog(Protocol):
    """Where notifications are kept; the index is one."""

    async def notification(self, key: str, receiver: str) -> Notification | None:
        """Return the entry of a notification key at a receiver."""
        ...

    async def save_notification(self, notification: Notification) -> None:
        """Insert or replace the entry of its key and receiver, durably when it returns."""
        ...

    async def notifications(self, incident_id: str) -> list[Notification]:
        """Return all entries of an incident."""
        ...

    async def write_dead(self, letters: Sequence[DeadLetter]) -> Sequence[object]:
        """Keep dead letters, each once; return what could not be kept."""
        ...


class Delivery:
    """Tells every routed receiver of an incident's transition.

    Parameters
    ----------
    routes : receivers and routes.
    senders : receiver name to its sender; every receiver of `routes` has one.
    sent_log : where notifications are kept.
    clock : epoch seconds, wall clock.
    sleep : waits seconds.
    fallback : prints what a receiver without a fallback of its own refuses, so that the page is
        seen all the same.
    give_up : seconds of refusals after which a notification becomes a dead letter.
    lease : seconds that a send of another worker, or one that was cut off, may take at most.

    Raises
    ------
    ValueError
        A receiver has no sender.
    """

    def __init__(
        self,
        routes: Routes,
        senders: Mapping[str, Sender],
        sent_log: SentLog,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        fallback: Sender | None = None,
        give_up: float = GIVE_UP,
        lease: float = LEASE,
    ) -> None:
        missing = [r.name for r in routes.receivers if r.name not in senders]
        if missing:
            raise ValueError(f"receivers without a sender: {', '.join(missing)}")
        self._routes = routes
        self._senders = senders
        self._log = sent_log
        self._clock = clock
        self._sleep = sleep
        self._fallback = fallback
        self._give_up = give_up
        self._claims = Claims(sent_log, clock, sleep, lease)
        self._instead = {r.name: r.fallback for r in routes.receivers if r.fallback}
        self._lines: Lines[Incident] = Lines()
        self._refusal: dict[str, Refused] = {}
        self._showing: set[tuple[str, str]] = set()
        self._diverted: dict[tuple[str, str], asyncio.Task[Notification | None]] = {}

    async def deliver(self, incident: Incident) -> list[Notification]:
        """Tell everyone who should know of the incident's newest transition; safe to repeat.

        Transitions of one incident reach a receiver in the order of the calls. The call
        returns when every receiver has it, however long that takes; it may be cancelled and
        repeated. What a receiver refuses, or has not taken for some minutes, goes to its
        fallback (without one it is printed) and is tried again every minute; what can't be
        healed, or is a day old, is kept as a dead letter.

        Returns
        -------
        list of Notification
            What this call sent to the routed receivers; nothing that was sent before.

        Raises
        ------
        Exception
            The sent-log's failure, after the other receivers have been told.
        """
        # The line is joined before anything is awaited: that keeps the order of the calls.
        turns = {r.name: self._lines.enter((r.name, incident.id), incident) for r in self._routes.receivers}
        try:
            routing = route(incident, self._routes, await self._log.notifications(incident.id))
            for name in turns.keys() - routing.owners.keys():
                self._lines.leave((name, incident.id), turns[name])
            if not routing.owners:
                log.warning("no route matches incident %s (watch %s, level %s): nobody is told",
                            incident.id, incident.watch, incident.level)  # fmt: skip
            results = await asyncio.gather(
                *(self._tell(name, turns[name], owner) for name, owner in routing.owners.items()),
                return_exceptions=True,
            )
        finally:
            for name, turn in turns.items():
                self._lines.leave((name, incident.id), turn)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, Notification)]

    async def _tell(self, name: str, turn: Turn[Incident], owner: str | None) -> Notification | None:
        turn.what = incident = msgspec.structs.replace(turn.what, owner=owner)
        try:
            if refusal := self._refusal.get(name):
                await self._divert(name, incident, refusal)
            await turn.ready.wait()
            return await self._tell_once(name, incident)
        except asyncio.CancelledError:
            if task := self._diverted.get((name, incident.notification_key)):
                task.cancel()
            raise
        finally:
            self._lines.leave((name, incident.id), turn)

    async def _tell_once(self, name: str, incident: Incident) -> Notification | None:
        read_at = self._clock()
        history = await self._history(name, incident)
        own = next((n for n in history if n.key == incident.notification_key), None)
        if own is not None and own.state is not NotificationState.SENDING:
            return None
        decided = plan(incident, history)
        if not decided.actions or not self._senders[name].speaks(incident, decided):
            log.info("%s to %s: nothing to send (%s)", incident.notification_key, name, decided.reason)
            return None
        # A second attempt keeps the time of the first, from which on Slack is searched.
        entry = own or self._entry(name, incident, decided.page, self._clock())
        claimed = await self._claims.take(entry, read_at, known=own is not None)
        if claimed is None:
            return None
        if self._clock() - read_at > FRESH:  # others of the incident may have been sent meanwhile
            history = await self._history(name, incident)
        sent = await self._until_accepted(name, incident, history, claimed)
        if sent is not None:
            await self._log.save_notification(sent)
        return sent

    async def _until_accepted(
        self, name: str, incident: Incident, history: list[Notification], claimed: Notification
    ) -> Notification | None:
        while True:
            try:
                sent = await self._senders[name].send(
                    incident,
                    history,
                    self._clock(),
                    lambda: self._newer_waits(name, incident),
                    functools.partial(self._claims.confirm, claimed),
                )
            except asyncio.CancelledError:
                self._claims.cut_off(claimed)
                raise
            except Lost as lost:
                log.warning("%s", lost)
                taken = await self._claims.retake(claimed)
                if taken is None:
                    return None
                claimed, history = taken, await self._history(name, incident)
                continue
            except LogFailed as failed:
                raise failed.__cause__ or failed from None
            except Refused as refused:
                refusal = refused
                if refused.maybe:
                    history = [*(n for n in history if n.key != claimed.key), claimed]
            except Exception as error:  # a page must survive a bug in one sender
                log.exception("sender %s failed on %s", name, incident.notification_key)
                refusal = Refused(f"receiver {name}", type(error).__name__, "report this as a bug")
                history = [*(n for n in history if n.key != claimed.key), claimed]  # it may have arrived
            else:
                if self._refusal.pop(name, None):
                    log.info("receiver %s accepts messages again", name)
                return sent
            if refusal.final or self._clock() - claimed.at >= self._give_up:
                await self._bury(name, incident, claimed, refusal)
                return None
            self._refusal[name] = refusal
            log.error("receiver %s: %s; retried every %.0f s", name, refusal, SLOW_RETRY)
            for waiting in self._lines.waiting((name, incident.id)):
                await self._divert(name, waiting, refusal)
            await self._sleep(SLOW_RETRY)

    async def _history(self, name: str, incident: Incident) -> list[Notification]:
        told = [n for n in await self._log.notifications(incident.id) if n.receiver == name]
        if isinstance(self._senders[name], TerminalSender):
            return told
        # What was printed for want of a secret is no thread to answer in. Of the transition itself it is
        # kept: that has been told under this name.
        return [n for n in told if n.channel != TERMINAL or n.key == incident.notification_key]

    async def _bury(self, name: str, incident: Incident, claimed: Notification, refusal: Refused) -> None:
        """Keep what no retry can heal as a dead letter, after the fallback has been told."""
        log.error("receiver %s: %s; %s is given up: see fengsheng dead", name, refusal, claimed.key)
        await self._divert(name, incident, refusal)
        if task := self._diverted.get((name, incident.notification_key)):
            await asyncio.shield(task)
        letter = dead_letter(name, incident, refusal, self._clock())
        if failures := await self._log.write_dead([letter]):
            log.error("dead letter of %s at %s can't be kept: %s", claimed.key, name, failures)
        await self._log.save_notification(msgspec.structs.replace(claimed, state=NotificationState.DEAD))

    async def _divert(self, name: str, incident: Incident, refusal: Refused) -> None:
        """Let the fallback of `name` be told, beside what waits for `name` itself."""
        instead = self._instead.get(name)
        if instead is None:
            await self._show(name, incident, refusal)
            return
        place = (name, incident.notification_key)
        if place in self._diverted:
            return
        log.warning("%s goes to %s in place of %s", incident.notification_key, instead, name)
        # Its own turn at the fallback: told there once, in order, even where a route names it too.
        turn = self._lines.enter((instead, incident.id), incident)
        task = asyncio.create_task(self._tell(instead, turn, incident.owner))
        self._diverted[place] = task
        task.add_done_callback(lambda done: self._arrived(place, done))

    def _arrived(self, place: tuple[str, str], task: asyncio.Task[Notification | None]) -> None:
        # Kept while anything is owed at `place`; a later call asks the sent-log.
        self._diverted.pop(place, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("the fallback of %s can't be told of %s: %r", *place, error)

    async def _show(self, name: str, incident: Incident, refusal: Refused) -> None:
        """Print by the fallback what `name` refuses, once; the log keeps it as ``name/fallback``."""
        if self._fallback is None:
            return
        place = (f"{name}/fallback", incident.notification_key)
        if place in self._showing:
            return
        self._showing.add(place)
        try:
            history = [n for n in await self._log.notifications(incident.id) if n.receiver == place[0]]
            if any(n.key == incident.notification_key for n in history):
                return
            try:
                shown = await self._fallback.send(incident, history, self._clock())
            except Exception:  # the last resort is the log itself
                log.exception("can't print %s: watch %s, level %s, owner %s", incident.notification_key,
                              incident.watch, incident.level, incident.owner)  # fmt: skip
                return
            if shown is not None:
                log.warning("%s was refused by %s (%s): printed instead", shown.key, name, refusal.code)
                await self._log.save_notification(msgspec.structs.replace(shown, receiver=place[0]))
        finally:
            self._showing.discard(place)

    def _newer_waits(self, name: str, incident: Incident) -> bool:
        line = self._lines.waiting((name, incident.id))
        return any(other.sequence > incident.sequence for other in line)

    def _entry(self, name: str, incident: Incident, page: bool, at: float) -> Notification:
        return Notification(
            key=incident.notification_key,
            incident_id=incident.id,
            receiver=name,
            state=NotificationState.SENDING,
            at=at,
            watch=incident.watch,
            transition=incident.transition,
            page=page,
        )


def dead_letter(receiver: str, incident: Incident, refusal: Refused, at: float) -> DeadLetter:
    """Return the dead letter of a transition that `receiver` never gets.

    Its place in the topic is not known here: the partition is -1, the offset the incident's sequence.
    """
    return DeadLetter(
        code="undeliverable",
        reason=f"{receiver}: {refusal}",
        stage="notify",
        at=at,
        topic="incidents",
        partition=-1,
        offset=incident.sequence,
        size=len(encode(incident)),
        payload=f"{incident.watch_name} {incident.level} {incident.transition}",
        key=f"{receiver}@{incident.notification_key}",
    )
