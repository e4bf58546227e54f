"""Faust's consumer, made to commit what was dealt with and nothing else.

Faust's own (0.15.3) loses messages when partitions change hands:

- what was read and not yet begun is skipped at a hand-over, and a skipped message counts
  as acknowledged;
- a gap in what was acknowledged is committed over where the partition's committed offset
  is not known, which is so from the hand-over until the partitions are sought again;
- a partition without a committed offset is not sought back to its beginning when what was
  read of it is thrown away;
- the first message after a hole in the log counts as part of the hole.

Here a partition's progress begins where it was sought to, what another generation of the
group has read counts for nothing, and only what lies without a hole behind the beginning
is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.drivers import aiokafka as driver

from streams.progress import Progress

_log = logging.getLogger(__name__)

SEEK_AGAIN_S: Final = 1.0
"""Seconds between two tries to ask Kafka where to read on."""


class Consumer(driver.Consumer):  # type: ignore[misc]  # Faust's types are not checked here
    """Reads each partition from where the group has committed it, or from its beginning."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._progress: dict[Any, Progress] = {}
        self._seeks = 0

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Hand over, then commit nothing more until the partitions have been sought again."""
        try:
            await super().on_partitions_revoked(revoked)
        finally:
            self._progress.clear()

    async def perform_seek(self) -> None:
        """Go to the committed offsets, or to the beginning, and begin to count from there.

        Raises
        ------
        aiokafka.errors.IllegalStateError
            The partitions are changing hands; they are sought when that is over.
        """
        self._seeks += 1
        while not self.should_stop:
            try:
                await self._seek_all()
                break
            except IllegalStateError:
                raise
            except AssertionError as error:
                raise IllegalStateError(str(error)) from error
            except (KafkaError, TimeoutError) as error:
                _log.warning(
                    "can't ask Kafka where to read on (%r); trying again in %.0f s", error, SEEK_AGAIN_S
                )
                await asyncio.sleep(SEEK_AGAIN_S)
        self._seeks += 1

    async def _seek_all(self) -> None:
        assigned = self.assignment()
        for part in assigned:
            self._committed_offset[part] = None
        await super().perform_seek()
        starts = {part: self._committed_offset[part] for part in assigned}
        fresh = [part for part, offset in starts.items() if not offset]
        if fresh:
            begins = await self.earliest_offsets(*fresh)
            await self.seek_wait(begins)  # in the client's own thread, which may be fetching
            starts |= begins
        self._progress = {part: Progress(offset or 0) for part, offset in starts.items()}

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        if active_partitions and (active_partitions & self.assignment()) - self._progress.keys():
            await self._seek_again()  # Faust does not wait for a seek that takes longer than a request may
            return {}
        seeks = self._seeks
        records = await super()._getmany(active_partitions, timeout)
        if records and self._seeks != seeks:
            # Fetched from where the partitions stood before: to be read again, in its order.
            await self._seek_again()
            return {}
        return records

    async def _seek_again(self) -> None:
        try:
            await self.perform_seek()
        except IllegalStateError:
            _log.info("the partitions change hands: what was fetched is left to their next owners")
            await asyncio.sleep(0.1)  # nothing is to be fetched until that is over

    def _to_message(self, tp: Any, record: Any) -> Any:
        if (progress := self._progress.get(tp)) is not None:
            progress.read(record.offset)
        return super()._to_message(tp, record)

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Do nothing: `Progress` knows the holes."""

    def ack(self, message: Any) -> bool:
        """Count nothing: Faust acknowledges what it has skipped, too. See `finish`."""
        message.acked = True
        self._unacked_messages.discard(message)
        return False

    def finish(self, message: Any) -> None:
        """Count a message as dealt with, if it was read since the partitions were last shared out."""
        progress = self._progress.get(message.tp)
        if progress is not None and message.generation_id == self.app.consumer_generation_id:
            progress.finish(message.offset)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[Any]:
        return (tp for tp in self._progress if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: Any) -> int | None:
        progress = self._progress.get(tp)
        return progress.next or None if progress else None
