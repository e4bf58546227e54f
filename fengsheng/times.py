"""Times as people read them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def when(at: float | None, timezone: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return epoch seconds `at` as local time; empty for None."""
    return "" if at is None else datetime.fromtimestamp(at, ZoneInfo(timezone)).strftime(form)
