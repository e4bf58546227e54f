"""The life of an incident: pending, firing, recovering, resolved, and what each step tells.

    pending ──hold──► firing ──no level met for recover_hold──► recovering ──resolve_hold──► resolved
                      │  ▲                                          │                           │
       escalated at once  └──── a level held: reopened ─────────────┴── within regroup ─────────┘
       downgraded after downgrade_hold

Pending is not told to anybody: it is only that a level is met and its hold runs.

One incident pages once, when it fires. `escalated` is told only for a level the incident never
had before; it calls the owner in the same thread. `reopened` calls nobody who has the thread: a
second wave is news in it, its climb back to a level known already is only `updated`, and
if it starts above the first one's peak, `escalated` follows in the same tick.

Muting (`alerting.muting`) touches pages only: an incident that fires muted pages as `unmuted`
if it still fires when the muting ends. A silence that has muted an incident holds for it until it
ends, though what made it fit has left the evidence. `handed_on` calls the next person where nobody
acknowledged (`alerting.escalation`). An incident that a person closed stays closed until no
level was met for recover_hold, unless the talk rises above its peak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from alerting.acts import applied
from alerting.audit import audited, past_its_wave, raised_at, recovering_since
from alerting.escalation import next_owner
from alerting.growth import outlook
from alerting.holds import Holds
from alerting.levels import Verdict, explain
from alerting.muting import Mute, Muting, in_words
from config.muting import MutingRules
from config.records import (
    Act,
    Evidence,
    Growth,
    Incident,
    IncidentState,
    Level,
    Signal,
    Transition,
)
from config.rules import Rules
from config.watches import Watch

_PAGES: Final = frozenset({Transition.FIRED, Transition.ESCALATED, Transition.REOPENED, Transition.UNMUTED})
_CALLS_OWNER: Final = _PAGES - {Transition.REOPENED}
MUTED: Final = "muted"
"""The audit's word for a muting that begins."""
MATERIAL: Final = 0.2
"""Relative change of the numbers that is worth an edit of the standing message."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tick looked like; the costly parts are only asked for when something is told.

    Attributes
    ----------
    onset : gives the time of the first mention of the rise.
    evidence : gives the evidence, with the first mention since then, or the one that the incident's wave began with.
    recent : gives the negative mentions of the last `growth.WINDOW` seconds, None where the ring is shorter.
    """

    at: float
    verdict: Verdict
    signal: Signal
    onset: Callable[[], float]
    evidence: Callable[[float, Incident | None], Evidence]
    recent: Callable[[], int | None]


