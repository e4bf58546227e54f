"""A sink in front of another: nothing private leaves the feed."""

from __future__ import annotations

from config.records import Author, Mention
from streams.feeds.formats import Rejected
from streams.feeds.sink import Sink
from streams.masking import Pseudonymiser


class PrivateSink:
    """Masks texts and replaces author ids by pseudonyms before it passes records on."""

    def __init__(self, sink: Sink, pseudonyms: Pseudonymiser) -> None:
        self._sink = sink
        self._pseudonyms = pseudonyms

    async def send(self, mention: Mention) -> None:
        """Pass the mention on, masked."""
        await self._sink.send(self._pseudonyms.mention(mention))

    async def send_author(self, author: Author) -> None:
        """Pass the profile on under its pseudonym."""
        await self._sink.send_author(self._pseudonyms.author(author, author.platform))

    async def reject(self, rejected: Rejected) -> None:
        """Pass the rejection on; whoever stores what it quotes masks it (see `KafkaSink`)."""
        await self._sink.reject(rejected)

    async def flush(self) -> None:
        """Wait for the other."""
        await self._sink.flush()
