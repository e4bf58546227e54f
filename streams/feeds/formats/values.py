"""Lenient readings of the scalar values that crawlers write."""

from __future__ import annotations

import re
from typing import Final

_EMPTY: Final = frozenset({"", "none", "null", "nan", "undefined", "-", "--"})
_COUNT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(万|萬|亿|億|千|[wWkK])?\s*\+?")
_UNIT: Final = {"万": 10**4, "萬": 10**4, "w": 10**4, "亿": 10**8, "億": 10**8, "千": 1000, "k": 1000}
LONGEST_ID: Final = 180
"""Characters of an id; the pipeline takes 200, of which some go to a prefix like ``comment:``."""
_LARGEST: Final = 10**12
"""A count above this is a mistake: more than every person on earth could have clicked."""


def as_count(value: object) -> int | None:
    """Return a count, or None where the platform showed none.

    Reads integers and their strings, "1,234", "1.2万", "10万+", "3亿", "1.5w", "2k";
    ``str(None)`` ("None"), empty strings, negative and absurd values are None.

    >>> as_count("1.2万"), as_count("10万+"), as_count("None"), as_count("1,024")
    (12000, 100000, None, 1024)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if 0 <= value <= _LARGEST else None
    if isinstance(value, float):
        return int(value) if 0 <= value <= _LARGEST else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    found = _COUNT.fullmatch(value.strip().replace(",", "").replace("，", ""))
    if found is None:
        return None
    unit = _UNIT[found[2].lower()] if found[2] else 1
    count = round(float(found[1]) * unit) if "." in found[1] else int(found[1]) * unit
    return count if count <= _LARGEST else None


def as_id(value: object) -> str | None:
    """Return an identifier as text: non-empty strings and integers, else None.

    >>> as_id(5012), as_id(" 5012 "), as_id("None"), as_id(""), as_id(True)
    ('5012', '5012', None, None, None)
    """
    if isinstance(value, str):
        value = value.strip()
        return None if value.lower() in _EMPTY or len(value) > LONGEST_ID else value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**40 else None
    return None


def as_text(value: object) -> str:
    """Return text without NUL characters; "" for anything that is no text, and for "None"."""
    if not isinstance(value, str) or value == "None":
        return ""
    return value.replace("\x00", "").strip()


def as_name(value: object) -> str | None:
    """Return a non-empty name or address, else None."""
    return as_text(value) or None


def as_flag(value: object) -> bool | None:
    """Return a yes/no that may be written as boolean, 0/1 or their strings."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        return {"1": True, "true": True, "0": False, "false": False}.get(str(value).strip().lower())
    return None
