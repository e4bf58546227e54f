"""Months of event time: what one index holds, and when all of it has been kept long enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

DAY: Final = 86_400.0
EARLIEST: Final = 0.0
"""Epoch seconds of the earliest time that an index takes."""

LATEST: Final = 253_402_300_800.0
"""Epoch seconds where the year 9999 ends: four digits name a year in an index's name."""

_MONTH = re.compile(r"(\d{4})\.(\d{2})$")


def month_of(at: float) -> str:
    """Return the month of a time (epoch seconds) in UTC, as index names carry it.

    Examples
    --------
    >>> month_of(0.0)
    '1970.01'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y.%m")


def month_start(month: str) -> float:
    """Return the epoch seconds at which a month (``YYYY.MM``) begins."""
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC).timestamp()


def month_end(month: str) -> float:
    """Return the epoch seconds at which a month (``YYYY.MM``) is over.

    Examples
    --------
    >>> month_end("1970.01") / 86400
    31.0
    """
    year, number = int(month[:4]), int(month[5:])
    year, number = (year + 1, 1) if number == 12 else (year, number + 1)
    return LATEST if year > 9999 else month_start(f"{year:04}.{number:02}")


def month_in(name: str) -> str | None:
    """Return the month at the end of an index's name, None where there is none."""
    found = _MONTH.search(name)
    return found[0] if found and 1 <= int(found[2]) <= 12 else None


def expired_months(months: Iterable[str], days: float, now: float) -> list[str]:
    """Return the months whose last moment lies `days` or more before `now`, oldest first."""
    return sorted(month for month in months if month_end(month) + days * DAY <= now)
