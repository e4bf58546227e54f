"""What of a watch stands on the platforms' hot lists: told and ruled by, never counted as posts.

An entry matches a watch as a post does, but it is nobody's voice: it moves no time, no
count, no author, no share. It is seen for the evidence window after its snapshot.
"""

from __future__ import annotations

from typing import Final

from config.records import HotPlace, Kind, ScoredMention

LONGEST_TITLE: Final = 100
_KEPT: Final = 86400.0
"""Seconds that entries are kept at most where no tick passes, as no post comes."""


def is_entry(mention: ScoredMention) -> bool:
    """Return whether it is an entry of a hot list, and no post."""
    return mention.kind is Kind.HOT


class HotList:
    """The entries of one watch, by mention id."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: dict[str, ScoredMention] = {}

    def add(self, entry: ScoredMention) -> None:
        """Take in an entry, once by its id; one without a rank says nothing."""
        if entry.rank is not None and entry.rank >= 1:
            self._entries[entry.mention_id] = entry
            self.forget_before(entry.created_at - _KEPT)

    def forget_before(self, at: float) -> None:
        """Drop what no tick at or after `at` sees."""
        since = at - self._seconds
        self._entries = {key: e for key, e in self._entries.items() if e.created_at >= since}

    def best(self, at: float) -> int:
        """Return the best place that a tick at `at` sees, 0 for none."""
        return min((e.rank or 0 for e in self._seen(at)), default=0)

    def places(self, at: float) -> list[HotPlace]:
        """Return the best place on each platform that a tick at `at` sees, the best first."""
        best: dict[str, ScoredMention] = {}
        for entry in sorted(self._seen(at), key=lambda e: (e.rank or 0, -e.created_at, e.mention_id)):
            best.setdefault(entry.platform, entry)
        return [
            HotPlace(
                platform=e.platform,
                rank=e.rank or 0,
                title=e.text[:LONGEST_TITLE],
                at=e.created_at,
                url=e.url,
            )
            for e in best.values()
        ]

    def _seen(self, at: float) -> list[ScoredMention]:
        return [e for e in self._entries.values() if at - self._seconds <= e.created_at < at]
