"""Which silence covers an incident at a moment: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable

from alerting.message.steps import top_label
from config.records import Incident, Silence


def silence_over(incident: Incident, silences: Iterable[Silence], at: float) -> Silence | None:
    """Return the silence that covers `incident` at event time `at` the longest, None if none does."""
    covering = [s for s in silences if s.starts_at <= at < s.ends_at and covers(s, incident)]
    return max(covering, key=lambda s: (s.ends_at, s.id), default=None)


def covers(silence: Silence, incident: Incident) -> bool:
    """Whether the incident passes every matcher that the silence sets, whatever the time.

    One that sets none covers nothing: it would mute everything by oversight.
    """
    keyword = (silence.keyword or "").casefold()
    asked: list[tuple[object, bool]] = [
        (silence.incident_id, incident.id == silence.incident_id),
        (silence.watches, incident.watch in silence.watches),
        (silence.levels, incident.level in silence.levels),
        (silence.intent, leading_intent(incident) == silence.intent),
        (keyword, bool(keyword) and keyword in _words(incident)),
    ]
    checks = [passed for matcher, passed in asked if matcher]
    return bool(checks) and all(checks)


def leading_intent(incident: Incident) -> str | None:
    """Return the intent that most of the evidence has, ``other`` only where there is no other."""
    top = top_label(incident.evidence.intents, leave_out="other")
    return top[0] if top else None


def _words(incident: Incident) -> str:
    evidence = incident.evidence
    quotes = [quote.text for quote in (evidence.first, *evidence.quotes) if quote is not None]
    return "\n".join([*(term.word for term in evidence.terms), *quotes]).casefold()
