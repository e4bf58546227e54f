"""What the rules would have done with history: the live detectors, driven at full speed."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import nextafter
from typing import Final, NamedTuple

from alerting.detector import Detector, Output
from alerting.false_alarms import Span, is_false_alarm
from alerting.hot import is_entry
from alerting.incidents import MUTED
from alerting.simple_rules import SIMPLE_RULES
from config.muting import MutingRules
from config.records import (
    Act,
    ActKind,
    Growth,
    HourSummary,
    Incident,
    IncidentState,
    Level,
    Record,
    ScoredMention,
    Transition,
)
from config.rules import Rules, rules_for
from config.watches import Watch

DAY: Final = 86400.0


class IncidentReport(Record, frozen=True, kw_only=True):
    """One incident as ``fengsheng backtest --json`` gives it; times in epoch seconds.

    Attributes
    ----------
    level : the highest level that it reached.
    lead : of a backtest, by rule (`alerting.simple_rules`): seconds from the detection to what
        that rule first told since the incident's start; None if it told nothing of it.
    muted : of a backtest, why nobody was to be paged, in words, in the order in which it began.
    false_alarm : of a backtest, people marked what set it off as a false alarm.
    continued : of a replay, it began in an earlier run on the same data folder; `pages` are those of
        this run.
    """

    level: Level
    started_at: float
    detected_at: float
    resolved_at: float | None
    pages: int
    lead: dict[str, float | None] = {}  # noqa: RUF012 - msgspec gives each record its own copy
    muted: list[str] = []  # noqa: RUF012
    false_alarm: bool = False
    continued: bool = False


class WatchReport(Record, frozen=True, kw_only=True):
    """What a watch saw: distinct posts, days from first to last, pages sent, incidents in order.

    Attributes
    ----------
    pages_a_day : pages by days, a part of a day counted as one.
    simple_rules : of a backtest, by rule: how often it would have told somebody.
    muted : of a backtest, incidents that never paged, since they were muted.
    false_alarms, false_pages : of a backtest, spans that people marked as false alarms, and pages for
        such.
    """

    posts: int
    days: float
    pages: int
    pages_a_day: float
    incidents: list[IncidentReport]
    simple_rules: dict[str, int] = {}  # noqa: RUF012
    muted: int = 0
    false_alarms: int = 0
    false_pages: int = 0


class Moment(NamedTuple):
    """One point of a timeline; masses a minute, level 0 without an incident to 4 for Ⅰ."""

    at: float
    velocity: float
    low: float
    high: float
    level: int


def report_of(
    posts: int,
    first: float,
    last: float,
    incidents: Sequence[IncidentReport],
    simple_rules: Mapping[str, int] | None = None,
    false_alarms: Sequence[Span] = (),
) -> WatchReport:
    """Return the report of a watch whose mentions lie between `first` and `last`; they may be none.

    `false_alarms` that lie outside of these are not counted.
    """
    days = (last - first) / DAY if posts else 0.0
    pages = sum(i.pages for i in incidents)
    return WatchReport(
        posts=posts,
        days=round(days, 3),
        pages=pages,
        pages_a_day=round(pages / max(days, 1.0), 3),
        incidents=list(incidents),
        simple_rules=dict(simple_rules or {}),
        muted=sum(bool(i.muted) and not i.pages for i in incidents),
        false_alarms=sum(start <= last and end >= first for start, end in false_alarms),
        false_pages=sum(i.pages for i in incidents if i.false_alarm),
    )


@dataclass
class _Seen:
    """What was given to one watch and what came of it."""

    ids: set[str] = field(default_factory=set)
    first: float = float("inf")
    last: float = float("-inf")
    negative: array[float] = field(default_factory=lambda: array("d"))
    incidents: dict[str, Incident] = field(default_factory=dict)
    growth: list[Growth] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)


class Backtest:
    """Detectors of several watches that are fed mention by mention.

    Parameters
    ----------
    watches : what to watch.
    rules : rule sets by name; each watch names its own.
    timelines : whether to keep the moments for `timeline`.
    muting : quiet hours and maintenance windows.
    false_alarms : spans that people marked (`alerting.false_alarms`), by watch. An incident that one of
        them sets off is marked when it ends, as people did: its talk is learnt as ordinary, and a later
        wave is an incident of its own.

    Raises
    ------
    KeyError
        A watch names rules that are not there.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        rules: Mapping[str, Rules],
        *,
        timelines: bool = False,
        muting: MutingRules | None = None,
        false_alarms: Mapping[str, Sequence[Span]] | None = None,
    ) -> None:
        self._detectors = {
            w.id: Detector(w, rules_for(w, rules), signals=timelines, muting=muting) for w in watches
        }
        self._products: dict[str, list[str]] = {}
        for w in watches:
            if w.parent is not None:
                self._products.setdefault(w.parent, []).append(w.id)
        self._marked = false_alarms or {}
        self._seen = {w.id: _Seen() for w in watches}
        self._timelines = timelines

    def remember(self, watch: str, hours: Sequence[HourSummary]) -> None:
        """Give a watch the hours of a history that lies before its first mention."""
        self._detectors[watch].restore(hours, [], [], None)

    def observe(self, mention: ScoredMention) -> None:
        """Give the mention to its watch, or to all of its watches where none is set."""
        for watch in [mention.watch] if mention.watch is not None else mention.watches:
            detector = self._detectors.get(watch)
            if detector is None:
                continue
            if not is_entry(mention):
                self._count(self._seen[watch], mention)
            self._note(watch, detector.observe(mention))

    def advance(self, now: float) -> None:
        """Let event time go on to `now` in silence, for every watch."""
        for watch, detector in self._detectors.items():
            self._note(watch, detector.advance(now))

    def report(self) -> dict[str, WatchReport]:
        """Return what happened so far, by watch id."""
        return {watch: self._report(watch, seen) for watch, seen in self._seen.items()}

    def timeline(self, watch: str) -> Sequence[Moment]:
        """Return the moments that were told of a watch: each minute with talk, each tick of an incident."""
        return self._seen[watch].moments

    def growth(self, watch: str) -> Sequence[Growth]:
        """Return the projections that the watch's incidents told, in order."""
        return self._seen[watch].growth

    @staticmethod
    def _count(seen: _Seen, mention: ScoredMention) -> None:
        at = mention.created_at
        if mention.score.negative and mention.mention_id not in seen.ids:
            seen.negative.append(at)
        seen.ids.add(mention.mention_id)
        seen.first, seen.last = min(at, seen.first), max(at, seen.last)

    def _note(self, watch: str, outputs: Iterable[Output]) -> None:
        seen = self._seen[watch]
        for output in outputs:
            if isinstance(output, Incident):
                seen.incidents[output.id] = output
                if output.growth is not None:
                    seen.growth.append(output.growth)
                self._tell_products(output)
                if output.transition is Transition.RESOLVED and self._is_false(output):
                    self._note(watch, self._detectors[watch].act(_mark(output)))
            elif self._timelines:
                level = 0 if output.level is None else output.level.rank
                band = (output.band_low, output.band_high)
                seen.moments.append(Moment(output.at, output.velocity, *band, level))

    def _tell_products(self, incident: Incident) -> None:
        """Let the products of a company know of its incident, from the tick that told it on."""
        over = incident.state is IncidentState.RESOLVED
        before = nextafter(incident.updated_at, 0.0)
        for product in self._products.get(incident.watch, ()):
            self._note(product, self._detectors[product].advance(before))
            self._detectors[product].surround((), [] if over else [incident])

    def _is_false(self, incident: Incident) -> bool:
        detected = incident.started_at if incident.detected_at is None else incident.detected_at
        return is_false_alarm(incident.watch, incident.started_at, detected, self._marked)

    def _report(self, watch: str, seen: _Seen) -> WatchReport:
        told = {name: rule(seen.negative) for name, rule in SIMPLE_RULES.items()}
        incidents = [
            IncidentReport(
                level=i.peak_level,
                started_at=i.started_at,
                detected_at=i.started_at if i.detected_at is None else i.detected_at,
                resolved_at=i.resolved_at,
                pages=i.pages,
                lead={name: _lead(i, alerts) for name, alerts in told.items()},
                muted=[entry.why for entry in i.audit if entry.change == MUTED],
                false_alarm=self._is_false(i),
            )
            for i in sorted(seen.incidents.values(), key=lambda i: i.started_at)
        ]
        counts = {name: len(alerts) for name, alerts in told.items()}
        marked = self._marked.get(watch, ())
        return report_of(len(seen.ids), seen.first, seen.last, incidents, counts, marked)


def _mark(incident: Incident) -> Act:
    return Act(
        id=f"{incident.id}:{incident.sequence}:{ActKind.FALSE_ALARM}",
        kind=ActKind.FALSE_ALARM,
        incident_id=incident.id,
        watch=incident.watch,
        by="backtest",
        at=incident.updated_at,
    )


def _lead(incident: Incident, alerts: Sequence[float]) -> float | None:
    end = float("inf") if incident.resolved_at is None else incident.resolved_at
    detected = incident.started_at if incident.detected_at is None else incident.detected_at
    told = [at for at in alerts if incident.started_at <= at <= end]
    return round(min(told) - detected, 3) if told else None


def backtest(
    watches: Sequence[Watch],
    rules: Mapping[str, Rules],
    mentions: Iterable[ScoredMention],
    until: float | None = None,
) -> dict[str, WatchReport]:
    """Run the watches over `mentions`, which are sorted by `created_at`.

    Parameters
    ----------
    until : event time to go on to after the last mention; without it an incident that
        was open then stays open, for the file does not say that the talk had ended.
    """
    run = Backtest(watches, rules)
    for mention in mentions:
        run.observe(mention)
    if until is not None:
        run.advance(until)
    return run.report()
