"""Which receivers an incident goes to: a pure decision, with a named reason for every route.

Routes are tried from the top; the first that matches wins unless it says ``continue: true``.
What a route looks at is all in the incident, the hour as well (when it changed, in the routes'
time zone), so that a replay is routed as the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerting.message.steps import top_label
from config.records import Incident, Notification
from config.routes import Route, Routes


class RouteReason(StrEnum):
    """Why a route was taken or not."""

    MATCHED = "everything it asks for is so"
    WATCH = "another watch"
    LEVEL = "another level"
    INTENT = "another leading intent"
    KEYWORD = "none of its keywords in the evidence"
    PLATFORM = "another leading platform"
    HOUR = "outside its hours"
    STOPPED = "an earlier route took the incident and does not continue"


class ReceiverReason(StrEnum):
    """Why a receiver is told."""

    ROUTED = "a route names it"
    TOLD_BEFORE = "it was told of this incident before"


@dataclass(frozen=True)
class Routing:
    """The receivers of an incident, each with the owner to call and why it is told.

    Attributes
    ----------
    owners : receiver name to owner (None: nobody to call), in the order of the routes.
    reasons : receiver name to the reason.
    routes : what became of each route, in their order.
    """

    owners: Mapping[str, str | None] = field(default_factory=dict)
    reasons: Mapping[str, ReceiverReason] = field(default_factory=dict)
    routes: tuple[RouteReason, ...] = ()

    @property
    def matched(self) -> tuple[int, ...]:
        """Positions of the routes that matched."""
        return tuple(n for n, reason in enumerate(self.routes) if reason is RouteReason.MATCHED)


def route(incident: Incident, routes: Routes, history: Iterable[Notification] = ()) -> Routing:
    """Return who is told of `incident`, and why.

    A route's owner overrides the watch's, until the incident is handed on; where two routes name
    one receiver, the first decides. A receiver that was told of this incident before stays in, so that whoever saw the start also
    sees the end, even when the incident has left its route.
    """
    owners: dict[str, str | None] = {}
    reasons: dict[str, ReceiverReason] = {}
    outcomes: list[RouteReason] = []
    stopped = False
    zone = ZoneInfo(routes.timezone)
    for candidate in routes.routes:
        outcome = RouteReason.STOPPED if stopped else judge(incident, candidate, zone)
        outcomes.append(outcome)
        if outcome is not RouteReason.MATCHED:
            continue
        for name in candidate.receivers:
            # Who was called because nobody answered is not called back to the first.
            own = incident.owner if incident.called else candidate.owner
            owners.setdefault(name, own or incident.owner)
            reasons.setdefault(name, ReceiverReason.ROUTED)
        stopped = not candidate.continue_
    known = {receiver.name for receiver in routes.receivers}
    for notification in history:
        if notification.receiver in known:
            owners.setdefault(notification.receiver, incident.owner)
            reasons.setdefault(notification.receiver, ReceiverReason.TOLD_BEFORE)
    return Routing(owners, reasons, tuple(outcomes))


def judge(incident: Incident, candidate: Route, zone: ZoneInfo) -> RouteReason:
    """Return whether one route matches, or the first thing that does not fit."""
    evidence = incident.evidence
    if candidate.watches and incident.watch not in candidate.watches:
        return RouteReason.WATCH
    if candidate.levels and incident.level not in candidate.levels:
        return RouteReason.LEVEL
    if candidate.intents and _leading(evidence.intents, "other") not in candidate.intents:
        return RouteReason.INTENT
    if candidate.platforms and _leading(evidence.platforms) not in candidate.platforms:
        return RouteReason.PLATFORM
    if candidate.keywords and not any(word.casefold() in _words(incident) for word in candidate.keywords):
        return RouteReason.KEYWORD
    if candidate.hours and not any(within(incident.updated_at, hours, zone) for hours in candidate.hours):
        return RouteReason.HOUR
    return RouteReason.MATCHED


def within(at: float, hours: str, zone: ZoneInfo) -> bool:
    """Return whether epoch seconds `at` lie in ``HH:MM-HH:MM``, the end left out; over midnight if it is earlier.

    A time outside the calendar lies in no hours.

    >>> within(0.0, "07:30-09:00", ZoneInfo("Asia/Shanghai"))  # 1970-01-01 08:00 there
    True
    """
    start, _, end = hours.partition("-")
    try:
        now = f"{datetime.fromtimestamp(at, zone):%H:%M}"
    except (OverflowError, ValueError, OSError):
        return False
    return start <= now < end if start < end else now >= start or now < end


def _leading(shares: Mapping[str, float], leave_out: str = "") -> str | None:
    top = top_label(shares, leave_out)
    return top[0] if top else None


def _words(incident: Incident) -> str:
    """The words of the evidence in one text, in small letters."""
    evidence = incident.evidence
    quotes = [quote.text for quote in (evidence.first, *evidence.quotes) if quote is not None]
    return "\n".join([evidence.reason, *(term.word for term in evidence.terms), *quotes]).casefold()
