"""Build the delivery: a sender for each receiver of the routes."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from alerting.delivery import Delivery, SentLog
from alerting.senders.base import Sender
from alerting.senders.slack import SlackSender
from alerting.senders.terminal import TerminalSender
from config.routes import SlackReceiver
from fengsheng.configuration import Configuration
from fengsheng.output import talk


def make_delivery(
    configuration: Configuration,
    sent_log: SentLog,
    console: Console = talk,
    clock: Callable[[], float] = time.time,
) -> Delivery:
    """Return the delivery; without a Slack token its receivers' pages are printed and stored."""
    settings = configuration.settings
    senders: dict[str, Sender] = {}
    for receiver in configuration.routes.receivers:
        if isinstance(receiver, SlackReceiver) and settings.slack.token is not None:
            senders[receiver.name] = SlackSender(receiver, settings, clock=clock)
        else:
            senders[receiver.name] = TerminalSender(receiver, settings, console)
    return Delivery(configuration.routes, senders, sent_log, clock)
