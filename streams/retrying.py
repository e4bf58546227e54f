"""Keep at it until a sink confirms: infrastructure comes back, and a batch in hand is never dropped."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)
Sleep = Callable[[float], Awaitable[None]]


class Hopeless(Exception):  # noqa: N818 - a trait of failures, not a failure
    """What no time heals: raised at once, even where its base is to be retried. It says what to do."""


class Outage:
    """Counts the failures of one stage's sinks, so that health checks can tell of them."""

    def __init__(self) -> None:
        self.failures = 0
        self.since: float | None = None
        self.last_error = ""


async def until_confirmed(
    what: str,
    action: Callable[[], Awaitable[T]],
    retry_on: tuple[type[Exception], ...],
    outage: Outage | None = None,
    sleep: Sleep = asyncio.sleep,
    first: float = 0.2,
    longest: float = 15.0,
) -> T:
    """Await `action` until it succeeds, backing off between the tries.

    Faust commits over events whose agent raised, so a stage must not let an infrastructure
    failure out while it goes on: it stays with its batch here. Cancellation passes through.

    Parameters
    ----------
    what : named in the log, for instance "write 64 mentions to the index".
    retry_on : failures that time may heal; any other, and what is `Hopeless`, is raised at once.
    first, longest : seconds of the first and the longest pause; each doubles, with jitter.
    """
    pause = first
    while True:
        try:
            result = await action()
        except Hopeless:
            raise
        except retry_on as error:
            if outage is not None:
                outage.failures += 1
                outage.last_error = str(error)
            _log.warning("could not %s: %s; trying again in %.1f s", what, error, pause)
            await sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, longest)
        else:
            if outage is not None and outage.failures:
                _log.warning("%s works again after %d failures", what, outage.failures)
                outage.failures = 0
                outage.last_error = ""
            return result
