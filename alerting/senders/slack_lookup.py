"""Ask Slack whether a message of ours is there: settles a crash between send and log.

Every message carries metadata ``{event_type: fengsheng_incident, event_payload: {key,
incident, receiver}}``; the history of the channel, or the replies of the thread, is
read back to the moment of the first attempt.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alerting.senders.slack_api import SlackApi

EVENT = "fengsheng_incident"
MARGIN = 300.0  # seconds that our clock may differ from Slack's
PAGE = 15  # Slack gives apps outside its marketplace no more in one answer
_ID = re.compile(r"[CDG][A-Z0-9]{4,}")

Call = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Posted:
    """Where a message lies."""

    channel: str
    ts: str


def metadata(key: str, incident: str, receiver: str) -> dict[str, Any]:
    """Return the metadata that identifies a message as ours."""
    return {"event_type": EVENT, "event_payload": {"key": key, "incident": incident, "receiver": receiver}}


def is_channel_id(channel: str) -> bool:
    """Whether `channel` is an id (``C…``) and not a name."""
    return _ID.fullmatch(channel) is not None


async def channel_id(call: Call, name: str) -> str | None:
    """Return the id of the channel called `name`, None if the app sees none of that name.

    Raises what `SlackApi.call` raises; ``missing_scope`` where channels:read is missing.
    """
    wanted = name.removeprefix("#")
    cursor: str | None = None
    while True:
        answer = await call(
            "conversations.list",
            {
                "limit": 200,
                "exclude_archived": False,
                "types": "public_channel,private_channel",
                "cursor": cursor,
            },
        )
        for channel in answer.get("channels", []):
            if channel.get("name") == wanted:
                return str(channel["id"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return None


async def find(api: SlackApi, channel: str, thread: str | None, key: str, receiver: str, since: float,
               ) -> Posted | None:  # fmt: skip
    """Return where the message of notification `key` is, None if it was never posted.

    Parameters
    ----------
    api : Slack.
    channel : id or name.
    thread : ``ts`` of the thread that it would be a reply in; None for a message of its own.
    key, receiver : what the metadata names.
    since : epoch seconds of the first attempt.
    """
    found = channel if is_channel_id(channel) else await channel_id(api.call, channel)
    if found is None:
        return None
    method = "conversations.replies" if thread else "conversations.history"
    cursor: str | None = None
    while True:
        answer = await api.call(
            method,
            {"channel": found, "ts": thread, "oldest": f"{since - MARGIN:.6f}", "limit": PAGE,
             "include_all_metadata": True, "cursor": cursor},
        )  # fmt: skip
        for message in answer.get("messages", []):
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("key") == key and payload.get("receiver", receiver) == receiver:
                return Posted(found, str(message["ts"]))
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return None
