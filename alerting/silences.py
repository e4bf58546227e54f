"""Which silences cover an incident at a moment: a pure decision.

Evidence is renewed while an incident goes on, so a keyword may leave it and come back. A silence
that has muted an incident is therefore not asked again for what the talk says: it holds until it ends
or is lifted, or until its level does not fit any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerting.message.steps import top_label
from config.records import Incident, Silence


def silences_over(incident: Incident, silences: Iterable[Silence], at: float) -> list[Silence]:
    """Return the silences that cover `incident` at event time `at`, the one that ends last first."""
    covering = [s for s in silences if s.starts_at <= at < s.ends_at and covers(s, incident)]
    return sorted(covering, key=lambda s: (s.ends_at, s.id), reverse=True)


def covers(silence: Silence, incident: Incident) -> bool:
    """Whether the incident passes every matcher that the silence sets, whatever the time.

    One that sets none covers nothing: it would mute everything by oversight. One that has muted the
    incident before (`silenced_by`) passes for intent and keyword, whatever the evidence is by now.
    """
    known = silence.id in incident.silenced_by
    keyword = (silence.keyword or "").casefold()
    asked: list[tuple[object, bool]] = [
        (silence.incident_id, incident.id == silence.incident_id),
        (silence.watches, incident.watch in silence.watches),
        (silence.levels, incident.level in silence.levels),
        (silence.intent, known or leading_intent(incident) == silence.intent),
        (keyword, bool(keyword) and (known or keyword in _words(incident))),
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
