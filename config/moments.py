"""Dates and times as people write them into YAML files."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta


def moment(written: object, *, whole_day: bool) -> datetime | None:
    """Return a date or time, in its own zone if it names one; None for what is neither.

    Parameters
    ----------
    whole_day : of a date alone give its end, not its beginning.

    Examples
    --------
    >>> moment("2026-11-11", whole_day=True)
    datetime.datetime(2026, 11, 12, 0, 0)
    """
    if isinstance(written, str):
        text = written
        with suppress(ValueError):
            written = datetime.fromisoformat(text)
        # A date in whatever form: as a time it would be its own midnight, and its day cut off.
        with suppress(ValueError):
            written = date.fromisoformat(text)
    if isinstance(written, datetime):
        # ruamel gives its own kind of datetime, which replace() does not know how to copy.
        return datetime.combine(written.date(), written.time(), written.tzinfo)
    if isinstance(written, date):
        with suppress(OverflowError):  # the last day that there is has no end
            return datetime.combine(written + timedelta(days=1) if whole_day else written, time())
    return None
