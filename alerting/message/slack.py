"""Render a `Content` as Slack Block Kit.

Limits from Slack's reference: 50 blocks, 150 characters a header, 3000 a section text,
10 fields of 2000, 10 context elements. Foreign text can't mention anybody: ``&<>`` are
escaped, ``verbatim`` stops Slack from parsing bare ``@channel`` and addresses, and a
zero-width space breaks the words for clients that parse the fallback text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from alerting.message.calling import id_of
from alerting.message.content import Content, Line, Section, Span
from alerting.message.plain import web_address

MAX_HEADER: Final = 150
MAX_SECTION: Final = 3000
MAX_FIELD: Final = 2000
MAX_FIELDS: Final = 10
MAX_BLOCKS: Final = 50
MAX_TEXT: Final = 4000
CUT_LINE: Final = 500

_EVERYONE: Final = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_PERSON: Final = re.compile(r"[UW][A-Z0-9]+")
_SURELY: Final = re.compile(r"[UW][A-Z0-9]{8,}")
"""An id that nobody has vouched for: long enough that WANG stays a name."""
_GROUP: Final = re.compile(r"S[A-Z0-9]+")
_WIDE: Final = str.maketrans({"<": "＜", ">": "＞", "&": "＆"})

Block = dict[str, Any]


def escape(text: str) -> str:
    """Return `text` as mrkdwn that shows the same characters and means nothing.

    >>> escape("<!channel> & friends")
    '&lt;!channel&gt; &amp; friends'
    """
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A stray backtick would turn the lines after it into code.
    return _EVERYONE.sub("@\u200b", safe.replace("`", "ˋ"))


def mention(owner: str, ids: Mapping[str, str]) -> str:
    """Return the mrkdwn that calls `owner`: a mention where the id is known, else the plain name."""
    found = id_of(owner, ids)
    if found is None:
        return f"<@{owner}>" if _SURELY.fullmatch(owner) else escape(owner)
    if _PERSON.fullmatch(found):
        return f"<@{found}>"
    return f"<!subteam^{found}>" if _GROUP.fullmatch(found) else escape(owner)


def payload(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return ``text`` and ``blocks`` for ``chat.postMessage`` and ``chat.update``.

    Parameters
    ----------
    content : what to say.
    ids : owner to Slack id, as in ``settings.slack.mentions``.
    """
    call = "".join(mention(owner, ids) + " " for owner in content.calls)
    blocks: list[Block] = [_header(content.headline), _section([call + escape(content.summary)])]
    if content.facts:
        blocks.append(_fields(content.facts))
    for section in content.sections:
        blocks.extend(_section(chunk) for chunk in _chunks(_lines(section)))
    small = [escape(note) for note in content.notes]
    if links := [link for name, url in content.links if (link := _link(Span(name, url)))]:
        small.insert(0, " · ".join(links))
    if small:
        blocks.append({"type": "context", "elements": [_mrkdwn(text) for text in small[:10]]})
    text = call + escape(content.fallback)
    return {"text": text[:MAX_TEXT], "blocks": blocks[:MAX_BLOCKS]}


def _header(text: str) -> Block:
    # Plain text has no escapes in every client, so the three characters are widened instead.
    wide = _EVERYONE.sub("@\u200b", text.translate(_WIDE))
    return {"type": "header", "text": {"type": "plain_text", "text": wide[:MAX_HEADER], "emoji": False}}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(lines: Iterable[str]) -> Block:
    return {"type": "section", "text": _mrkdwn("\n".join(lines))}


def _fields(facts: tuple[tuple[str, str], ...]) -> Block:
    texts = [f"*{escape(label)}*\n{escape(value)}" for label, value in facts[:MAX_FIELDS]]
    return {"type": "section", "fields": [_mrkdwn(text) for text in texts]}


def _link(span: Span) -> str:
    url = web_address(span.url) if span.url else None
    return f"<{escape(url)}|{escape(span.text)}>" if url else escape(span.text)


def _line(line: Line, quoted: bool) -> str:
    text = "".join(_link(span) for span in line)
    if len(text) > MAX_SECTION - 200:
        text = escape("".join(span.text for span in line)[:CUT_LINE]) + "…"
    return "> " + text.replace("\n", "\n> ") if quoted else text


def _lines(section: Section) -> list[str]:
    return [f"*{escape(section.title)}*", *(_line(line, section.quoted) for line in section.lines)]


def _chunks(lines: list[str]) -> list[list[str]]:
    """Split lines over as many sections as the limit asks, never inside a line."""
    chunks: list[list[str]] = [[]]
    size = 0
    for line in lines:
        if chunks[-1] and size + len(line) + 1 > MAX_SECTION:
            chunks.append([])
            size = 0
        chunks[-1].append(line)
        size += len(line) + 1
    return chunks
