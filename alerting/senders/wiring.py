"""Make the senders that the routes name."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from pydantic import SecretStr
from rich.console import Console

from alerting.message.content import Presentation
from alerting.senders.backoff import Backoff
from alerting.senders.base import Clock, Sender, Sleep
from alerting.senders.dingtalk import DingTalkRobot
from alerting.senders.feishu import FeishuBot
from alerting.senders.group import GroupSender
from alerting.senders.http import TIMEOUT, Endpoint
from alerting.senders.limiting import Limit
from alerting.senders.mail import MailSender
from alerting.senders.pacing import Pacer
from alerting.senders.retrying import Retry
from alerting.senders.slack import SlackSender
from alerting.senders.slack_api import SlackApi
from alerting.senders.slack_errors import TOKEN
from alerting.senders.smtp import Smtp
from alerting.senders.terminal import TerminalSender
from alerting.senders.webhook import WebhookSender
from alerting.senders.wecom import WeComRobot
from config.receivers import (
    DingTalkReceiver,
    EmailReceiver,
    FeishuReceiver,
    Receiver,
    RobotReceiver,
    SlackReceiver,
    TerminalReceiver,
    WebhookReceiver,
    secrets_key,
    variable,
)
from config.routes import Routes
from config.settings import ReceiverSecrets, Settings

log = logging.getLogger(__name__)

NAMES = {"feishu": "Feishu bot", "dingtalk": "DingTalk robot", "wecom": "WeCom robot", "webhook": "webhook"}


def make_senders(
    routes: Routes,
    settings: Settings,
    console: Console,
    *,
    monotonic: Clock = time.monotonic,
    wall: Clock = time.time,
    sleep: Sleep = asyncio.sleep,
    timeout: float = TIMEOUT,
) -> dict[str, Sender]:
    """Return a sender for every receiver of `routes`.

    A receiver whose secret the environment does not have prints to the terminal, and the log says so.

    Parameters
    ----------
    routes : receivers.
    settings : addresses and secrets, links, time zone.
    console : where terminal receivers print; stderr in the program.
    monotonic, wall, sleep : time; `wall` is epoch seconds.
    timeout : seconds for one call of a service.
    """
    token = settings.slack.token
    api = SlackApi(token, settings.slack.url, timeout) if token and token.get_secret_value().strip() else None
    pacer = Pacer(monotonic, sleep)
    senders: dict[str, Sender] = {}
    for receiver in routes.receivers:
        if missing := missing_secret(receiver, settings):
            log.warning("no %s in the environment: receiver %s (%s) prints to the terminal",
                        missing, receiver.name, receiver.type)  # fmt: skip
        if missing or isinstance(receiver, TerminalReceiver):
            shown = Presentation.of(settings, receiver.language)
            senders[receiver.name] = TerminalSender(receiver.name, console, shown)
        elif isinstance(receiver, SlackReceiver):
            assert api is not None
            shown = Presentation.of(settings, receiver.language)
            senders[receiver.name] = SlackSender(receiver, api, shown, pacer, sleep, Backoff())
        else:
            limit = Limit(receiver.per_minute, monotonic, sleep)
            retry = Retry(limit, monotonic, sleep)
            parts = Parts(settings, wall, timeout)
            senders[receiver.name] = _sender(receiver, parts, retry)
    return senders


def _sender(receiver: RobotReceiver | EmailReceiver | WebhookReceiver, parts: Parts, retry: Retry) -> Sender:
    shown = parts.presentation(receiver)
    if isinstance(receiver, EmailReceiver):
        return MailSender(receiver, parts.smtp(receiver), shown, retry, parts.wall)
    if isinstance(receiver, WebhookReceiver):
        secret = secrets_of(receiver, parts.settings).secret or SecretStr("")
        return WebhookSender(receiver, parts.endpoint(receiver), secret, shown, retry, parts.wall)
    return GroupSender(receiver.name, parts.robot(receiver), shown, retry)


@dataclass(frozen=True)
class Parts:
    """The edges of receivers: endpoints, robots and mail servers, with their secrets in place.

    Attributes
    ----------
    wall : epoch seconds, for signatures.
    timeout : seconds for one call.
    """

    settings: Settings
    wall: Clock = time.time
    timeout: float = TIMEOUT

    def presentation(self, receiver: RobotReceiver | EmailReceiver | WebhookReceiver) -> Presentation:
        """Return how a receiver's messages are presented."""
        mentions = {} if isinstance(receiver, WebhookReceiver) else receiver.mentions
        return Presentation.of(self.settings, receiver.language, mentions)

    def endpoint(self, receiver: RobotReceiver | WebhookReceiver) -> Endpoint:
        """Return the address to post to."""
        url = secrets_of(receiver, self.settings).webhook or SecretStr("")
        what = f"{NAMES[receiver.type]} of receiver {receiver.name}"
        return Endpoint(what, url, variable(receiver.name, "webhook"), self.timeout)

    def robot(self, receiver: RobotReceiver) -> FeishuBot | DingTalkRobot | WeComRobot:
        """Return the group's robot."""
        endpoint, shown = self.endpoint(receiver), self.presentation(receiver)
        secret = secrets_of(receiver, self.settings).secret
        secret = secret if _there(secret) else None
        if isinstance(receiver, FeishuReceiver):
            return FeishuBot(receiver, endpoint, secret, shown, self.wall)
        if isinstance(receiver, DingTalkReceiver):
            return DingTalkRobot(receiver, endpoint, secret, shown, self.wall)
        return WeComRobot(receiver, endpoint, shown)

    def smtp(self, receiver: EmailReceiver) -> Smtp:
        """Return the mail server."""
        return Smtp(receiver, secrets_of(receiver, self.settings).password, self.timeout)


def secrets_of(receiver: Receiver, settings: Settings) -> ReceiverSecrets:
    """Return what the environment holds for a receiver."""
    return settings.receivers.get(secrets_key(receiver.name), ReceiverSecrets())


def missing_secret(receiver: Receiver, settings: Settings) -> str | None:
    """Return the variable without which a receiver can't be reached, None where nothing is missing."""
    secrets = secrets_of(receiver, settings)
    needed: dict[str, SecretStr | None] = {}
    if isinstance(receiver, SlackReceiver):
        return None if _there(settings.slack.token) else TOKEN
    if isinstance(receiver, EmailReceiver):
        needed = {"password": secrets.password} if receiver.username else {}
    elif isinstance(receiver, WebhookReceiver):
        needed = {"webhook": secrets.webhook, "secret": secrets.secret}
    elif not isinstance(receiver, TerminalReceiver):
        needed = {"webhook": secrets.webhook}
    return next((variable(receiver.name, what) for what, value in needed.items() if not _there(value)), None)


def _there(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value().strip())


def make_fallback(settings: Settings, console: Console) -> TerminalSender:
    """Return the sender that prints what a receiver refuses."""
    return TerminalSender("fallback", console, Presentation.of(settings))
