"""``--format auto``: which form a line has, and its reading; never raises.

A line that names its platform is our own form; one with MediaCrawler's fields is
MediaCrawler's; a list of titles with a time is a hot list; one with `id` and `created_at` (or a
profile) is our own form without a platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from config.records import Author, Mention
from streams.feeds.encoding import BOM
from streams.feeds.formats import hotlist, mediacrawler, own
from streams.feeds.formats.hotlist import HotSnapshot
from streams.feeds.formats.platforms import ALIASES
from streams.feeds.formats.rejected import Code, Rejected

_BLANK: Final = b" \t\r\n\x0b\x0c"


class Format(StrEnum):
    """What ``--format`` may be."""

    AUTO = "auto"
    FENGSHENG = "fengsheng"
    MEDIACRAWLER = "mediacrawler"
    HOTLIST = "hotlist"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the lines of a feed are to be read.

    Attributes
    ----------
    format : the form of all lines, or `Format.AUTO` to look at each.
    platform : of lines in our own form that name none.
    feed : name given to mentions that carry none, for feed health.
    """

    format: Format = Format.AUTO
    platform: str = "weibo"
    feed: str | None = None


DEFAULT: Final = Reading()
Parsed = Mention | Author | HotSnapshot | Rejected


def parse_line(data: bytes, path: str = "", reading: Reading = DEFAULT) -> Parsed | None:
    """Return what one line holds, or None for a blank one.

    Parameters
    ----------
    data : the line, UTF-8, with or without its line end.
    path : the file it stands in; MediaCrawler's paths say platform and kind.
    reading : how to read it.
    """
    data = data.strip(_BLANK)
    if data.startswith(BOM):
        data = data[len(BOM) :].strip(_BLANK)
    if not data:
        return None
    if b"\x00" in data:
        return Rejected(
            Code.NUL_BYTES, "NUL bytes in the line: a damaged file, or UTF-16, which has to be saved as UTF-8"
        )
    try:
        row = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError) as error:
        return _not_json(data, error)
    if not isinstance(row, dict):
        return Rejected(Code.NOT_AN_OBJECT, f"the line is a JSON {_kind(row)}; expected an object {{…}}")
    return parse_row(row, path, reading)


def parse_row(row: dict[str, Any], path: str = "", reading: Reading = DEFAULT) -> Parsed:
    """Return what one decoded object holds."""
    own_form = "platform" in row and "id" in row
    if reading.format in (Format.AUTO, Format.HOTLIST) and not own_form and hotlist.recognise(row):
        return hotlist.parse(row, reading.feed)
    if reading.format in (Format.AUTO, Format.MEDIACRAWLER) and not own_form:
        known = mediacrawler.recognise(row, path)
        if known is not None:
            return mediacrawler.parse(row, *known, reading.feed)
    if reading.format is Format.FENGSHENG or (
        reading.format is Format.AUTO
        and "id" in row
        and (own_form or "created_at" in row or "text" in row or own.is_author(row))
    ):
        return own.parse(row, ALIASES.get(reading.platform, reading.platform), reading.feed)
    keys = ", ".join(sorted(map(str, row))[:8])
    expected = {
        Format.AUTO: "our own form (docs/mention-format.md), MediaCrawler's, or a hot list",
        Format.MEDIACRAWLER: "MediaCrawler's",
        Format.FENGSHENG: "our own form (docs/mention-format.md)",
        Format.HOTLIST: "a hot list (docs/feeds.md)",
    }[reading.format]
    return Rejected(Code.UNKNOWN_FORM, f"the object has the fields [{keys[:200]}]; expected {expected}")


def _not_json(data: bytes, error: Exception) -> Rejected:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return Rejected(
            Code.NOT_UTF8,
            f"byte 0x{data[wrong.start]:02x} at {wrong.start} is not UTF-8 (nor a GB18030 file)",
        )
    return Rejected(Code.NOT_JSON, f"not JSON: {error or type(error).__name__}")


def _kind(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
