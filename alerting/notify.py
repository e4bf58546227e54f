"""How a receiver is told of an incident's transition: pure decisions with a named reason.

A page is the message that opens an incident's thread: one incident, one page. An escalation is a
reply in that thread that calls the owner; everything else updates the standing message in
place or adds a quiet reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from config.records import Incident, Notification, NotificationState, Transition


class Action(StrEnum):
    """One thing that a sender does for a transition."""

    PAGE = "page"
    REPLY = "reply"
    EDIT = "edit"


class Reason(StrEnum):
    """Why a plan is as it is."""

    FIRST = "first message of the incident"
    FIRED_AGAIN = "fired in a thread that exists already"
    ESCALATED = "escalated: reply that calls the owner"
    REOPENED = "reopened: reply in the same thread"
    RESOLVED = "resolved: reply and last edit"
    CHANGED = "changed: first message edited in place"
    UNMUTED = "no longer muted: reply that calls the owner unless somebody has acknowledged"
    HANDED_ON = "nobody acknowledged: reply that calls the next person"
    MUTED = "muted: first message edited in place, nobody is called"
    NEVER_TOLD = "receiver was never told of this incident"
    SUPERSEDED = "a newer state was already shown"


@dataclass(frozen=True)
class Plan:
    """What a receiver gets for one transition.

    Attributes
    ----------
    actions : in the order in which they are done; empty means nothing is sent.
    page : whether this counts as a page.
    call : whether the owner is called by name.
    """

    actions: tuple[Action, ...]
    reason: Reason
    page: bool = False
    call: bool = False


_TRANSITIONS: Mapping[Transition, Plan] = {
    Transition.FIRED: Plan((Action.REPLY, Action.EDIT), Reason.FIRED_AGAIN, call=True),
    Transition.ESCALATED: Plan((Action.REPLY, Action.EDIT), Reason.ESCALATED, call=True),
    Transition.REOPENED: Plan((Action.REPLY, Action.EDIT), Reason.REOPENED),
    Transition.RESOLVED: Plan((Action.REPLY, Action.EDIT), Reason.RESOLVED),
    Transition.UPDATED: Plan((Action.EDIT,), Reason.CHANGED),
    Transition.DOWNGRADED: Plan((Action.EDIT,), Reason.CHANGED),
    Transition.RECOVERING: Plan((Action.EDIT,), Reason.CHANGED),
    Transition.UNMUTED: Plan((Action.REPLY, Action.EDIT), Reason.UNMUTED, call=True),
    Transition.HANDED_ON: Plan((Action.REPLY, Action.EDIT), Reason.HANDED_ON, call=True),
}
_OPENING = {
    Transition.FIRED: Plan((Action.PAGE,), Reason.FIRST, page=True, call=True),
    Transition.ESCALATED: Plan((Action.PAGE,), Reason.FIRST, page=True, call=True),
    Transition.REOPENED: Plan((Action.PAGE,), Reason.FIRST, page=True, call=True),
    Transition.UNMUTED: Plan((Action.PAGE,), Reason.FIRST, page=True, call=True),
}
_MUTED = Plan((Action.EDIT,), Reason.MUTED)


def plan(incident: Incident, history: Iterable[Notification]) -> Plan:
    """Return what one receiver gets for the incident's newest transition.

    Parameters
    ----------
    incident : after the transition.
    history : what that receiver was told of this incident so far.
    """
    told = [n for n in history if n.state is NotificationState.SENT and sequence_of(n) != incident.sequence]
    muted = incident.muted is not None and incident.transition is not Transition.RESOLVED
    if standing(told) is None:
        if muted:
            return Plan((), Reason.MUTED)
        return _OPENING.get(incident.transition, Plan((), Reason.NEVER_TOLD))
    decided = _MUTED if muted else _TRANSITIONS[incident.transition]
    if incident.transition is Transition.UNMUTED and incident.acknowledged_by is not None:
        decided = replace(decided, call=False)
    if any(sequence_of(n) > incident.sequence for n in told):
        # A replay: the news may still be owed, but an older state must not cover a newer one.
        rest = tuple(action for action in decided.actions if action is not Action.EDIT)
        reason = decided.reason if rest else Reason.SUPERSEDED
        return Plan(rest, reason, page=decided.page, call=decided.call)
    return decided


def sequence_of(notification: Notification) -> int:
    """Return the incident sequence that a notification key ``id:sequence:transition`` holds; -1 if none."""
    parts = notification.key.rsplit(":", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() else -1


def standing(history: Iterable[Notification]) -> Notification | None:
    """Return the notification that opened the thread: the first one sent to this receiver."""
    sent = [n for n in history if n.state is NotificationState.SENT]
    return min(sent, key=sequence_of, default=None)
