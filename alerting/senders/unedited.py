"""The rule for receivers where nothing can be edited: what is news is a message, what is not stays unsaid.

A page, an escalation, a reopening and the end are messages, and a lower level too, since what
stands there would go on saying the higher one. Mere changes of the numbers and the fading are not.
Where a thread can't be shown, news carries the whole message, so that it can be read alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerting.message.build import full, reply
from alerting.message.content import Content, Presentation
from alerting.message.words import word
from alerting.notify import Action, Plan, Reason
from config.records import Incident, Notification, NotificationState, Transition


def speaks(incident: Incident, decided: Plan) -> bool:
    """Return whether a transition is a message of its own."""
    news = any(action is not Action.EDIT for action in decided.actions)
    lower = incident.transition is Transition.DOWNGRADED and decided.reason is not Reason.MUTED
    return news or (bool(decided.actions) and lower)


def message(incident: Incident, decided: Plan, shown: Presentation) -> Content:
    """Return what is said of a transition that `speaks`."""
    if decided.page or decided.call or incident.transition is Transition.REOPENED:
        return full(incident, shown, call=decided.call)
    return reply(incident, shown)


def repeated(content: Content, shown: Presentation) -> Content:
    """Return `content` with the note that it may have been said before."""
    note = word("repeated", shown.language)
    return content if note in content.notes else replace(content, notes=(note, *content.notes))


def attempted(incident: Incident, history: Sequence[Notification]) -> bool:
    """Return whether an earlier attempt at the newest transition was cut off: it may have arrived."""
    return any(n.key == incident.notification_key and n.state is NotificationState.SENDING for n in history)


def entry(
    incident: Incident, receiver: str, at: float, decided: Plan, text: str, ts: str | None = None
) -> Notification:
    """Return the sent-log's entry of a transition that was sent; `ts` says where, if the platform does."""
    return Notification(
        key=incident.notification_key,
        incident_id=incident.id,
        receiver=receiver,
        state=NotificationState.SENT,
        at=at,
        watch=incident.watch,
        transition=incident.transition,
        page=decided.page,
        ts=ts,
        text=text,
    )
