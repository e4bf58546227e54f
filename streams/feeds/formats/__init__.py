"""Forms that posts come in: pure parsers from a line to a mention, an author or a named rejection."""

from streams.feeds.formats.detect import DEFAULT, Format, Parsed, Reading, parse_line, parse_row
from streams.feeds.formats.hotlist import HotSnapshot
from streams.feeds.formats.rejected import Code, Refused, Rejected

__all__ = [
    "DEFAULT",
    "Code",
    "Format",
    "HotSnapshot",
    "Parsed",
    "Reading",
    "Refused",
    "Rejected",
    "parse_line",
    "parse_row",
]
