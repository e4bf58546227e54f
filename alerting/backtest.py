"""What the rules would have done with history: the live detectors, driven at full speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from alerting.detector import Detector, Output
from config.records import Incident, Level, Record, ScoredMention
from config.rules import Rules
from config.watches import Watch

DAY: Final = 86400.0


class IncidentReport(Record, frozen=True, kw_only=True):
    """One incident as ``fengsheng backtest --json`` gives it; times in epoch seconds.

    `level` is the highest level that it reached.
    """

    level: Level
    started_at: float
    detected_at: float
    resolved_at: float | None
    pages: int


class WatchReport(Record, frozen=True, kw_only=True):
    """What a watch saw: distinct posts, days from first to last, pages sent, incidents in order."""

    posts: int
    days: float
    pages: int
    incidents: list[IncidentReport]


class Backtest:
    """Detectors of several watches that are fed mention by mention.

    Parameters
    ----------
    watches : what to watch.
    rules : rule sets by name; each watch names its own.

    Raises
    ------
    KeyError
        A watch names rules that are not there.
    """

    def __init__(self, watches: Sequence[Watch], rules: Mapping[str, Rules]) -> None:
        self._detectors = {w.id: Detector(w, rules[w.rules], signals=False) for w in watches}
        self._seen: dict[str, set[str]] = {w.id: set() for w in watches}
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._incidents: dict[str, dict[str, Incident]] = {w.id: {} for w in watches}

    def observe(self, mention: ScoredMention) -> None:
        """Give the mention to its watch, or to all of its watches where none is set."""
        for watch in [mention.watch] if mention.watch is not None else mention.watches:
            detector = self._detectors.get(watch)
            if detector is None:
                continue
            self._seen[watch].add(mention.mention_id)
            at = mention.created_at
            self._first[watch] = min(at, self._first.get(watch, at))
            self._last[watch] = max(at, self._last.get(watch, at))
            self._note(watch, detector.observe(mention))

    def advance(self, now: float) -> None:
        """Let event time go on to `now` in silence, for every watch."""
        for watch, detector in self._detectors.items():
            self._note(watch, detector.advance(now))

    def report(self) -> dict[str, WatchReport]:
        """Return what happened so far, by watch id."""
        return {watch: self._report(watch) for watch in self._detectors}

    def _note(self, watch: str, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, Incident):
                self._incidents[watch][output.id] = output

    def _report(self, watch: str) -> WatchReport:
        incidents = [
            IncidentReport(
                level=i.peak_level,
                started_at=i.started_at,
                detected_at=i.started_at if i.detected_at is None else i.detected_at,
                resolved_at=i.resolved_at,
                pages=i.pages,
            )
            for i in sorted(self._incidents[watch].values(), key=lambda i: i.started_at)
        ]
        span = self._last.get(watch, 0.0) - self._first.get(watch, 0.0)
        return WatchReport(
            posts=len(self._seen[watch]),
            days=round(span / DAY, 3),
            pages=sum(i.pages for i in incidents),
            incidents=incidents,
        )


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
