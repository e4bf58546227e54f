"""Render a `Content` for the terminal with rich: the same words as in Slack."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from alerting.message.build import full
from alerting.message.content import Content, Line, Presentation, Section
from alerting.message.labels import COLOURS
from alerting.message.plain import web_address
from config.records import Incident


def render_terminal(incident: Incident, shown: Presentation | None = None) -> RenderableType:
    """Return a panel with the incident's standing message, for any rich console or live view.

    Parameters
    ----------
    incident : the incident to show.
    shown : language, zone and links; Chinese and Asia/Shanghai if absent.
    """
    return panel(full(incident, shown or Presentation()))


def panel(content: Content) -> RenderableType:
    """Return `content` as a panel in the colour of its level."""
    colour = COLOURS[content.level]
    body: list[RenderableType] = [_summary(content)]
    if content.facts:
        body.append(_facts(content))
    for section in content.sections:
        body.extend(_section(section))
    if content.links:
        body.append(Text("  ").join(_linked(name, url) for name, url in content.links))
    if content.notes:
        body.append(Text(" · ".join(content.notes), style="dim"))
    return Panel(  # the addresses are under the names; `addresses` prints them in full
        Group(*body), title=Text(content.headline, style=f"bold {colour}"), title_align="left",
        border_style=colour, padding=(0, 1),
    )  # fmt: skip


def addresses(content: Content) -> Text:
    """Return the links in full, one a line and never broken, to be copied from a plain terminal."""
    lines = [f"{name}: {url}" for name, url in content.links]
    return Text("\n".join(lines), style="dim", no_wrap=True, overflow="ignore")


def one_line_text(content: Content) -> Text:
    """Return `content` as one line: what the terminal prints where Slack edits in place."""
    colour = COLOURS[content.level]
    return Text.assemble((content.headline, f"bold {colour}"), "  ", content.summary)


def _summary(content: Content) -> Text:
    text = Text(content.summary)
    called = [piece for owner in content.calls for piece in ((owner, "bold reverse"), " ")]
    return Text.assemble(*called, text)


def _facts(content: Content) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in content.facts:
        table.add_row(Text(label), Text(value))
    return table


def _section(section: Section) -> list[RenderableType]:
    head = Rule(Text(section.title, style="bold"), align="left", style="dim", characters="─")
    return [head, *(_line(line, section.quoted) for line in section.lines)]


def _line(line: Line, quoted: bool) -> Text:
    text = Text()
    for span in line:
        piece = span.text.replace("\n", "\n  ")
        if span.url:  # the address itself: not every terminal has links
            text.append_text(_linked(span.url, span.url))
        else:
            text.append(piece, style="dim" if quoted and "\n" not in span.text else "")
    return text


def _linked(text: str, url: str) -> Text:
    address = web_address(url)
    return Text(text, style=f"underline link {address}" if address else "")
