"""What Slack's error codes mean for a page: wait, give up that way, or tell a person what to fix.

Codes from https://docs.slack.dev/reference/methods/chat.postMessage and its siblings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOKEN: Final = "FENGSHENG_SLACK__TOKEN"  # noqa: S105 - the variable's name, not a token

TEMPORARY: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited",
     "accesslimited", "team_added_to_org", "slow_down"}
)  # fmt: skip
"""Slack's own trouble; `ratelimited` says how long it lasts."""

GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found",
     "cannot_reply_to_message"}
)  # fmt: skip
"""The message that should be edited or answered is no longer there."""

MALFORMED: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_attachments",
     "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large",
     "metadata_must_be_sent_from_app"}
)  # fmt: skip
"""Slack does not like our layout: the plain text still gets through."""

NOT_PERMITTED: Final = frozenset(
    {"missing_scope", "not_allowed_token_type", "no_permission", "access_denied", "method_deprecated",
     "ekm_access_denied", "not_in_channel", "channel_not_found", "thread_not_found"}
)  # fmt: skip
"""Answers to a question about the history that only mean that we may not ask."""

_NEW_TOKEN: Final = f"put a valid bot token (xoxb-…) into {TOKEN}"
FIXES: Final[Mapping[str, str]] = {
    "invalid_auth": _NEW_TOKEN,
    "not_authed": _NEW_TOKEN,
    "token_revoked": f"the token was revoked: reinstall the app and put its new bot token into {TOKEN}",
    "token_expired": f"the token has expired: put a new bot token into {TOKEN}",
    "account_inactive": f"the app or its workspace was removed: reinstall it and set {TOKEN}",
    "channel_not_found": "check the receiver's 'channel' in routes.yaml (use the id, C…) and "
    "invite the app to it if it is private",
    "not_in_channel": "invite the app to the channel (/invite @app), or give it the scope chat:write.public",
    "is_archived": "unarchive the channel, or name another one in routes.yaml",
    "missing_scope": "give the app the scope chat:write and reinstall it",
    "not_allowed_token_type": _NEW_TOKEN,
    "restricted_action": "a workspace setting keeps the app out: allow it or name another channel",
    "restricted_action_read_only_channel": "the channel is read-only: allow the app to post, or name another",
    "no_permission": "allow the app to post in the channel",
    "ekm_access_denied": "an administrator has suspended posting in this workspace",
    "messages_tab_disabled": "name a channel, not the app itself, in routes.yaml",
}
NOT_SLACK: Final = "check slack.url in settings.yaml: what answers there is not Slack's Web API"
UNKNOWN_FIX: Final = "see this code at https://docs.slack.dev/reference/methods/chat.postMessage"


def fix_for(code: str) -> str:
    """Return what a person can do about Slack's error `code`."""
    return FIXES.get(code, UNKNOWN_FIX)
