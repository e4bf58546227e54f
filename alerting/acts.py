"""What a person's act makes of an incident: pure, and once however often it comes."""

from __future__ import annotations

from msgspec.structs import replace

from config.records import Act, ActKind, AuditEntry, Incident, IncidentState, Transition


def applied(incident: Incident, act: Act, at: float) -> Incident | None:
    """Return the incident after `act`, as its next transition; None where the act changes nothing.

    Parameters
    ----------
    at : event time of the newest tick; the end of what is closed by hand.
    """
    if any(entry.act == act.id for entry in incident.audit):
        return None
    changed = _changed(incident, act, at)
    if changed is None:
        return None
    entry = AuditEntry(
        at=act.at,
        who=act.by,
        change=act.kind.value,
        why=act.why,
        level=changed.level,
        state=changed.state,
        level_before=incident.level,
        state_before=incident.state,
        act=act.id,
    )
    return replace(changed, sequence=incident.sequence + 1, audit=[*incident.audit, entry])


def _changed(incident: Incident, act: Act, at: float) -> Incident | None:
    is_open = incident.state is not IncidentState.RESOLVED
    match act.kind:
        case ActKind.ACKNOWLEDGE:
            if not is_open or incident.acknowledged_by == act.by:
                return None
            return replace(incident, acknowledged_by=act.by, transition=Transition.UPDATED)
        case ActKind.RESOLVE:
            return _closed(incident, act, at) if is_open else None
        case ActKind.FALSE_ALARM:
            if incident.false_alarm:
                return None
            closed = (
                _closed(incident, act, at) if is_open else replace(incident, transition=Transition.UPDATED)
            )
            return replace(closed, false_alarm=True)
        case ActKind.NO_FALSE_ALARM:
            if not incident.false_alarm:
                return None
            return replace(incident, false_alarm=False, transition=Transition.UPDATED)


def _closed(incident: Incident, act: Act, at: float) -> Incident:
    return replace(
        incident,
        state=IncidentState.RESOLVED,
        transition=Transition.RESOLVED,
        resolved_at=max(at, incident.started_at),
        updated_at=max(at, incident.updated_at),
        closed_by=act.by,
    )
