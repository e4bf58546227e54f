"""Who is called next when nobody acknowledges: a pure decision from the incident's own trail.

The owner is called when the incident pages or escalates. Who acknowledges stops the chain;
each `ack_within` seconds without it call the next of the watch's `owners`, down to the last.
A second wave in a thread that is there calls nobody, so the first call after it is the owner's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.records import Incident, IncidentState, Transition

_CALLS: Final = frozenset(
    {Transition.FIRED, Transition.ESCALATED, Transition.REOPENED, Transition.UNMUTED, Transition.HANDED_ON}
)


def next_owner(incident: Incident, owners: Sequence[str], ack_within: float, at: float) -> str | None:
    """Return whom to call at event time `at`, None while there is nobody to be called.

    Parameters
    ----------
    owners : whom to call after the watch's owner, in order.
    ack_within : seconds that each has to acknowledge; 0 never calls the next.
    """
    if not ack_within or incident.state is not IncidentState.FIRING or incident.muted is not None:
        return None
    if incident.acknowledged_by is not None or incident.called >= len(owners):
        return None
    called_at = next((e.at for e in reversed(incident.audit) if e.change in _CALLS), None)
    if called_at is None or at - called_at < ack_within:
        return None
    if incident.owner_due and incident.owner is not None:
        return incident.owner
    return owners[incident.called]
