"""Which other incident makes an incident not worth a page of its own: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable

from config.records import Incident, IncidentState


def inhibitor(incident: Incident, others: Iterable[Incident], parent: str | None) -> Incident | None:
    """Return the incident that mutes `incident`, None if none does.

    A company's incident mutes those of its products (watches that name it as `parent`) up to
    its own level; an incident mutes lower ones of the same watch. Only one that fires and is
    not muted itself does so: of an incident that nobody hears about nobody knows enough.
    """
    loud = [o for o in others if o.state is IncidentState.FIRING and o.muted is None and o.id != incident.id]
    over = [
        other
        for other in loud
        if (other.watch == parent and other.level.rank >= incident.level.rank)
        or (other.watch == incident.watch and other.level.rank > incident.level.rank)
    ]
    return max(over, key=lambda other: (other.level.rank, other.id), default=None)
