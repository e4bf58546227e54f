"""What people said was no crisis, for a backtest to hold rules against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from config.records import Incident

Span = tuple[float, float]


def false_alarm_spans(incidents: Iterable[Incident]) -> dict[str, list[Span]]:
    """Return the spans (event time, epoch seconds) marked as false alarms, by watch, in order.

    A span that a true incident of the same watch overlaps is cut to what lies outside:
    where people saw both, the crisis counts.
    """
    false: dict[str, list[Span]] = {}
    true: dict[str, list[Span]] = {}
    for incident in incidents:
        end = incident.updated_at if incident.resolved_at is None else incident.resolved_at
        kind = false if incident.false_alarm else true
        kind.setdefault(incident.watch, []).append((incident.started_at, end))
    return {watch: outside(spans, true.get(watch, ())) for watch, spans in false.items()}


def outside(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the parts of `spans` that no one of `others` covers, in order.

    >>> outside([(0, 10)], [(2, 3), (8, 20)])
    [(0, 2), (3, 8)]
    """
    parts = sorted(spans)
    for low, high in others:
        cut: list[Span] = []
        for start, end in parts:
            if high <= start or low >= end:
                cut.append((start, end))
                continue
            if start < low:
                cut.append((start, low))
            if high < end:
                cut.append((high, end))
        parts = cut
    return parts


def is_false_alarm(
    watch: str, started_at: float, ended_at: float, known: Mapping[str, Sequence[Span]]
) -> bool:
    """Whether an incident that rules would have made overlaps one that people marked as false."""
    return any(started_at <= end and ended_at >= start for start, end in known.get(watch, ()))
