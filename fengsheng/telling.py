"""Build the delivery: a sender for each receiver of the routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rich.console import Console

from alerting.delivery import Delivery, SentLog
from alerting.senders.wiring import make_fallback, make_senders
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
    return Delivery(
        configuration.routes,
        make_senders(configuration.routes, settings, console),
        sent_log,
        clock,
        asyncio.sleep,
        make_fallback(settings, console),
    )
