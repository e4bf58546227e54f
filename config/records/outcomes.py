"""What became of a message: the sent-log and the dead letters."""

from __future__ import annotations

from enum import StrEnum

from config.records.base import FORMAT_VERSION, Record
from config.records.incidents import Transition


class NotificationState(StrEnum):
    """`sending` is written before a send, `sent` after it: between them a crash is ambiguous.

    `dead` is what no retry can heal; it is never tried again.
    """

    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class DeadLetter(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Something that could not be processed: where it came from and why.

    `payload` is the beginning of the offending bytes, decoded with replacement and
    masked; `size` its whole length in bytes.
    """

    code: str
    reason: str
    stage: str
    at: float
    topic: str
    partition: int
    offset: int
    size: int
    payload: str
    key: str | None = None
    v: int = FORMAT_VERSION


class Notification(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the sent-log: a notification key at a receiver, claimed or sent.

    `ts` and `channel` say where it lies: Slack's, an e-mail's Message-ID, a webhook's id; `text` is
    what was said. `holder` is the process that sends, while it does (`alerting.claiming`).
    """

    key: str
    incident_id: str
    receiver: str
    state: NotificationState
    at: float
    watch: str = ""
    transition: Transition | None = None
    page: bool = False
    ts: str | None = None
    channel: str | None = None
    text: str | None = None
    holder: str | None = None
    v: int = FORMAT_VERSION
