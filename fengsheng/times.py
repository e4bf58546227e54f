"""Times as people read and write them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def when(at: float | None, timezone: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return epoch seconds `at` as local time; empty for None."""
    return "" if at is None else datetime.fromtimestamp(at, ZoneInfo(timezone)).strftime(form)


def epoch_of(written: object, timezone: str) -> float:
    """Return the epoch seconds of a moment: a number of them, or a date with or without time and offset.

    Examples
    --------
    >>> epoch_of("2024-03-16 11:20", "Asia/Shanghai")
    1710559200.0
    >>> epoch_of("2024-03-16T03:20:00Z", "Asia/Shanghai")
    1710559200.0

    Raises
    ------
    ValueError
        It is none of these.
    """
    if isinstance(written, int | float) and not isinstance(written, bool):
        return float(written)
    if isinstance(written, str):
        try:
            return float(written)
        except ValueError:
            written = datetime.fromisoformat(written.strip())
    if isinstance(written, date) and not isinstance(written, datetime):
        written = datetime.combine(written, time())
    if not isinstance(written, datetime):
        raise ValueError("a moment as 2024-03-16 11:20, with an offset such as +08:00, or epoch seconds")
    return (written if written.tzinfo else written.replace(tzinfo=ZoneInfo(timezone))).timestamp()
