"""The life of an incident: pending, firing, recovering, resolved, and what each step tells.

    pending ──hold──► firing ──no level met for recover_hold──► recovering ──resolve_hold──► resolved
                      │  ▲                                          │                           │
       escalated at once  └──── a level held: reopened ─────────────┴── within regroup ─────────┘
       downgraded after downgrade_hold

Pending is not told to anybody: it is only that a level is met and its hold runs.

One incident pages once, when it fires. `escalated` is told only for a level the incident never
had before; it calls the owner in the same thread. `reopened` calls nobody: a second wave
is news in the same thread, its climb back to a level known already is only `updated`, and
if it starts above the first one's peak, `escalated` follows in the same tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from alerting.holds import Holds
from alerting.levels import Verdict, explain
from config.records import AuditEntry, Evidence, Incident, IncidentState, Level, Signal, Transition
from config.rules import Rules
from config.watches import Watch

WHO: Final = "fengsheng"
_RAISES: Final = frozenset({Transition.FIRED, Transition.ESCALATED, Transition.REOPENED, Transition.UPDATED})
MATERIAL: Final = 0.2
"""Relative change of the numbers that is worth an edit of the standing message."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tick looked like; the costly parts are only asked for when something is told.

    Attributes
    ----------
    onset : gives the time of the first mention of the rise.
    evidence : gives the evidence, with the first mention at or after the given time.
    """

    at: float
    verdict: Verdict
    signal: Signal
    onset: Callable[[], float]
    evidence: Callable[[float, Incident | None], Evidence]


class Incidents:
    """The incidents of one watch: at most one open, the last one kept for regrouping."""

    def __init__(self, watch: Watch, rules: Rules) -> None:
        self._watch = watch
        self._rules = rules
        self.holds = Holds(rules)
        self._known: dict[str, Incident] = {}
        self._newest: Incident | None = None

    @property
    def open(self) -> Incident | None:
        """The incident that is firing or recovering."""
        newest = self._newest
        return newest if newest is not None and newest.state is not IncidentState.RESOLVED else None

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Start and end (infinity while open) of the known incidents."""
        ends = [(i.started_at, i.resolved_at) for i in self._known.values()]
        return [(start, float("inf") if end is None else end) for start, end in ends]

    @property
    def told_spans(self) -> list[tuple[float, float]]:
        """Like `spans`, from the tick at which each was detected."""
        ends = [(i.detected_at or i.started_at, i.resolved_at) for i in self._known.values()]
        return [(start, float("inf") if end is None else end) for start, end in ends]

    @property
    def hot(self) -> bool:
        """Whether every tick matters: an incident is open, or pending."""
        return self.open is not None or self.holds.pending_since is not None

    def restore(self, incidents: list[Incident]) -> None:
        """Take over the incidents that the index kept."""
        self._known = {i.id: i for i in incidents}
        self._newest = max(incidents, key=lambda i: (i.started_at, i.sequence), default=None)

    def mark(self, incident_id: str, who: str, change: str, why: str, at: float) -> Incident:
        """Record what a person did (``acknowledged``, ``silenced``, ``false_alarm``...).

        Raises
        ------
        KeyError
            No incident of this watch has that id.
        """
        if incident_id not in self._known:
            raise KeyError(f"watch {self._watch.id} has no incident {incident_id!r}")
        known = self._known[incident_id]
        marked = replace(
            known,
            acknowledged_by=who if change == "acknowledged" else known.acknowledged_by,
            audit=[*known.audit, AuditEntry(at=at, who=who, change=change, why=why)],
            sequence=known.sequence + 1,
            transition=Transition.UPDATED,
        )
        return self._keep(marked)

    def step(self, scene: Scene) -> list[Incident]:
        """Take in one tick; return the transitions to tell, in order."""
        self.holds.note(scene.at, scene.verdict.level)
        held = self.holds.held(scene.at)
        incident = self.open
        if incident is None:
            return self._begin(scene, held)
        if incident.state is IncidentState.RECOVERING:
            return self._recovering(scene, incident, held)
        return self._firing(scene, incident, held)

    def _begin(self, scene: Scene, held: Level | None) -> list[Incident]:
        if held is None:
            return []
        last = self._newest
        if last is not None and last.resolved_at is not None:
            if scene.at - last.resolved_at <= self._rules.regroup:
                return self._reopen(scene, last, held)
            started = max(scene.onset(), last.resolved_at)
        else:
            started = scene.onset()
        why = f"持续 {self._rules.levels[held].hold:g} 秒；{explain(self._rules, scene.verdict)}"
        fired = Incident(
            id=incident_id(self._watch.id, started),
            watch=self._watch.id,
            watch_name=self._watch.name,
            level=held,
            peak_level=held,
            state=IncidentState.FIRING,
            transition=Transition.FIRED,
            sequence=1,
            started_at=started,
            detected_at=scene.at,
            updated_at=scene.at,
            owner=self._watch.owner,
            pages=1,
            signal=scene.signal,
            evidence=scene.evidence(started, None),
            audit=[_entry(scene.at, Transition.FIRED, why, held, IncidentState.FIRING)],
        )
        return [self._keep(replace(fired, signal=_tagged(scene.signal, fired)))]

    def _reopen(self, scene: Scene, last: Incident, held: Level) -> list[Incident]:
        level = held if held.rank <= last.peak_level.rank else last.peak_level
        since = _raised_at(last)
        if (
            last.resolved_at is None
            and level.rank < last.level.rank
            and (self.holds.calm_for(scene.at, last.level, since) < self._rules.downgrade_hold)
        ):
            level = last.level
        why = f"第二波：{explain(self._rules, scene.verdict)}"
        out = [self._tell(scene, last, Transition.REOPENED, why, level, IncidentState.FIRING, resolved=None)]
        if held.rank > level.rank:
            out.append(self._climb(scene, out[0], held))
        return out

    def _firing(self, scene: Scene, incident: Incident, held: Level | None) -> list[Incident]:
        if held is not None and held.rank > incident.level.rank:
            return [self._climb(scene, incident, held)]
        at, holds, rules = scene.at, self.holds, self._rules
        since = _raised_at(incident)
        if holds.calm_for(at, holds.lowest, since) >= rules.recover_hold:
            why = f"{rules.recover_hold:g} 秒内未达到任何级别"
            state = IncidentState.RECOVERING
            return [self._tell(scene, incident, Transition.RECOVERING, why, incident.level, state)]
        below = holds.supported(at, rules.downgrade_hold) or holds.lowest
        if (
            below.rank < incident.level.rank
            and holds.calm_for(at, incident.level, since) >= rules.downgrade_hold
        ):
            why = f"{rules.downgrade_hold:g} 秒内未达到原级别；{explain(rules, scene.verdict)}"
            return [self._tell(scene, incident, Transition.DOWNGRADED, why, below, incident.state)]
        if at - incident.updated_at >= rules.update_every and _changed(incident.signal, scene.signal):
            return [self._tell(scene, incident, Transition.UPDATED, "", incident.level, incident.state)]
        return []

    def _recovering(self, scene: Scene, incident: Incident, held: Level | None) -> list[Incident]:
        if held is not None:
            return self._reopen(scene, incident, held)
        calm = self.holds.calm_for(scene.at, self.holds.lowest, _state_since(incident))
        if calm < self._rules.resolve_hold:
            return []
        why = f"恢复后又平静 {self._rules.resolve_hold:g} 秒"
        level, state = incident.level, IncidentState.RESOLVED
        return [self._tell(scene, incident, Transition.RESOLVED, why, level, state, resolved=scene.at)]

    def _climb(self, scene: Scene, incident: Incident, level: Level) -> Incident:
        """Raise the level; only one that the incident never had is an escalation."""
        new = level.rank > incident.peak_level.rank
        transition = Transition.ESCALATED if new else Transition.UPDATED
        hold = self._rules.levels[level].hold
        why = f"持续 {hold:g} 秒；{explain(self._rules, scene.verdict)}"
        return self._tell(scene, incident, transition, why, level, IncidentState.FIRING)

    def _tell(
        self,
        scene: Scene,
        incident: Incident,
        transition: Transition,
        why: str,
        level: Level,
        state: IncidentState,
        resolved: float | None = None,
    ) -> Incident:
        higher = level.rank > incident.peak_level.rank
        routine = transition is Transition.UPDATED and level is incident.level
        entry = _entry(scene.at, transition, why, level, state)
        told = replace(
            incident,
            level=level,
            peak_level=level if higher else incident.peak_level,
            state=state,
            transition=transition,
            sequence=incident.sequence + 1,
            updated_at=scene.at,
            resolved_at=resolved,
            evidence=scene.evidence(incident.started_at, incident),
            audit=incident.audit if routine else [*incident.audit, entry],
        )
        return self._keep(replace(told, signal=_tagged(scene.signal, told)))

    def _keep(self, incident: Incident) -> Incident:
        self._known[incident.id] = incident
        if self._newest is None or incident.started_at >= self._newest.started_at:
            self._newest = incident
        return incident


