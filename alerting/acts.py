"""What a person's act makes of an incident: pure, and once however often it comes."""

from __future__ import annotations

from msgspec.structs import replace

from config.records import Act, ActKind, AuditEntry, Incident, IncidentState, Transition


def applied(incident: Incident, act: Act, at: float) -> Incident | None:
    """Return the incident after `act`, as its next transition; None where it was applied before.

    An act that comes too late to change anything (somebody else was first) enters the audit
    trail all the same: it must not take effect at some later wave.

    Parameters
    ----------
    at : event time of the newest tick; the end of what is closed by hand.
    """
    if any(entry.act == act.id for entry in incident.audit):
        return None
    changed = _changed(incident, act, at)
    why = act.why
    if changed is None:
        changed, why = incident, f"没有变化 no effect{'：' if why else ''}{why}"
    over = changed.state is IncidentState.RESOLVED and incident.state is not IncidentState.RESOLVED
    entry = AuditEntry(
        at=act.at,
        who=act.by,
        change=act.kind.value,
        why=why,
        level=changed.level,
        state=changed.state,
        level_before=incident.level,
        state_before=incident.state,
        act=act.id,
    )
    return replace(
        changed,
        transition=Transition.RESOLVED if over else Transition.UPDATED,
        sequence=incident.sequence + 1,
        audit=[*incident.audit, entry],
    )


def _changed(incident: Incident, act: Act, at: float) -> Incident | None:
    is_open = incident.state is not IncidentState.RESOLVED
    match act.kind:
        case ActKind.ACKNOWLEDGE:
            return replace(incident, acknowledged_by=act.by) if is_open else None
        case ActKind.RESOLVE:
            return _closed(incident, act, at) if is_open else None
        case ActKind.FALSE_ALARM:
            closed = _closed(incident, act, at) if is_open else incident
            return replace(closed, false_alarm=True)
        case ActKind.NO_FALSE_ALARM:
            return replace(incident, false_alarm=False)


def _closed(incident: Incident, act: Act, at: float) -> Incident:
    return replace(
        incident,
        state=IncidentState.RESOLVED,
        resolved_at=max(at, incident.started_at),
        updated_at=max(at, incident.updated_at),
        closed_by=act.by,
    )
