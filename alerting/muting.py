"""Whether an incident may page now: one pure decision with a named reason.

Muting touches pages only. An incident that is muted rises, falls and ends as ever, and
each of its changes is stored; who saw its start still sees its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerting.inhibition import inhibitor
from alerting.silences import silences_over
from config.muting import Maintenance, MutingRules
from config.records import Incident, Silence


class MuteReason(StrEnum):
    """Why nobody is paged; kept as the incident's `muted`."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    QUIET_HOURS = "quiet_hours"
    INHIBITED = "inhibited"


@dataclass(frozen=True)
class Mute:
    """Nobody is paged: the reason, and who or what said so in words.

    Attributes
    ----------
    silences : those that cover the incident, the one that ends last first; empty for other reasons.
    """

    reason: MuteReason
    why: str
    silences: tuple[Silence, ...] = ()

    def new_to(self, incident: Incident) -> list[Silence]:
        """Return the silences that have not muted `incident` before."""
        return [silence for silence in self.silences if silence.id not in incident.silenced_by]


@dataclass(frozen=True)
class Muting:
    """All that can mute the incidents of one watch.

    Attributes
    ----------
    rules : quiet hours and maintenance windows.
    parent : the watch of the company that the watch's product belongs to.
    silences : of all watches, over or not.
    others : open incidents of other watches, or of the same.
    """

    rules: MutingRules = field(default_factory=MutingRules)
    parent: str | None = None
    silences: Sequence[Silence] = ()
    others: Sequence[Incident] = ()

    def decide(self, incident: Incident, at: float) -> Mute | None:
        """Return why `incident` may not page at event time `at`, None where it may.

        The first that holds names the reason: a silence (a person said so), maintenance,
        another incident, quiet hours.
        """
        return (
            self._silenced(incident, at)
            or self._maintained(incident, at)
            or self._inhibited(incident)
            or self._quiet(incident, at)
        )

    def _silenced(self, incident: Incident, at: float) -> Mute | None:
        silences = silences_over(incident, self.silences, at)
        return Mute(MuteReason.SILENCE, in_words(silences[0]), tuple(silences)) if silences else None

    def _maintained(self, incident: Incident, at: float) -> Mute | None:
        for window in self.rules.maintenance:
            start, end = self._span(window)
            if start <= at < end and (not window.watches or incident.watch in window.watches):
                return Mute(MuteReason.MAINTENANCE, f"维护：{window.name}")
        return None

    def _span(self, window: Maintenance) -> tuple[float, float]:
        zone = ZoneInfo(self.rules.timezone)
        start, end = (t if t.tzinfo else t.replace(tzinfo=zone) for t in (window.start, window.end))
        return start.timestamp(), end.timestamp()

    def _inhibited(self, incident: Incident) -> Mute | None:
        other = inhibitor(incident, self.others, self.parent)
        if other is None:
            return None
        return Mute(MuteReason.INHIBITED, f"已由 {other.watch_name} 的事件 {other.id} 通知")

    def _quiet(self, incident: Incident, at: float) -> Mute | None:
        now: datetime | None = None
        for quiet in self.rules.quiet_hours:
            if incident.level in quiet.broken_by or (quiet.watches and incident.watch not in quiet.watches):
                continue
            now = now or datetime.fromtimestamp(at, ZoneInfo(self.rules.timezone))
            if quiet.hold(now):
                return Mute(MuteReason.QUIET_HOURS, f"免打扰时段 {quiet.hours}")
        return None


def in_words(silence: Silence) -> str:
    """Return what the audit trail says of a silence."""
    return f"静默 {silence.id}（{silence.author}）：{silence.reason}"