class Incidents:
    """The incidents of one watch: at most one open, the last one kept for regrouping."""

    def __init__(self, watch: Watch, rules: Rules, muting: MutingRules | None = None) -> None:
        self._watch = watch
        self._rules = rules
        self.holds = Holds(rules)
        self.muting = Muting(muting or MutingRules(), watch.parent)
        self._known: dict[str, Incident] = {}
        self._newest: Incident | None = None

    @property
    def open(self) -> Incident | None:
        """The incident that is firing or recovering."""
        newest = self._newest
        return newest if newest is not None and newest.state is not IncidentState.RESOLVED else None

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Start and end (infinity while open) of the known incidents, without false alarms."""
        ends = [(i.started_at, i.resolved_at) for i in self._known.values() if not i.false_alarm]
        return [(start, float("inf") if end is None else end) for start, end in ends]

    @property
    def told_spans(self) -> list[tuple[float, float]]:
        """Like `spans`, from the tick at which each was detected."""
        ends = [(i.detected_at or i.started_at, i.resolved_at) for i in self._known.values()]
        return [(start, float("inf") if end is None else end) for start, end in ends]

    @property
    def hot(self) -> bool:
        """Whether every tick matters: an incident is open, pending, or closed by hand before its time."""
        closed = self._newest is not None and self._newest.closed_by is not None
        return closed or self.open is not None or self.holds.pending_since is not None

    def restore(self, incidents: list[Incident]) -> None:
        """Take over the incidents that the index kept."""
        self._known = {i.id: i for i in incidents}
        self._newest = max(incidents, key=lambda i: (i.started_at, i.sequence), default=None)

    def act(self, act: Act, at: float) -> list[Incident]:
        """Apply what a person did, at event time `at`; return the transition to tell, if any.

        Raises
        ------
        KeyError
            No incident of this watch has that id.
        """
        if act.incident_id not in self._known:
            raise KeyError(f"watch {self._watch.id} has no incident {act.incident_id!r}")
        changed = applied(self._known[act.incident_id], act, at)
        return [] if changed is None else [self._keep(changed)]

    def step(self, scene: Scene) -> list[Incident]:
        """Take in one tick; return the transitions to tell, in order."""
        self.holds.note(scene.at, scene.verdict.level)
        told = self._live(scene, self.holds.held(scene.at))
        if self.open is not None:
            told += self._mute(scene, self.open)
            told += self._hand_on(scene, self.open)
        return told

    def _live(self, scene: Scene, held: Level | None) -> list[Incident]:
        incident = self.open
        if incident is None:
            return self._calm(scene) or self._begin(scene, held)
        if incident.state is IncidentState.RECOVERING:
            return self._recovering(scene, incident, held)
        return self._firing(scene, incident, held)

    def _begin(self, scene: Scene, held: Level | None) -> list[Incident]:
        if held is None:
            return []
        last = self._newest
        if last is not None and last.resolved_at is not None:
            if last.closed_by is not None and held.rank <= last.peak_level.rank:
                return []
            if not last.false_alarm and scene.at - last.resolved_at <= self._rules.regroup:
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
            signal=scene.signal,
            evidence=scene.evidence(started, None),
            growth=_growth(scene, started),
        )
        fired = replace(fired, signal=_tagged(scene.signal, fired))
        return [self._keep(self._addressed(audited(fired, None, scene.at, Transition.FIRED, why), scene.at))]

    def _calm(self, scene: Scene) -> list[Incident]:
        """Note that what a person closed has calmed down: from here on a new wave is one."""
        last = self._newest
        if last is None or last.closed_by is None or last.resolved_at is None:
            return []
        hold = self._rules.recover_hold
        if self.holds.calm_for(scene.at, self.holds.lowest, last.resolved_at) < hold:
            return []
        calm = replace(last, closed_by=None, transition=Transition.UPDATED, sequence=last.sequence + 1)
        return [self._keep(audited(calm, last, scene.at, "calm", f"{hold:g} 秒内未达到任何级别"))]

    def _reopen(self, scene: Scene, last: Incident, held: Level) -> list[Incident]:
        level = held if held.rank <= last.peak_level.rank else last.peak_level
        since = raised_at(last)
        if (
            last.resolved_at is None
            and level.rank < last.level.rank
            and (self.holds.calm_for(scene.at, last.level, since) < self._rules.downgrade_hold)
        ):
            level = last.level
        why = f"第二波：{explain(self._rules, scene.verdict)}"
        if last.resolved_at is not None:  # whoever took the first wave has not seen this one
            owner = self._watch.owner
            # The thread is there: the second wave is told in it without a call.
            due = last.pages > 0
            own = scene.evidence(scene.onset(), None)
            last = replace(
                last, acknowledged_by=None, called=0, owner=owner, owner_due=due, closed_by=None, evidence=own
            )
        out = [self._tell(scene, last, Transition.REOPENED, why, level, IncidentState.FIRING)]
        if held.rank > level.rank:
            out.append(self._climb(scene, out[0], held))
        return out

    def _firing(self, scene: Scene, incident: Incident, held: Level | None) -> list[Incident]:
        if held is not None and held.rank > incident.level.rank:
            return [self._climb(scene, incident, held)]
        at, holds, rules = scene.at, self.holds, self._rules
        since = raised_at(incident)
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
        calm = self.holds.calm_for(scene.at, self.holds.lowest, recovering_since(incident))
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

    def _mute(self, scene: Scene, incident: Incident) -> list[Incident]:
        """Note that muting has begun, or has ended: what still fires then is told once."""
        if not _is_news(self.muting.decide(incident, scene.at), incident):
            return []
        # What is told is told with newer evidence, which may have the last word.
        renewed = replace(incident, evidence=scene.evidence(incident.started_at, incident))
        mute = self.muting.decide(renewed, scene.at)
        if not _is_news(mute, incident):
            return []
        told = Transition.UPDATED
        if mute is None and incident.state is IncidentState.FIRING:
            told = Transition.UNMUTED
        return [self._tell(scene, incident, told, "", incident.level, incident.state, readdress=True)]

    def _hand_on(self, scene: Scene, incident: Incident) -> list[Incident]:
        owner = next_owner(incident, self._watch.owners, self._rules.ack_within, scene.at)
        if owner is None:
            return []
        if first := incident.owner_due and owner == incident.owner:
            why = f"第二波 {self._rules.ack_within:g} 秒内无人确认，呼叫 {owner}"
        else:
            why = f"{self._rules.ack_within:g} 秒内无人确认（{incident.owner or '无负责人'}），转呼 {owner}"
        called = incident.called if first else incident.called + 1
        next_one = replace(incident, owner=owner, called=called, owner_due=False)
        return [self._tell(scene, next_one, Transition.HANDED_ON, why, incident.level, incident.state)]

    def _tell(
        self,
        scene: Scene,
        incident: Incident,
        transition: Transition,
        why: str,
        level: Level,
        state: IncidentState,
        resolved: float | None = None,
        readdress: bool = False,
    ) -> Incident:
        higher = level.rank > incident.peak_level.rank
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
        )
        told = replace(told, signal=_tagged(scene.signal, told))
        if not readdress and not (transition is Transition.UPDATED and level is incident.level):
            told = audited(told, incident, scene.at, transition, why)
        told = replace(told, growth=None if past_its_wave(told) else _growth(scene, told.started_at))
        if readdress or transition in _PAGES:
            told = self._addressed(told, scene.at)
        return self._keep(told)

    def _addressed(self, incident: Incident, at: float) -> Incident:
        """Decide whether this transition may page; what changes of the muting goes into the audit."""
        mute = self.muting.decide(incident, at)
        reason = mute.reason.value if mute else None
        new = mute.new_to(incident) if mute else []
        if reason != incident.muted:
            change, why = (MUTED, mute.why) if mute else (Transition.UNMUTED, f"不再静默：{incident.muted}")
            incident = audited(replace(incident, muted=reason), incident, at, change, why)
        elif new:
            incident = audited(incident, incident, at, MUTED, "；".join(map(in_words, new)))
        if new:
            incident = replace(incident, silenced_by=[*incident.silenced_by, *(s.id for s in new)])
        if mute is None and incident.transition in _PAGES:
            due = incident.owner_due and incident.transition not in _CALLS_OWNER
            incident = replace(incident, pages=1, owner_due=due)
        return incident

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


def _growth(scene: Scene, started: float) -> Growth | None:
    """Return what may be told of the next hour; the onset is what was found when the incident fired."""
    recent = scene.recent()
    return None if recent is None else outlook(scene.at, scene.at - started, recent)


def _is_news(mute: Mute | None, incident: Incident) -> bool:
    """Whether `incident` does not know it yet: another reason, or a silence that has to be remembered."""
    reason = mute.reason.value if mute else None
    return reason != incident.muted or bool(mute and mute.new_to(incident))


def _tagged(signal: Signal, incident: Incident) -> Signal:
    return replace(signal, level=incident.level, incident=incident.id)


def _changed(before: Signal, now: Signal) -> bool:
    pairs = (
        (before.velocity, now.velocity),
        (before.negative_authors, now.negative_authors),
        (before.negative_share, now.negative_share),
    )
    return any(abs(new - old) > MATERIAL * max(old, new) for old, new in pairs)
