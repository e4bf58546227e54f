"""Numbers and times the way a reader of the message writes them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerting.message.labels import Language

UNKNOWN: Final = "—"


def number(value: float) -> str:
    """Return `value` with one decimal, without one from 100 up; ``—`` if it isn't finite."""
    if not math.isfinite(value):
        return UNKNOWN
    if abs(value) >= 1e9:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def rate(value: float) -> str:
    """Return a rate a minute; one too small to show is ``<0.1``, since nothing is expected never."""
    return "<0.1" if 0 < value < 0.05 else number(value)


def times(factor: float) -> str:
    """Return a factor; beyond 100 only that, for the divisor is then too small to mean more."""
    return "100+" if math.isfinite(factor) and factor > 100 else number(factor)


def percent(share: float) -> str:
    """Return a share (0..1) as whole per cent, with one decimal below 10 %."""
    if not math.isfinite(share):
        return UNKNOWN
    hundred = min(max(share, 0.0), 1.0) * 100
    return f"{hundred:.0f}%" if hundred >= 10 or hundred == 0 else f"{hundred:.1f}%"


def people(count: int, language: Language) -> str:
    """Return a head count: ``12.3万`` or ``123k``."""
    steps = ((10**8, "亿"), (10**4, "万")) if language == "zh" else ((10**6, "M"), (10**3, "k"))
    for size, unit in steps:
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + unit
    return str(count)


def clock_time(at: float, zone: ZoneInfo) -> str:
    """Return epoch seconds `at` as ``YYYY-MM-DD HH:MM:SS`` in `zone`; ``—`` outside the calendar."""
    try:
        return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return UNKNOWN


def duration(seconds: float, language: Language) -> str:
    """Return a length of time in its two largest units."""
    if not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    units = ("小时", "分", "秒") if language == "zh" else (" h", " min", " s")
    parts = [f"{n}{unit}" for n, unit in zip((hours, minutes, secs), units, strict=True) if n]
    return ("" if language == "zh" else " ").join(parts[:2]) or f"0{units[2]}"
