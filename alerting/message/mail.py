"""Render a `Content` as an e-mail: a subject that stays the same for an incident, HTML and plain text.

Mail programs make one conversation of the messages that name each other in ``In-Reply-To`` and
``References`` (RFC 5322, 3.6.4) and have one subject; so the level stands in the body's first line and in
``Importance`` (RFC 2156), not in the subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from alerting.message.content import Content, Line, Presentation, Section
from alerting.message.figures import clock_time
from alerting.message.plain import one_line, web_address
from alerting.message.text import plain_text
from alerting.message.words import word
from config.records import Incident, Level

COLOURS = {Level.I: "#c62828", Level.II: "#ef6c00", Level.III: "#f9a825", Level.IV: "#1565c0"}
URGENT = frozenset({Level.I, Level.II})


@dataclass(frozen=True)
class Mail:
    """What a mail says; addresses and threading are the sender's."""

    subject: str
    text: str
    html: str
    urgent: bool


def subject(incident: Incident, shown: Presentation) -> str:
    """Return the subject of all mails of an incident."""
    name = one_line(incident.watch_name, 40) or one_line(incident.watch, 40)
    return f"{word('brand', shown.language)}{name} · {clock_time(incident.started_at, shown.zone)}"


def mail(content: Content, subject: str) -> Mail:
    """Return `content` under `subject`."""
    return Mail(subject, plain_text(content), html(content), content.level in URGENT)


def html(content: Content) -> str:
    """Return `content` as an HTML page with its styles inline, as mail programs ask for."""
    colour = COLOURS[content.level]
    body = [f'<h2 style="color:{colour};font-size:18px;margin:0 0 8px">{_safe(content.headline)}</h2>']
    calls = "".join(f"<b>{_safe(owner)}</b> " for owner in content.calls)
    body.append(f'<p style="margin:0 0 12px">{calls}{_safe(content.summary)}</p>')
    if content.facts:
        rows = "".join(
            f'<tr><td style="color:#666;padding:2px 12px 2px 0;white-space:nowrap">{_safe(label)}</td>'
            f"<td>{_safe(value)}</td></tr>"
            for label, value in content.facts
        )
        body.append(f'<table style="border-collapse:collapse">{rows}</table>')
    body += [_section(section) for section in content.sections]
    links = [_link(name, url) for name, url in content.links]
    if links:
        body.append(f"<p>{' · '.join(links)}</p>")
    if content.notes:
        notes = " · ".join(_safe(note) for note in content.notes)
        body.append(f'<p style="color:#888;font-size:12px">{notes}</p>')
    style = f"font-family:sans-serif;font-size:14px;border-left:4px solid {colour};padding-left:12px"
    inner = "\n".join(body)
    return f'<html><body><div style="{style}">\n{inner}\n</div></body></html>\n'


def _safe(text: str) -> str:
    # A lone surrogate has no UTF-8 form; a mail can't carry it.
    return escape(text.encode("utf-8", "replace").decode()).replace("\n", "<br>")


def _link(name: str, url: str | None) -> str:
    address = web_address(url)
    return f'<a href="{_safe(address)}">{_safe(name)}</a>' if address else _safe(name)


def _section(section: Section) -> str:
    style = "margin:4px 0;padding-left:8px;border-left:2px solid #ddd" if section.quoted else "margin:4px 0"
    lines = "".join(f'<p style="{style}">{_line(line)}</p>' for line in section.lines)
    return f'<h3 style="font-size:14px;margin:12px 0 4px">{_safe(section.title)}</h3>{lines}'


def _line(line: Line) -> str:
    return "".join(_link(span.text, span.url) if span.url else _safe(span.text) for span in line)
