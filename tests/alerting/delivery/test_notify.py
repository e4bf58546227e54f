"""The choice between page, reply and edit."""

from __future__ import annotations

import msgspec
import pytest

from alerting.notify import Action, Reason, plan, standing
from config.records import Incident, Level, Notification, NotificationState, Transition
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE, RECOVERING, REOPENED, RESOLVED, after

UPDATED = after(FIRED, Transition.UPDATED)
DOWNGRADED = after(ESCALATED, Transition.DOWNGRADED, level=Level.III)


def told(incident: Incident, state: NotificationState = NotificationState.SENT, receiver: str = "pr",
         ) -> Notification:  # fmt: skip
    return Notification(key=incident.notification_key, incident_id=incident.id, receiver=receiver, state=state,
                        at=1.0, ts=f"{incident.sequence}.0", channel="C0")  # fmt: skip


@pytest.mark.parametrize(
    ("incident", "actions", "page", "call"),
    [
        (UPDATED, (Action.EDIT,), False, False),
        (DOWNGRADED, (Action.EDIT,), False, False),
        (RECOVERING, (Action.EDIT,), False, False),
        (ESCALATED, (Action.REPLY, Action.EDIT), False, True),
        (REOPENED, (Action.REPLY, Action.EDIT), False, False),
        (RESOLVED, (Action.REPLY, Action.EDIT), False, False),
    ],
    ids=lambda value: value.transition.value if isinstance(value, Incident) else "",
)
def test_after_the_first_message(
    incident: Incident, actions: tuple[Action, ...], page: bool, call: bool
) -> None:
    decided = plan(incident, [told(FIRED)])
    assert (decided.actions, decided.page, decided.call) == (actions, page, call)


@pytest.mark.parametrize(
    ("incident", "actions", "told_aloud"),
    [
        (FIRED, (Action.PAGE,), True),
        (ESCALATED, (Action.PAGE,), True),
        (REOPENED, (Action.PAGE,), True),
        (UPDATED, (), False),
        (DOWNGRADED, (), False),
        (RECOVERING, (), False),
        (RESOLVED, (), False),
    ],
    ids=lambda value: value.transition.value if isinstance(value, Incident) else "",
)
def test_a_receiver_that_was_never_told(
    incident: Incident, actions: tuple[Action, ...], told_aloud: bool
) -> None:
    """Whatever opens a thread pages and calls the owner: nobody has been called before."""
    decided = plan(incident, [])
    assert (decided.actions, decided.page, decided.call) == (actions, told_aloud, told_aloud)


def test_a_message_that_may_not_have_arrived_is_no_first_message() -> None:
    assert plan(FIRED, [told(FIRED, NotificationState.SENDING)]).actions == (Action.PAGE,)


def test_an_older_state_never_covers_a_newer_one() -> None:
    history = [told(FIRED), told(RECOVERING)]
    assert plan(UPDATED, history).reason is Reason.SUPERSEDED
    late = plan(ESCALATED, history)
    assert (late.actions, late.page) == ((Action.REPLY,), False)


def test_the_thread_belongs_to_the_first_message() -> None:
    first = standing([told(ESCALATED), told(FIRED), told(UPDATED)])
    assert first is not None
    assert first.key == FIRED.notification_key


def test_every_transition_has_its_own_key() -> None:
    assert len({i.notification_key for i in LIFE}) == len(LIFE)
    assert msgspec.structs.replace(FIRED, updated_at=0.0).notification_key == FIRED.notification_key
