"""``incidents`` to the receivers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from config.records import Incident, decode, encode
from streams.index.base import IndexUnavailable
from streams.retrying import until_confirmed
from streams.stages.base import (
    DEAD,
    Clock,
    Counters,
    Incoming,
    Outgoing,
    Publisher,
    PublishError,
    dead_letter,
)  # fmt: skip

_log = logging.getLogger(__name__)


class NotifyStage:
    """Hands transitions of incidents to the delivery, which tells each receiver once."""

    def __init__(
        self,
        deliver: Callable[[Incident], Awaitable[object]],
        publisher: Publisher,
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._deliver = deliver
        self._publisher = publisher
        self._counters = counters
        self._clock = clock

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Return when every incident of `batch` has been told to all its receivers.

        They go out side by side, so that one receiver's outage holds up nobody else's page;
        the delivery keeps the order of one incident's transitions.
        """
        incidents = []
        for message in batch:
            if message.value is None:
                continue
            try:
                incident = decode(message.value, Incident)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._counters.dead += 1
                letter = dead_letter(message, "not_incident_form", str(error), "notify", self._clock())
                dead = [Outgoing(DEAD, message.key, encode(letter))]
                await until_confirmed(
                    "publish a dead letter",
                    lambda dead=dead: self._publisher.publish(dead),  # type: ignore[misc]
                    (PublishError,),
                )
                continue
            incidents.append(incident)
        await asyncio.gather(*(self._tell(incident) for incident in incidents))

    async def _tell(self, incident: Incident) -> None:
        await until_confirmed(
            f"tell of incident {incident.id}",
            lambda: self._deliver(incident),
            (IndexUnavailable,),
            self._counters.outage("notify"),
        )
        self._counters.delivered += 1
