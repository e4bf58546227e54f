"""``authors`` and ``mentions.dead`` to the index."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from config.records import Author, DeadLetter, decode, encode
from streams.index.base import Index, IndexUnavailable
from streams.masking import Pseudonymiser
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
    short_key,
)  # fmt: skip

_log = logging.getLogger(__name__)


class AuthorsStage:
    """Keeps author profiles, under their pseudonyms."""

    def __init__(
        self, index: Index, pseudonyms: Pseudonymiser, publisher: Publisher, counters: Counters, clock: Clock
    ) -> None:
        self._index = index
        self._pseudonyms = pseudonyms
        self._publisher = publisher
        self._counters = counters
        self._clock = clock

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Return when every readable profile of `batch` is in the index, the others dead-lettered."""
        authors: list[Author] = []
        dead: list[Outgoing] = []
        for message in batch:
            if message.value is None:
                continue  # a tombstone of the compacted topic
            try:
                author = decode(message.value, Author)
                if not author.id or not author.platform:
                    raise msgspec.ValidationError("id and platform of an author must not be empty")
                authors.append(self._pseudonyms.author(author, author.platform))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._counters.dead += 1
                letter = dead_letter(message, "author", str(error), "authors", self._clock())
                dead.append(Outgoing(DEAD, short_key(message.key), encode(letter)))
        outage = self._counters.outage("authors")
        if authors:
            await until_confirmed(
                f"write {len(authors)} authors to the index",
                lambda: self._index.write_authors(authors),
                (IndexUnavailable,),
                outage,
            )
        if dead:
            await until_confirmed(
                "publish dead letters", lambda: self._publisher.publish(dead), (PublishError,), outage
            )


class DeadStage:
    """Keeps dead letters where a person can look at them."""

    def __init__(self, index: Index, counters: Counters) -> None:
        self._index = index
        self._counters = counters

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Return when the dead letters of `batch` are in the index."""
        letters = []
        for message in batch:
            try:
                letters.append(decode(message.value or b"", DeadLetter))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                # Written by some other program; its own topic still holds it.
                _log.warning("%s offset %d is no dead letter of ours: %s", DEAD, message.offset, error)
        if letters:
            await until_confirmed(
                f"write {len(letters)} dead letters to the index",
                lambda: self._index.write_dead(letters),
                (IndexUnavailable,),
                self._counters.outage("dead"),
            )
