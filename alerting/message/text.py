"""Render a `Content` as plain text: for mail programs without HTML, and for other programs."""

from __future__ import annotations

from alerting.message.content import Content, Line
from alerting.message.plain import web_address
from alerting.message.words import WORDS


def plain_text(content: Content) -> str:
    """Return `content` as lines of text, with the addresses of links in full."""
    said = [content.headline, " ".join([*content.calls, content.summary]), ""]
    said += [f"{label}{colon(label)}{value}" for label, value in content.facts]
    for section in content.sections:
        said += ["", f"【{section.title}】"]
        said += [_line(line, "> " if section.quoted else "") for line in section.lines]
    if content.links:
        said += ["", *(f"{name}: {url}" for name, url in content.links)]
    if content.notes:
        said += ["", " · ".join(content.notes)]
    return "\n".join(said).encode("utf-8", "replace").decode() + "\n"


def brief(content: Content) -> str:
    """Return `content` as one line; of the small print only that it may be a repeat."""
    said = [note for note in content.notes if note in WORDS["repeated"].values()]
    return " · ".join([*said, content.fallback])


def colon(label: str) -> str:
    """Return what stands between a label and its value: a wide colon after Chinese."""
    return ": " if label.isascii() else "："


def _line(line: Line, prefix: str) -> str:
    pieces = []
    for span in line:
        address = web_address(span.url) if span.url else None
        pieces.append(f"{span.text} {address}" if address else span.text)
    return prefix + "".join(pieces).replace("\n", "\n" + prefix)
