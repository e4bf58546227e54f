"""From the bytes of ``mentions.raw`` to a mention, or to the reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from config.records import FORMAT_VERSION, Mention, decode
from config.settings import PipelineSettings

LONGEST_FIELD: Final = 2_000
"""Characters that an id, an address or a name may have."""


@dataclass(frozen=True)
class Rejection:
    """Why one message can't be processed: a stable code and a sentence for a person."""

    code: str
    reason: str
    mention_id: str | None = None


def _short_fields(mention: Mention) -> Iterator[tuple[str, str | None]]:
    """Fields that are no prose; unbounded, one would make a record that no topic takes."""
    for name in ("parent_id", "root_id", "url", "feed", "source_keyword"):
        yield name, getattr(mention, name)
    if mention.author is not None:
        for name in ("id", "platform", "name", "badge"):
            yield f"author.{name}", getattr(mention.author, name)


def check_mention(mention: Mention, limits: PipelineSettings, now: float) -> Rejection | None:
    """Return why a well-formed mention is refused all the same, None if it is not."""
    if mention.v > FORMAT_VERSION:
        return Rejection(
            "version", f"format version {mention.v} is newer than {FORMAT_VERSION}: update the workers"
        )
    if not mention.platform.strip() or not mention.id.strip():
        return Rejection("identity", "platform and id must not be empty")
    if len(mention.id) > 200 or len(mention.platform) > 40:
        return Rejection("identity", "platform is longer than 40 or id longer than 200 characters")
    for name, value in _short_fields(mention):
        if value is not None and len(value) > LONGEST_FIELD:
            return Rejection(
                "field_too_long", f"{name} has {len(value)} characters, more than {LONGEST_FIELD}"
            )
    size = len(mention.text) + len(mention.title or "")
    if size > limits.max_text:
        return Rejection("text_too_long", f"text has {size} characters, more than {limits.max_text}")
    if not limits.earliest <= mention.created_at <= now + limits.future:
        return Rejection(
            "created_at",
            f"created_at {mention.created_at:.0f} is before {limits.earliest:.0f} or more than"
            f" {limits.future:.0f} s after now (epoch seconds expected, not milliseconds)",
        )
    return None


class _Identity(msgspec.Struct):
    platform: str
    id: str


def _identity(data: bytes) -> str | None:
    """Identity of a message of another form, so that whoever waits for it hears of its end."""
    try:
        found = msgspec.json.decode(data, type=_Identity)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return f"{found.platform}:{found.id}"  # as in Mention.mention_id


def _not_utf8(data: bytes) -> Rejection | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as bad:  # its place; msgspec's own counts from the string's beginning
        return Rejection("encoding", f"not UTF-8: byte 0x{data[bad.start]:02x} at {bad.start}")
    return None


def decode_mention(data: bytes | None, limits: PipelineSettings, now: float) -> Mention | Rejection:
    """Return the mention that a message holds, or why it holds none. Never raises.

    `now` is the wall clock in epoch seconds, against which posts from the future are judged.
    """
    if not data:
        return Rejection("empty", "the message has no value")
    try:
        mention = decode(data, Mention)
    except msgspec.ValidationError as error:
        return Rejection("wrong_type", str(error), _identity(data))
    except (msgspec.DecodeError, RecursionError) as error:
        return _not_utf8(data) or Rejection("broken_json", str(error))
    except UnicodeDecodeError:
        return _not_utf8(data) or Rejection("encoding", "not UTF-8")
    rejection = check_mention(mention, limits, now)
    return mention if rejection is None else replace(rejection, mention_id=mention.mention_id)
