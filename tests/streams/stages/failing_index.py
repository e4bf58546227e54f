"""A real index that is away for its first calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.records import ScoredMention
from streams.index.base import Failure, IndexUnavailable
from streams.index.sqlite import SqliteIndex


class FailingIndex(SqliteIndex):
    """Is unavailable for the first `away` calls of each method, and refuses some mentions for good."""

    def __init__(self, path: Path, away: int = 0, refused: Sequence[str] = ()) -> None:
        super().__init__(path)
        self._away = away
        self._refused = set(refused)
        self.calls: dict[str, int] = {}

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in {"mentions", "threads", "write_mentions", "write_authors", "write_dead", "authors",
                        "write_incidents", "write_signals", "last_signal"}:  # fmt: skip
            return found

        async def call(*arguments: Any, **named: Any) -> Any:
            self.calls[name] = self.calls.get(name, 0) + 1
            if self.calls[name] <= self._away:
                raise IndexUnavailable(f"{name}: the index is away")
            return await found(*arguments, **named)

        return call

    async def write_mentions(self, mentions: Sequence[ScoredMention]) -> list[Failure]:
        fine = [mention for mention in mentions if mention.mention_id not in self._refused]
        failures = await super().write_mentions(fine)
        return failures + [
            Failure(m.mention_id, "mapper_parsing", "电话13800138000 is no number")
            for m in mentions
            if m.mention_id in self._refused
        ]
