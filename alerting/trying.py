"""Where rules would have fired on past signals, without the posts themselves.

The index keeps one signal a minute of talk and every tick above the expected band, so a
condition is known at those moments only. It counts as lasting from one signal to the
next while they are no more than a minute apart; a longer gap breaks a hold, as silence
does in the detector. What a signal was measured with (`window`, `evidence_window`,
`author_cap`) can't be changed afterwards: that needs a backtest on posts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerting.holds import Holds
from alerting.levels import explain, judge
from config.records import Level, Signal
from config.rules import Rules

GAP: Final = 61.0
"""Longest gap in seconds over which a condition counts as lasting."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A time in which some level had been held; times in epoch seconds of the events.

    Attributes
    ----------
    level : the highest level that was held.
    started_at, ended_at : first and last signal at which one was.
    reason : the verdict at the signal at which `level` was first held.
    incidents : ids of the incidents that were open at these signals.
    told : the highest level that was told then, None if there was no incident.
    """

    level: Level
    started_at: float
    ended_at: float
    reason: str
    incidents: tuple[str, ...] = ()
    told: Level | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules make of past signals.

    Attributes
    ----------
    signals : how many were looked at.
    nearly : signals at which some level's condition held, held long enough or not.
    firings : in order of time; what would be one incident, second waves included, is one.
    outdated : signals of an older version, without the counts of the evidence window.
    other_window : signals measured with another `window` than the rules have.
    """

    signals: int
    nearly: int
    firings: list[Firing]
    outdated: int
    other_window: int


def try_on(rules: Rules, signals: Iterable[Signal], *, english: bool = False) -> Trial:
    """Return where `rules` would have fired on a watch's signals, given in order of time."""
    holds = Holds(rules)
    one_incident = rules.recover_hold + rules.resolve_hold + rules.regroup
    firings: list[Firing] = []
    count = nearly = outdated = other_window = 0
    last: float | None = None
    for signal in signals:
        count += 1
        outdated += signal.negative_authors > 0 and not signal.evidence_negative
        other_window += signal.window_s != rules.window
        if last is not None and signal.at - last > GAP:
            holds.lapse()
        last = signal.at
        verdict = judge(rules, signal)
        nearly += verdict.level is not None
        holds.note(signal.at, verdict.level)
        held = holds.held(signal.at)
        if held is not None:
            reason = explain(rules, verdict, english=english)
            _add(firings, Firing(held, signal.at, signal.at, reason), signal, one_incident)
    return Trial(count, nearly, firings, outdated, other_window)


def _add(firings: list[Firing], now: Firing, signal: Signal, apart: float) -> None:
    """Take one moment into the last firing, or begin one."""
    before = firings[-1] if firings and now.started_at - firings[-1].ended_at < apart else now
    told = max((level for level in (before.told, signal.level) if level), key=lambda x: x.rank, default=None)
    seen = dict.fromkeys([*before.incidents, *([signal.incident] if signal.incident else [])])
    higher = now.level.rank > before.level.rank
    merged = Firing(
        level=now.level if higher else before.level,
        started_at=before.started_at,
        ended_at=now.ended_at,
        reason=now.reason if higher else before.reason,
        incidents=tuple(seen),
        told=told,
    )
    firings[len(firings) - (before is not now) :] = [merged]
