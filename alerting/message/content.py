"""What a message says, before any renderer: plain text in parts, links beside it.

All receivers render the same `Content`, so all always say the same.
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
    mentions : owner to the platform's id of that person (Slack: ``U…``, ``W…``, a group ``S…``).
    """

    language: Language = "zh"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    links: LinkSettings = field(default_factory=LinkSettings)
    mentions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, settings: Settings, language: Language | None = None, mentions: Mapping[str, str] | None = None
    ) -> Presentation:
        """Return the presentation that `settings` describe, with another `language` and `mentions` if given."""
        return cls(
            language=language or settings.language,
            zone=ZoneInfo(settings.timezone),
            links=settings.links,
            mentions=settings.slack.mentions if mentions is None else mentions,
        )


@dataclass(frozen=True)
class Span:
    """A piece of a line; with `url` it is a link."""

    text: str
    url: str | None = None


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Section:
    """A titled group of lines; `quoted` lines are other people's words.

    The larger its `rank`, the sooner lines are left out where a platform's limit asks for it.
    """

    title: str
    lines: tuple[Line, ...]
    quoted: bool = False
    rank: int = 1


@dataclass(frozen=True)
class Content:
    """Everything one message says.

    Attributes
    ----------
    level : for the colour.
    headline : level, brand and what happened.
    summary : one sentence of numbers; with the headline it is the fallback text.
    calls : owners to be called by name (where the platform can, mentioned).
    facts : (label, value) pairs.
    sections : in reading order.
    links : (name, address) pairs.
    notes : small print.
    """

    level: Level
    headline: str
    summary: str
    calls: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fallback(self) -> str:
        """The message in one line, for notifications and screen readers."""
        return f"{self.headline} · {self.summary}"
