"""What a message says, before any renderer: plain text in parts, links beside it.

Slack and the terminal render the same `Content`, so both always say the same.
Nothing in here is escaped; escaping belongs to the renderer that knows its markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from alerting.message.labels import Language
from config.records import Level
from config.settings import LinkSettings, Settings


@dataclass(frozen=True)
class Presentation:
    """How messages are shown to one receiver.

    Attributes
    ----------
    language : ``zh`` or ``en``.
    zone : time zone of the times shown.
    links : base addresses of Kibana and Grafana.
    mentions : owner to Slack id (``U…``, ``W…`` a person, ``S…`` a user group).
    """

    language: Language = "zh"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    links: LinkSettings = field(default_factory=LinkSettings)
    mentions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, language: Language | None = None) -> Presentation:
        """Return the presentation that `settings` describe, in `language` if given."""
        return cls(
            language=language or settings.language,
            zone=ZoneInfo(settings.timezone),
            links=settings.links,
            mentions=settings.slack.mentions,
        )


@dataclass(frozen=True)
class Span:
    """A piece of a line; with `url` it is a link."""

    text: str
    url: str | None = None


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Section:
    """A titled group of lines; `quoted` lines are other people's words."""

    title: str
    lines: tuple[Line, ...]
    quoted: bool = False


@dataclass(frozen=True)
class Content:
    """Everything one message says.

    Attributes
    ----------
    level : for the colour.
    headline : level, brand and what happened.
    summary : one sentence of numbers; with the headline it is the fallback text.
    call : owner to be called by name (Slack: mentioned), None to call nobody.
    facts : (label, value) pairs.
    sections : in reading order.
    links : (name, address) pairs.
    notes : small print.
    """

    level: Level
    headline: str
    summary: str
    call: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fallback(self) -> str:
        """The message in one line, for notifications and screen readers."""
        return f"{self.headline} · {self.summary}"
