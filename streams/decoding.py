"""From the bytes of ``mentions.raw`` to a mention, or to the reason why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from config.records import FORMAT_VERSION, Mention, decode
from config.settings import PipelineSettings


@dataclass(frozen=True)
class Rejection:
    """Why one message can't be processed: a stable code and a sentence for a person."""

    code: str
    reason: str
    mention_id: str | None = None


def _check(mention: Mention, limits: PipelineSettings, now: float) -> Rejection | None:
    if mention.v > FORMAT_VERSION:
        return Rejection(
            "version", f"format version {mention.v} is newer than {FORMAT_VERSION}: update the workers"
        )
    if not mention.platform.strip() or not mention.id.strip():
        return Rejection("identity", "platform and id must not be empty")
    if len(mention.id) > 200 or len(mention.platform) > 40:
        return Rejection("identity", "platform is longer than 40 or id longer than 200 characters")
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


def decode_mention(data: bytes | None, limits: PipelineSettings, now: float) -> Mention | Rejection:
    """Return the mention that a message holds, or why it holds none. Never raises.

    `now` is the wall clock in epoch seconds, against which posts from the future are judged.
    """
    if not data:
        return Rejection("empty", "the message has no value")
    try:
        mention = decode(data, Mention)
    except msgspec.ValidationError as error:
        return Rejection("wrong_type", str(error))
    except (msgspec.DecodeError, RecursionError) as error:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as bad:
            return Rejection("encoding", f"not UTF-8: byte 0x{data[bad.start]:02x} at {bad.start}")
        return Rejection("broken_json", str(error))
    except UnicodeDecodeError as bad:
        return Rejection("encoding", f"not UTF-8: byte 0x{data[bad.start]:02x} at {bad.start}")
    rejection = _check(mention, limits, now)
    return mention if rejection is None else replace(rejection, mention_id=mention.mention_id)
