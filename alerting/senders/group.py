"""A chat group with a robot as a receiver: messages only, no edits, no threads, merged when there are too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alerting.message.build import digest
from alerting.message.content import Content, Presentation
from alerting.notify import Plan, plan
from alerting.senders.base import Confirm, Malformed, always, never
from alerting.senders.outbox import Outbox
from alerting.senders.retrying import Retry
from alerting.senders.unedited import attempted, entry, message, repeated, speaks
from config.records import Incident, Notification

log = logging.getLogger(__name__)


class Robot(Protocol):
    """A robot of a group; a robot can't be asked what it has posted."""

    async def post(self, content: Content, *, plain: bool = False) -> None:
        """Post a message, `plain` as one line of text.

        Raises
        ------
        Unavailable
            Rate limit, the service's own trouble, no connection, no answer in time.
        Malformed
            The service does not like the form.
        Refused
            The service's answer is a no, or it is not the service that answers.
        """
        ...


@dataclass(frozen=True)
class _Post:
    incident: Incident
    content: Content
    again: bool
    confirm: Confirm


@dataclass
class GroupSender:
    """Sends one receiver's notifications to its group.

    Attributes
    ----------
    name : the receiver's.
    robot : of the group.
    shown : how messages are presented.
    retry : attempts, with the rate limit.
    """

    name: str
    robot: Robot
    shown: Presentation
    retry: Retry
    _outbox: Outbox[_Post, Content] = field(init=False)

    def __post_init__(self) -> None:
        self._outbox = Outbox(self.retry.limit, self._deliver)

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether a transition is a message here; see `Sender.speaks`."""
        return speaks(incident, decided)

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Tell the group of the incident's newest transition; see `Sender.send`."""
        decided = plan(incident, history)
        if not speaks(incident, decided):
            return None
        content = message(incident, decided, self.shown)
        again = attempted(incident, history)
        if again:
            log.warning("%s may have reached %s before: sent again, and it says so", incident.notification_key,
                        self.name)  # fmt: skip
        said = await self._outbox.send(_Post(incident, content, again, confirm))
        return entry(incident, self.name, now, decided, said.fallback)

    async def _deliver(self, posts: Sequence[_Post], tried: bool) -> Content:
        content = posts[0].content
        if len(posts) > 1:
            calls = [owner for post in posts for owner in post.content.calls]
            content = digest([post.incident for post in posts], self.shown, calls=calls)
            log.info("%s: %d messages merged into one", self.name, len(posts))

        again = tried or any(post.again for post in posts)

        async def attempt(maybe: bool) -> Content:
            if len(posts) == 1:  # one that was taken over must not keep the others of a digest back
                await posts[0].confirm()
            said = repeated(content, self.shown) if again or maybe else content
            try:
                await self.robot.post(said)
            except Malformed as refused:
                log.error("%s: sent as plain text", refused)
                await self.robot.post(said, plain=True)
            return said

        keys = ", ".join(post.incident.notification_key for post in posts)
        return await self.retry.until_done(keys, attempt)
