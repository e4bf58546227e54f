"""What a receiver gets for an incident that is muted, was muted, or was handed on."""

from __future__ import annotations

import pytest

from alerting.notify import Action, Reason, plan
from config.records import Incident, IncidentState, Notification, NotificationState, Transition
from tests.alerting.delivery.conftest import Desk
from tests.alerting.sample_incident import ESCALATED, FIRED, REOPENED, RESOLVED, after

UNMUTED = after(FIRED, Transition.UNMUTED)
HANDED_ON = after(FIRED, Transition.HANDED_ON, owner="@head", called=1)
TOLD = Notification(key=FIRED.notification_key, incident_id=FIRED.id, receiver="pr",
                    state=NotificationState.SENT, at=1.0, ts="1.0", channel="C0")  # fmt: skip


def muted(incident: Incident) -> Incident:
    return after(incident, incident.transition, muted="silence")


@pytest.mark.parametrize("incident", [FIRED, ESCALATED, REOPENED, HANDED_ON])
def test_who_was_never_told_hears_nothing_of_what_is_muted(incident: Incident) -> None:
    decided = plan(muted(incident), [])
    assert (decided.actions, decided.reason) == ((), Reason.MUTED)


@pytest.mark.parametrize("incident", [ESCALATED, REOPENED, HANDED_ON])
def test_who_was_told_before_gets_a_quiet_edit(incident: Incident) -> None:
    decided = plan(muted(incident), [TOLD])
    assert (decided.actions, decided.call, decided.page) == ((Action.EDIT,), False, False)


def test_the_end_is_told_though_it_is_muted() -> None:
    assert plan(muted(RESOLVED), [TOLD]) == plan(RESOLVED, [TOLD])


def test_the_end_of_the_muting_pages_who_was_never_told_and_calls_who_was() -> None:
    assert (plan(UNMUTED, []).page, plan(UNMUTED, []).call) == (True, True)
    told = plan(UNMUTED, [TOLD])
    assert (told.actions, told.page, told.call) == ((Action.REPLY, Action.EDIT), False, True)
    taken = after(UNMUTED, Transition.UNMUTED, acknowledged_by="@lead")
    assert plan(taken, [TOLD]).call is False


def test_the_next_person_is_called_in_the_thread() -> None:
    told = plan(HANDED_ON, [TOLD])
    assert (told.actions, told.page, told.call) == ((Action.REPLY, Action.EDIT), False, True)


async def test_a_silenced_incident_reaches_slack_once_and_only_when_the_silence_ends(desk: Desk) -> None:
    silent = after(FIRED, Transition.FIRED, muted="silence", pages=0, sequence=1)
    risen = after(silent, Transition.ESCALATED)
    heard = after(risen, Transition.UNMUTED, muted=None, pages=1)
    over = after(heard, Transition.RESOLVED, state=IncidentState.RESOLVED, resolved_at=heard.updated_at)
    for incident in (silent, risen):
        assert await desk.delivery().deliver(incident) == []
    assert desk.slack.messages() == []
    [page] = await desk.delivery().deliver(heard)
    assert page.page
    for incident in (silent, risen, heard):
        assert await desk.delivery().deliver(incident) == []
    await desk.delivery().deliver(over)
    assert len(desk.slack.messages()) == 2
