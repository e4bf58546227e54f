"""One Slack channel as a receiver: one thread an incident, news as replies, changes as edits."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from alerting.message.build import full, reply
from alerting.message.content import Content, Presentation
from alerting.message.slack import payload
from alerting.notify import Action, Plan, plan, standing
from alerting.senders.backoff import Backoff
from alerting.senders.base import Confirm, Refused, Sleep, Unavailable, always, never
from alerting.senders.pacing import Pacer
from alerting.senders.retrying import PATIENCE, UNAVAILABLE
from alerting.senders.slack_api import SlackApi
from alerting.senders.slack_errors import GONE, MALFORMED, NOT_PERMITTED
from alerting.senders.slack_lookup import Posted, find, metadata
from config.receivers import SlackReceiver
from config.records import Incident, Notification, NotificationState

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class SlackSender:
    """Sends one receiver's notifications to its channel.

    Attributes
    ----------
    receiver : name, channel and language.
    api : Slack.
    shown : how messages are presented.
    pacer : shared by all senders of the workspace.
    sleep : waits seconds.
    backoff : delays between attempts.
    """

    receiver: SlackReceiver
    api: SlackApi
    shown: Presentation
    pacer: Pacer
    sleep: Sleep
    backoff: Backoff = field(default_factory=Backoff)
    _posted: dict[str, Posted] = field(default_factory=dict)

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether there is anything to say; see `Sender.speaks`."""
        return bool(decided.actions)

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Tell the channel of the incident's newest transition; see `Sender.send`."""
        decided = plan(incident, history)
        if not decided.actions:
            return None
        root = standing([n for n in history if n.key != incident.notification_key])
        news: Content | None = None
        posted: Posted | None = None
        for action in decided.actions:
            if action is Action.PAGE:
                news = full(incident, self.shown, call=decided.call)
                posted = await self._post(incident, news, None, history, now, confirm)
            elif action is Action.REPLY:
                news = reply(incident, self.shown, call=decided.call)
                posted = await self._post(incident, news, root, history, now, confirm)
            elif root is not None:
                await self._edit(incident, root, superseded)
        self._posted.pop(incident.notification_key, None)
        said = news or full(incident, self.shown)
        return Notification(
            key=incident.notification_key,
            incident_id=incident.id,
            receiver=self.receiver.name,
            state=NotificationState.SENT,
            at=now,
            watch=incident.watch,
            transition=incident.transition,
            page=decided.page,
            ts=posted.ts if posted else (root.ts if root else None),
            channel=posted.channel if posted else (root.channel if root else None),
            text=said.fallback,
        )

    async def _post(
        self,
        incident: Incident,
        content: Content,
        root: Notification | None,
        history: Sequence[Notification],
        now: float,
        confirm: Confirm,
    ) -> Posted:
        """Post once: a message of the same key that is already there is found, not repeated."""
        key = incident.notification_key
        if known := self._posted.get(key):
            return known  # posted by an earlier call that failed later on
        earlier = next((n for n in history if n.key == key and n.state is NotificationState.SENDING), None)
        channel = root.channel if root and root.channel else self.receiver.channel
        thread = root.ts if root else None
        since = min(earlier.at, now) if earlier else now
        unsure = earlier is not None

        async def attempt() -> Posted:
            nonlocal unsure, thread
            if unsure and (there := await self._find(channel, thread, key, since)):
                log.info("Slack already has %s: not sent again", key)
                return there
            unsure = False
            await self._turn()
            await confirm()
            try:
                return await self._post_message(incident, content, channel, thread)
            except Refused as refused:
                if thread is None or refused.code not in GONE:
                    raise
                log.warning(
                    "the thread of incident %s is gone from Slack: posting a new message", incident.id
                )
                thread = None
                return await self._post_message(incident, content, channel, None)
            except Unavailable as failure:
                unsure = failure.ambiguous
                raise

        self._posted[key] = await self._until_done(key, attempt)
        return self._posted[key]

    async def _post_message(
        self, incident: Incident, content: Content, channel: str, thread: str | None
    ) -> Posted:
        body: dict[str, Any] = {
            **payload(content, self.shown.mentions),
            "channel": channel,
            "thread_ts": thread,
            "metadata": metadata(incident.notification_key, incident.id, self.receiver.name),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = await self._with_plain_text("chat.postMessage", body)
        return Posted(str(answer.get("channel", channel)), str(answer["ts"]))

    async def _edit(self, incident: Incident, root: Notification, superseded: Callable[[], bool]) -> None:
        channel = root.channel or self.receiver.channel

        async def attempt() -> None:
            await self._turn()
            if superseded():
                return  # a newer state waits right behind this one
            # The standing message keeps the owner's name, and an edit calls nobody again.
            content = full(incident, self.shown, call=False)
            body = {**payload(content, self.shown.mentions), "channel": channel, "ts": root.ts}
            await self._with_plain_text("chat.update", body)

        try:
            await self._until_done(incident.notification_key, attempt)
        except Refused as refused:
            if refused.code not in GONE:
                raise
            log.warning("the message of incident %s can't be edited any more (%s)", incident.id, refused.code)

    async def _with_plain_text(self, method: str, body: dict[str, Any]) -> Any:
        """Call, and where Slack refuses the layout, call again without it."""
        try:
            return await self.api.call(method, body)
        except Refused as refused:
            if refused.code not in MALFORMED:
                raise
            dropped = "metadata" if "metadata" in refused.code else "blocks"
            log.error("Slack refuses a message's %s (%s): sent without", dropped, refused.code)
            return await self.api.call(method, {**body, dropped: None})

    async def _find(self, channel: str, thread: str | None, key: str, since: float) -> Posted | None:
        try:
            return await find(self.api, channel, thread, key, self.receiver.name, since)
        except Refused as refused:
            if refused.code not in NOT_PERMITTED:
                raise
            log.warning(
                "can't ask Slack whether %s has arrived (%s): sending it again, it may appear twice; "
                "fix: give the app the scopes channels:history and channels:read (private channels: "
                "groups:history, groups:read)",
                key, refused.code,
            )  # fmt: skip
            return None

    async def _turn(self) -> None:
        # By the name in the routes, whatever the address: a page goes to #name, a reply to the id behind it.
        await self.pacer.turn(self.receiver.channel)

    async def _until_done(self, key: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat `attempt` until it succeeds or is refused, or Slack has failed for `PATIENCE`."""
        failures, started = 0, self.pacer.clock()
        while True:
            try:
                return await attempt()
            except Unavailable as failure:
                failures += 1
                wait = self.backoff.delay(failures) if failure.after is None else failure.after
                if failure.after is not None:
                    self.pacer.hold(self.receiver.channel, failure.after)
                if self.pacer.clock() - started + wait > PATIENCE:
                    fix = "check slack.url, the network and any proxy"
                    raise Refused(failure.why, UNAVAILABLE, fix, maybe=True) from None
                log.warning("%s; %s waits, next attempt in %.1f s", failure.why, key, wait)
                await self.sleep(wait)
