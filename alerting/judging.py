"""How incidents compare with what is known to have happened."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from alerting.backtest import IncidentReport
from config.records import Record


class Crisis(Record, frozen=True, kw_only=True):
    """Something that people should have been told of, in epoch seconds of the events."""

    start: float
    end: float
    name: str = ""


class Judgement(Record, frozen=True, kw_only=True):
    """Incidents held against the crises of one watch, or of several together.

    Attributes
    ----------
    crises, found : how many there were, and how many were told.
    incidents, right : how many were told, and how many of them were of a crisis.
    false_pages : pages of the other incidents.
    days : days that were watched.
    delays : seconds from a crisis' start to its detection, of those that began an incident.
    """

    crises: int = 0
    found: int = 0
    incidents: int = 0
    right: int = 0
    false_pages: int = 0
    days: float = 0.0
    delays: list[float] = []  # noqa: RUF012 - msgspec gives each record its own copy

    @property
    def recall(self) -> float | None:
        """Share of the crises that were found; None without any."""
        return self.found / self.crises if self.crises else None

    @property
    def precision(self) -> float | None:
        """Share of the incidents that were of a crisis; None without any."""
        return self.right / self.incidents if self.incidents else None

    @property
    def false_pages_a_day(self) -> float:
        """False pages a watch-day."""
        return self.false_pages / self.days if self.days else 0.0

    @property
    def median_delay(self) -> float | None:
        """Median of the delays in seconds; None without any."""
        return median(self.delays) if self.delays else None


def judge_incidents(incidents: Sequence[IncidentReport], crises: Sequence[Crisis], days: float) -> Judgement:
    """Hold the incidents of one watch against its crises.

    An incident is right if it was detected between start and end of a crisis. A crisis
    is found if an incident was detected in it, or if a right one of an earlier crisis was
    still open when it began: a second wave is told in the thread of the first.
    """
    right = [i for i in incidents if any(c.start <= i.detected_at <= c.end for c in crises)]
    found, delays = 0, []
    for crisis in crises:
        begun = [i.detected_at for i in right if crisis.start <= i.detected_at <= crisis.end]
        if begun:
            delays.append(min(begun) - crisis.start)
        found += bool(begun) or any(_open_at(i, crisis) for i in right)
    false_pages = sum(i.pages for i in incidents if i not in right)
    return Judgement(
        crises=len(crises),
        found=found,
        incidents=len(incidents),
        right=len(right),
        false_pages=false_pages,
        days=days,
        delays=delays,
    )


def together(judgements: Sequence[Judgement]) -> Judgement:
    """Return the sum over several watches."""
    return Judgement(
        crises=sum(j.crises for j in judgements),
        found=sum(j.found for j in judgements),
        incidents=sum(j.incidents for j in judgements),
        right=sum(j.right for j in judgements),
        false_pages=sum(j.false_pages for j in judgements),
        days=sum(j.days for j in judgements),
        delays=[delay for j in judgements for delay in j.delays],
    )


def _open_at(incident: IncidentReport, crisis: Crisis) -> bool:
    end = float("inf") if incident.resolved_at is None else incident.resolved_at
    return incident.detected_at < crisis.start and end > crisis.start
