"""Render a `Content` as an interactive card for Feishu's custom bot.

Custom bots, https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN : a request's body
holds at most 20 KB. Cards (JSON 1.0) take ``lark_md`` text, ``<at id=…></at>`` mentions and buttons with
an address; the characters that mean something in ``lark_md`` are written as ``&#NN;``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from alerting.message.calling import id_of
from alerting.message.content import Content, Line, Section
from alerting.message.cutting import fitted
from alerting.message.labels import Language
from alerting.message.markdown import inert
from alerting.message.plain import web_address
from alerting.message.text import brief
from config.records import Level

MOST: Final = 20 * 1024 - 256
"""Bytes of a card: 20 KB but for what the signature and the envelope take."""
TEMPLATES: Final[Mapping[Level, str]] = {
    Level.I: "red", Level.II: "orange", Level.III: "yellow", Level.IV: "blue",
}  # fmt: skip
_MARKUP: Final = re.compile(r"[<>~*\[\]()#`_\\&]")
_BARE: Final = re.compile(r":(?=//)")

Element = dict[str, Any]


def escape(text: str) -> str:
    """Return `text` as ``lark_md`` that shows the same characters and means nothing.

    >>> escape("<at id=all></at> *x*")
    '&#60;at id=all&#62;&#60;/at&#62; &#42;x&#42;'
    """
    return _BARE.sub(":\u200b", _MARKUP.sub(lambda found: f"&#{ord(found[0])};", text))


def payload(content: Content, ids: Mapping[str, str], language: Language = "zh") -> dict[str, Any]:
    """Return the body of a request but for its signature.

    Parameters
    ----------
    content : what to say.
    ids : owner to open_id or user_id.
    language : of the note that something was cut.
    """
    fitting = fitted(content, lambda one: _size(_body(one, ids)), MOST, language)
    return _body(fitting, ids)


def text_payload(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the message as one line of text, for a bot that refuses the layout."""
    calls = []
    for owner in content.calls:
        found = id_of(owner, ids)
        calls.append(f'<at user_id="{found}">{inert(owner)}</at>' if found else inert(owner))
    return {"msg_type": "text", "content": {"text": " ".join([*calls, inert(brief(content))])}}


def _size(body: Mapping[str, Any]) -> int:
    return len(json.dumps(body, ensure_ascii=False).encode())


def _body(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    title = {"tag": "plain_text", "content": content.headline}
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"template": TEMPLATES[content.level], "title": title},
            "elements": _elements(content, ids),
        },
    }


def _elements(content: Content, ids: Mapping[str, str]) -> list[Element]:
    calls = " ".join(_call(owner, ids) for owner in content.calls)
    elements = [_div(f"{calls} {escape(content.summary)}".strip())]
    if content.facts:
        fields = [
            {"is_short": True, "text": _text(f"**{escape(label)}**\n{escape(value)}")}
            for label, value in content.facts
        ]
        elements.append({"tag": "div", "fields": fields})
    for section in content.sections:
        elements += [{"tag": "hr"}, _div(_section(section))]
    links = [(name, address) for name, url in content.links if (address := web_address(url))]
    if links:
        buttons = [
            {"tag": "button", "type": "default", "url": url, "text": {"tag": "plain_text", "content": name}}
            for name, url in links
        ]
        elements.append({"tag": "action", "actions": buttons})
    if content.notes:
        note = {"tag": "plain_text", "content": " · ".join(content.notes)}
        elements.append({"tag": "note", "elements": [note]})
    return elements


def _call(owner: str, ids: Mapping[str, str]) -> str:
    found = id_of(owner, ids)
    return f"<at id={found}></at>" if found else escape(owner)


def _text(text: str) -> Element:
    return {"tag": "lark_md", "content": text}


def _div(text: str) -> Element:
    return {"tag": "div", "text": _text(text)}


def _section(section: Section) -> str:
    return "\n".join([f"**{escape(section.title)}**", *(_line(line) for line in section.lines)])


def _line(line: Line) -> str:
    pieces = []
    for span in line:
        address = web_address(span.url) if span.url else None
        if address:
            pieces.append(f"[{escape(span.text)}]({address.replace('(', '%28').replace(')', '%29')})")
        else:
            pieces.append(escape(span.text))
    return "".join(pieces)
