"""What an incident's audit is told, and what it says of the past."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from config.records import AuditEntry, Incident, IncidentState, Transition

WHO: Final = "fengsheng"
_RAISES: Final = frozenset({Transition.FIRED, Transition.ESCALATED, Transition.REOPENED, Transition.UPDATED})


def audited(incident: Incident, before: Incident | None, at: float, change: str, why: str) -> Incident:
    """Return the incident with one more entry; `before` is what it was, None at its birth."""
    entry = AuditEntry(
        at=at,
        who=WHO,
        change=str(change),
        why=why,
        level=incident.level,
        state=incident.state,
        level_before=before.level if before else None,
        state_before=before.state if before else None,
    )
    return replace(incident, audit=[*incident.audit, entry])


def raised_at(incident: Incident) -> float:
    """Return when the incident was last raised: its level was met then, whatever the holds know."""
    return next((e.at for e in reversed(incident.audit) if e.change in _RAISES), incident.updated_at)


def recovering_since(incident: Incident) -> float:
    """Return when the recovery began; what people did in it, or a silence that ended, is no new beginning."""
    recoveries = (e.at for e in reversed(incident.audit) if e.change == Transition.RECOVERING)
    return next(recoveries, incident.updated_at)


def past_its_wave(incident: Incident) -> bool:
    """Whether the wave that began at `started_at` is over; later ones have no onset to count from."""
    over = incident.state is IncidentState.RESOLVED
    return over or any(entry.change == Transition.REOPENED for entry in incident.audit)
