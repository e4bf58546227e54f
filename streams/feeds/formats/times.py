"""Times as crawlers write them, read into epoch seconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

CHINA: Final = timezone(timedelta(hours=8))
"""What a time without a zone means: every platform shows Chinese time (no daylight saving)."""

_MILLISECONDS_FROM: Final = 1e11
"""Seconds reach this in the year 5138, milliseconds passed it in 1973."""
_MICROSECONDS_FROM: Final = 1e14
_LAST: Final = 253402300799.0  # 9999-12-31T23:59:59Z
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_NUMBER: Final = re.compile(r"-?\d{1,17}(\.\d{1,9})?")
_PLAIN: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?"
)
_WEIBO: Final = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4}) (\d{4})"
)
_RFC_2822: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (GMT|UTC|[+-]\d{4})"
)


def parse_time(value: object) -> float | None:
    """Return epoch seconds (UTC), or None when `value` is no time.

    Reads epoch seconds, milliseconds and microseconds (numbers or their strings), ISO 8601,
    "YYYY-MM-DD HH:MM[:SS]" (a time without a zone is +08:00), Weibo's
    "Tue May 31 17:46:55 +0800 2011" and RFC 2822. Zero is None: crawlers write it for "unknown".

    >>> parse_time("2011-05-31 17:46:55") == parse_time("Tue May 31 17:46:55 +0800 2011")
    True
    >>> parse_time(1306835215000), parse_time("1306835215")
    (1306835215.0, 1306835215.0)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _epoch(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    text = value.strip()
    if not text.isascii() and not any(mark in text for mark in "年月日"):
        return None
    if _NUMBER.fullmatch(text):
        return _epoch(float(text))
    if found := _PLAIN.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone = found.groups()
        moment = _moment(int(year), int(month), int(day), hour, minute, second, zone)
        return None if moment is None else moment + (float(f"0.{fraction}") if fraction else 0.0)
    if found := _WEIBO.fullmatch(text):
        name, day, hour, minute, second, zone, year = found.groups()
        return _moment(int(year), _MONTHS.get(name.lower(), 0), int(day), hour, minute, second, zone)
    if found := _RFC_2822.fullmatch(text):
        day, name, year, hour, minute, second, zone = found.groups()
        return _moment(int(year), _MONTHS.get(name.lower(), 0), int(day), hour, minute, second, zone)
    return None


def _epoch(value: float) -> float | None:
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if not math.isfinite(seconds) or seconds == 0:
        return None
    if abs(seconds) >= _MICROSECONDS_FROM:
        seconds /= 1e6
    elif abs(seconds) >= _MILLISECONDS_FROM:
        seconds /= 1e3
    return seconds if abs(seconds) <= _LAST else None


def _moment(
    year: int,
    month: int,
    day: int,
    hour: str | None,
    minute: str | None,
    second: str | None,
    zone: str | None,
) -> float | None:
    try:
        moment = datetime(
            year, month, day, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        )
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None:
        return CHINA
    if text in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
