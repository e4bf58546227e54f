"""Make a message fit a platform's limit: what matters least is left out first, and the cut is said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from alerting.message.content import Content
from alerting.message.labels import Language
from alerting.message.words import word

KEPT_FACTS = 4


def fitted(content: Content, size: Callable[[Content], int], most: int, language: Language) -> Content:
    """Return `content` so that ``size(content) <= most``, with as little left out as possible.

    Posts go first, from the last; then amplifiers, further figures, the terms and the reason, small
    print, the first post, the remaining figures, the next step, links, names to call. Level, brand,
    what happened and its numbers stay, shortened at the very last.
    """
    if size(content) <= most:
        return content
    note = word("cut", language)
    shorter = content
    for shorter in _shorter(content):
        said = replace(shorter, notes=(*shorter.notes, note))
        if size(said) <= most:
            return said
    while size(shorter) > most and len(shorter.fallback) > 8:
        shorter = replace(shorter, headline=_half(shorter.headline), summary=_half(shorter.summary))
    return shorter


def _half(text: str) -> str:
    return text if len(text) < 4 else text[: len(text) // 2] + "…"


def _shorter(content: Content) -> Iterator[Content]:
    """Every shorter form, the longest first."""
    for rank in (5, 4):
        content = yield from _without(content, rank)
    content = yield from _fewer_facts(content, KEPT_FACTS)
    content = yield from _without(content, 3)
    content = replace(content, notes=())
    yield content
    content = yield from _without(content, 2)
    content = yield from _fewer_facts(content, 0)
    content = yield from _without(content, 1)
    while content.links:
        content = replace(content, links=content.links[:-1])
        yield content
    while content.calls:
        content = replace(content, calls=content.calls[:-1])
        yield content


def _fewer_facts(content: Content, kept: int) -> Generator[Content, None, Content]:
    while len(content.facts) > kept:
        content = replace(content, facts=content.facts[:-1])
        yield content
    return content


def _without(content: Content, rank: int) -> Generator[Content, None, Content]:
    """Take the lines of the sections of `rank` away, one by one from the last; return what is left."""
    while any(section.rank == rank for section in content.sections):
        position = max(n for n, section in enumerate(content.sections) if section.rank == rank)
        section = content.sections[position]
        kept = (replace(section, lines=section.lines[:-1]),) if len(section.lines) > 1 else ()
        content = replace(
            content, sections=(*content.sections[:position], *kept, *content.sections[position + 1 :])
        )
        yield content
    return content