def incident_id(watch: str, started_at: float) -> str:
    """Return the id of the incident of `watch` that started then: the same in every run.

    Examples
    --------
    >>> incident_id("qingshan-tea", 1700000000.25)
    'qingshan-tea-20231114T221320.250Z'
    """
    start = datetime.fromtimestamp(started_at, UTC)
    return f"{watch}-{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03d}Z"


def _tagged(signal: Signal, incident: Incident) -> Signal:
    return replace(signal, level=incident.level, incident=incident.id)


def _entry(at: float, transition: Transition, why: str, level: Level, state: IncidentState) -> AuditEntry:
    return AuditEntry(at=at, who=WHO, change=transition.value, why=why, level=level, state=state)


def _raised_at(incident: Incident) -> float:
    """Return when the incident was last raised: its level was met then, whatever the holds know."""
    return next((e.at for e in reversed(incident.audit) if e.change in _RAISES), incident.updated_at)


def _state_since(incident: Incident) -> float:
    changes = [e.at for e in incident.audit if e.state is incident.state]
    return changes[-1] if changes else incident.updated_at


def _changed(before: Signal, now: Signal) -> bool:
    pairs = (
        (before.velocity, now.velocity),
        (before.negative_authors, now.negative_authors),
        (before.negative_share, now.negative_share),
    )
    return any(abs(new - old) > MATERIAL * max(old, new) for old, new in pairs)
