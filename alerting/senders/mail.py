"""Mailboxes as a receiver: one conversation an incident, no edits, merged when there are too many.

A mail's Message-ID follows from the notification's key, so that a mail that is sent again after a crash
is the same mail, which most mail servers keep once. The first mail of an incident is the one that the
others answer (``In-Reply-To``, ``References``).

A recipient that the server puts off (4yz) while it takes others is tried again alone, for as long as
any receiver is before it counts as failing. Then the mail counts as sent, so that one full mailbox keeps
the next news from nobody, and until that mailbox takes a mail again nobody waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from hashlib import blake2b

from alerting.message.build import digest
from alerting.message.calling import id_of
from alerting.message.content import Content, Presentation
from alerting.message.mail import Mail, mail, subject
from alerting.message.words import word
from alerting.notify import Plan, plan, standing
from alerting.senders.base import Clock, Confirm, Refused, always, never
from alerting.senders.outbox import Outbox
from alerting.senders.retrying import UNAVAILABLE, Retry
from alerting.senders.smtp import NoMailbox, Smtp
from alerting.senders.unedited import attempted, entry, message, repeated, speaks
from config.receivers import EmailReceiver
from config.records import Incident, Notification

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Letter:
    incident: Incident
    content: Content
    answers: str | None
    confirm: Confirm


@dataclass
class MailSender:
    """Sends one receiver's notifications to its mailboxes.

    Attributes
    ----------
    smtp : the server.
    shown : how messages are presented; its mentions are the addresses of owners.
    retry : attempts, with the rate limit.
    clock : epoch seconds, for ``Date``.
    """

    receiver: EmailReceiver
    smtp: Smtp
    shown: Presentation
    retry: Retry
    clock: Clock
    _outbox: Outbox[_Letter, str] = field(init=False)
    # By notification key who has it or never gets it, while others are owed it: kept over calls of `send`.
    _settled: dict[str, set[str]] = field(default_factory=dict)
    _slow: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._outbox = Outbox(self.retry.limit, self._deliver)

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether a transition is a mail; see `Sender.speaks`."""
        return speaks(incident, decided)

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Tell the mailboxes of the incident's newest transition; see `Sender.send`."""
        decided = plan(incident, history)
        if not speaks(incident, decided):
            return None
        content = message(incident, decided, self.shown)
        if attempted(incident, history):
            content = repeated(content, self.shown)
        root = standing([n for n in history if n.key != incident.notification_key])
        letter = _Letter(incident, content, root.ts if root else None, confirm)
        identity = await self._outbox.send(letter)
        return entry(incident, self.receiver.name, now, decided, content.fallback, identity)

    async def _deliver(self, letters: Sequence[_Letter], tried: bool) -> str:
        keys = [letter.incident.notification_key for letter in letters]
        identity = message_id(keys, self.receiver)
        first = letters[0]
        if len(letters) == 1:
            about = subject(first.incident, self.shown)
            said, answers = mail(first.content, about), first.answers
        else:
            calls = [owner for letter in letters for owner in letter.content.calls]
            content = digest([letter.incident for letter in letters], self.shown, calls=calls)
            said, answers = mail(content, word("brand", self.shown.language) + content.headline), None
            log.info("%s: %d mails merged into one", self.receiver.name, len(letters))
        to = self._to([owner for letter in letters for owner in letter.content.calls])
        written = self._written(said, to, identity, answers)

        async def attempt(maybe: bool) -> str:
            if len(letters) == 1:
                await first.confirm()
            await self._hand_over(written, to, keys)
            return identity

        try:
            await self.retry.until_done(", ".join(keys), attempt)
        except Refused as refused:
            owed = self._owed(to, keys)
            if refused.code != UNAVAILABLE or len(owed) == len(to):
                raise
            for address in owed:
                self._miss(address, keys, refused.what, "ask the server's keeper why it puts the mailbox off")
            self._slow.update(owed)
        for key in keys:
            self._settled.pop(key, None)
        return identity

    def _owed(self, to: Sequence[str], keys: Sequence[str]) -> list[str]:
        return [address for address in to if any(address not in self._settled.get(key, ()) for key in keys)]

    async def _hand_over(self, written: EmailMessage, to: Sequence[str], keys: Sequence[str]) -> None:
        """Give the mail to those who are still owed it; raises `Unavailable` while some are put off."""
        owed = self._owed(to, keys)
        if not owed:
            return
        try:
            refused = await self.smtp.deliver(written, owed)
        except NoMailbox as nobody:
            if len(owed) == len(to):
                raise
            refused = nobody.answers
        later = {a: answer for a, answer in refused.items() if answer.temporary and a not in self._slow}
        for address, answer in refused.items():
            if address not in later:
                self._miss(address, keys, str(answer), "correct the receiver's 'to'")
        for key in keys:
            self._settled.setdefault(key, set()).update(a for a in owed if a not in later)
        self._slow.difference_update(a for a in owed if a not in refused)
        if later:
            raise self.smtp.not_now(later)

    def _miss(self, address: str, keys: Sequence[str], why: str, fix: str) -> None:
        log.error("receiver %s: %s does not get %s: %s; fix: %s",
                  self.receiver.name, address, ", ".join(keys), why, fix)  # fmt: skip

    def _to(self, owners: Sequence[str]) -> list[str]:
        """The receiver's addresses and those of the owners who are called."""
        ids = self.shown.mentions
        called = [id_of(owner, ids) for owner in owners]
        return list(dict.fromkeys([*self.receiver.to, *(address for address in called if address)]))

    def _written(self, said: Mail, to: list[str], identity: str, answers: str | None) -> EmailMessage:
        written = EmailMessage(policy=SMTP)
        written["Subject"] = f"Re: {said.subject}" if answers else said.subject
        written["From"] = self.receiver.sender
        written["To"] = ", ".join(to)
        written["Date"] = formatdate(self.clock())
        written["Message-ID"] = identity
        if answers:
            written["In-Reply-To"] = answers
            written["References"] = answers
        written["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        if said.urgent:
            written["Importance"] = "high"
        # base64: not every server takes eight bits.
        written.set_content(said.text, cte="base64")
        written.add_alternative(said.html, subtype="html", cte="base64")
        return written


def message_id(keys: Sequence[str], receiver: EmailReceiver) -> str:
    """Return the Message-ID of the mail about these notifications, the same in every run."""
    digest_of = blake2b("\0".join([receiver.name, *sorted(keys)]).encode("utf-8", "replace"), digest_size=16)
    return f"<{digest_of.hexdigest()}.fengsheng@{receiver.sender.rpartition('@')[2]}>"
