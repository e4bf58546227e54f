"""Render a transition as the JSON that a generic webhook gets.

The envelope ``{type, timestamp, data}`` is that of Standard Webhooks
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md);
``data.incident`` is the record of ``docs/mention-format.md``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from alerting.message.content import Content
from alerting.message.text import plain_text
from config.records import Incident


def event(incident: Incident, content: Content, *, receiver: str, page: bool) -> dict[str, Any]:
    """Return the event of the incident's newest transition.

    Parameters
    ----------
    incident : after the transition.
    content : what people read about it.
    receiver : the receiver's name.
    page : whether this is the incident's page.
    """
    return {
        "type": f"incident.{incident.transition}",
        "timestamp": _iso(incident.updated_at),
        "data": {
            "key": incident.notification_key,
            "receiver": receiver,
            "page": page,
            "calls": list(content.calls),
            "headline": content.headline,
            "summary": content.summary,
            "text": plain_text(content),
            "links": dict(content.links),
            "incident": msgspec.to_builtins(incident),
        },
    }


def _iso(at: float) -> str | None:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return None
