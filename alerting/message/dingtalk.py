"""Render a `Content` for DingTalk's custom robot.

``markdown`` messages with ``at``, https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages:
who is mentioned stands in ``at`` (mobile numbers or userids) and as ``@…`` in the text. A message
over 20 000 bytes is refused (errcode 460101).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from alerting.message.calling import id_of
from alerting.message.content import Content
from alerting.message.cutting import fitted
from alerting.message.labels import Language
from alerting.message.markdown import inert, lines
from alerting.message.text import brief

MOST: Final = 20_000
_MOBILE: Final = re.compile(r"1[0-9]{10}|\+[0-9]{1,4}-[0-9]{6,15}")
_DIGITS: Final = re.compile(r"[0-9]+")


def payload(content: Content, ids: Mapping[str, str], language: Language = "zh") -> dict[str, Any]:
    """Return the body of a request.

    Parameters
    ----------
    content : what to say.
    ids : owner to mobile number or userid.
    language : of the note that something was cut.
    """
    return _body(fitted(content, lambda one: size(_body(one, ids)), MOST, language), ids)


def text_payload(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the message as one line of text, for a robot that refuses the layout."""
    calls, at = _calls(content, ids)
    said = " ".join([*calls, brief(content)])
    return {"msgtype": "text", "text": {"content": said}, "at": at}


def size(body: Mapping[str, Any]) -> int:
    """Return the bytes of a request's body."""
    return len(json.dumps(body, ensure_ascii=False).encode())


def _body(content: Content, ids: Mapping[str, str]) -> dict[str, Any]:
    calls, at = _calls(content, ids)
    said = lines(content, calls, f"### {inert(content.headline)}")
    # Two blanks before the line's end make a new line, an empty line a new paragraph.
    text = "  \n".join(said)
    return {"msgtype": "markdown", "markdown": {"title": inert(content.headline), "text": text}, "at": at}


def _calls(content: Content, ids: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    mobiles: list[str] = []
    users: list[str] = []
    calls: list[str] = []
    for owner in content.calls:
        found = id_of(owner, ids)
        if found is None:
            calls.append(inert(owner))
            continue
        mobile = _MOBILE.fullmatch(found)
        # A userid may be all digits too; in the list that it does not belong to it calls nobody.
        if mobile or _DIGITS.fullmatch(found):
            mobiles.append(found)
        if not mobile:
            users.append(found)
        calls.append(f"@{found}")
    return calls, {"atMobiles": mobiles, "atUserIds": users, "isAtAll": False}
