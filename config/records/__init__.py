"""The records that travel between the parts, and their versioned JSON form.

Every record is an immutable msgspec ``Struct``; `encode` and `decode` give and
take its JSON form, which ``docs/mention-format.md`` documents field by field.
Unknown fields are ignored so that a newer producer can talk to an older worker;
missing or wrongly typed ones raise ``msgspec.ValidationError``.
"""

from config.records.acts import Act, ActKind, Silence
from config.records.base import FORMAT_VERSION, Record, decode, encode
from config.records.incidents import (
    Amplifier,
    AuditEntry,
    Evidence,
    Growth,
    HotPlace,
    Incident,
    IncidentState,
    Quote,
    Term,
    Transition,
)
from config.records.mentions import (
    Author,
    Kind,
    Match,
    MatchReason,
    Mention,
    Score,
    ScoredMention,
    WeightSource,
)
from config.records.outcomes import DeadLetter, Notification, NotificationState
from config.records.signals import HourSummary, Level, Signal

__all__ = [
    "FORMAT_VERSION",
    "Act",
    "ActKind",
    "Amplifier",
    "AuditEntry",
    "Author",
    "DeadLetter",
    "Evidence",
    "Growth",
    "HotPlace",
    "HourSummary",
    "Incident",
    "IncidentState",
    "Kind",
    "Level",
    "Match",
    "MatchReason",
    "Mention",
    "Notification",
    "NotificationState",
    "Quote",
    "Record",
    "Score",
    "ScoredMention",
    "Signal",
    "Silence",
    "Term",
    "Transition",
    "WeightSource",
    "decode",
    "encode",
]
