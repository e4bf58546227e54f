"""Render a `Content` for a WeCom group robot.

``markdown`` messages, https://developer.work.weixin.qq.com/document/path/91770: at most 4096 bytes of
UTF-8, ``<@userid>`` mentions, ``<font color="info|comment|warning">`` are the colours. Over that the
robot answers errcode 40058; text messages hold 2048 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from alerting.message.calling import id_of
from alerting.message.content import Content
from alerting.message.cutting import fitted
from alerting.message.labels import Language
from alerting.message.markdown import inert, lines
from alerting.message.text import brief
from config.records import Level

MOST: Final = 4096
MOST_TEXT: Final = 2048
COLOURS: Final[Mapping[Level, str]] = {
    Level.I: "warning", Level.II: "warning", Level.III: "info", Level.IV: "comment",
}  # fmt: skip


def payload(content: Content, ids: Mapping[str, str], language: Language = "zh") -> dict[str, Any]:
    """Return the body of a request.

    Parameters
    ----------
    content : what to say.
    ids : owner to userid.
    language : of the note that something was cut.
    """
    fitting = fitted(content, lambda one: len(_text(one, ids).encode()), MOST, language)
    return {"msgtype": "markdown", "markdown": {"content": _text(fitting, ids)}}


def text_payload(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the message as one line of text, for a robot that refuses the layout."""
    called = [found for owner in content.calls if (found := id_of(owner, ids))]
    named = [inert(owner) for owner in content.calls if not id_of(owner, ids)]
    said = " ".join([*named, brief(content)]).encode("utf-8", "replace")[:MOST_TEXT].decode(errors="ignore")
    return {"msgtype": "text", "text": {"content": said, "mentioned_list": called}}


def _text(content: Content, ids: Mapping[str, str]) -> str:
    calls = []
    for owner in content.calls:
        found = id_of(owner, ids)
        calls.append(f"<@{found}>" if found else inert(owner))
    headline = f'### <font color="{COLOURS[content.level]}">{inert(content.headline)}</font>'
    return "\n".join(lines(content, calls, headline))
