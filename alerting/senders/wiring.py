"""Make the senders that the routes name."""

from __future__ import annotations

import asyncio
import logging
import time

from rich.console import Console

from alerting.message.content import Presentation
from alerting.senders.backoff import Backoff
from alerting.senders.base import Clock, Sender, Sleep
from alerting.senders.pacing import Pacer
from alerting.senders.slack import SlackSender
from alerting.senders.slack_api import TIMEOUT, SlackApi
from alerting.senders.slack_errors import TOKEN
from alerting.senders.terminal import TerminalSender
from config.receivers import SlackReceiver
from config.routes import Routes
from config.settings import Settings

log = logging.getLogger(__name__)


def make_senders(
    routes: Routes,
    settings: Settings,
    console: Console,
    *,
    monotonic: Clock = time.monotonic,
    sleep: Sleep = asyncio.sleep,
    timeout: float = TIMEOUT,
) -> dict[str, Sender]:
    """Return a sender for every receiver of `routes`.

    Without a token a Slack receiver prints to the terminal, and the log says so.

    Parameters
    ----------
    routes : receivers.
    settings : Slack's address and token, links, time zone.
    console : where terminal receivers print; stderr in the program.
    monotonic, sleep : time.
    timeout : seconds for one call of Slack.
    """
    token = settings.slack.token
    api = SlackApi(token, settings.slack.url, timeout) if token and token.get_secret_value().strip() else None
    pacer = Pacer(monotonic, sleep)
    senders: dict[str, Sender] = {}
    for receiver in routes.receivers:
        shown = Presentation.of(settings, receiver.language)
        if isinstance(receiver, SlackReceiver) and api is not None:
            senders[receiver.name] = SlackSender(receiver, api, shown, pacer, sleep, Backoff())
            continue
        if isinstance(receiver, SlackReceiver):
            log.warning("no %s in the environment: receiver %s (Slack %s) prints to the terminal",
                        TOKEN, receiver.name, receiver.channel)  # fmt: skip
        senders[receiver.name] = TerminalSender(receiver.name, console, shown)
    return senders


def make_fallback(settings: Settings, console: Console) -> TerminalSender:
    """Return the sender that prints what a receiver refuses."""
    return TerminalSender("fallback", console, Presentation.of(settings))
