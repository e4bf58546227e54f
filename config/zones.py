"""Time zones by their name, as ``Asia/Shanghai``."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from config.language import Both


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(Both("时区，如 Asia/Shanghai", "a time zone, as Asia/Shanghai")) from None
    return name


TimeZone = Annotated[str, AfterValidator(_known)]
"""The name of a zone that this machine's time zone data hold."""
