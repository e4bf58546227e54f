"""``mentions.raw`` to ``mentions.enriched``: decode, classify and score a batch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from config.records import Author, Mention, ScoredMention, encode
from config.settings import PipelineSettings
from streams.decoding import Rejection, decode_mention
from streams.enriching import Enricher
from streams.index.base import Index, IndexUnavailable
from streams.retrying import until_confirmed
from streams.stages.base import (
    AUTHORS,
    DEAD,
    ENRICHED,
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


class EnrichStage:
    """Enriches batches. What can't be read becomes a dead letter; nothing else is dropped."""

    def __init__(
        self,
        enricher: Enricher,
        index: Index,
        publisher: Publisher,
        limits: PipelineSettings,
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._enricher = enricher
        self._index = index
        self._publisher = publisher
        self._limits = limits
        self._counters = counters
        self._clock = clock
        self._profiles = _ProfileCache()

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Return when every message of `batch` is enriched or dead-lettered, and acknowledged as such."""
        now = self._clock()
        self._counters.received += len(batch)
        outgoing: list[Outgoing] = []
        rejected: list[str] = []
        good: list[tuple[Incoming, Mention]] = []
        for message in batch:
            found = decode_mention(message.value, self._limits, now)
            if isinstance(found, Rejection):
                outgoing.append(self._dead(message, found, now))
                if found.mention_id:
                    rejected.append(found.mention_id)
            else:
                good.append((message, found))
        profiles = await self._known([mention for _, mention in good], outgoing)
        outage = self._counters.outage("enrich")
        scored: list[ScoredMention] = []
        try:
            scored = await self._enricher.enrich([mention for _, mention in good], profiles, now)
        except Exception:
            _log.exception("a batch of %d could not be enriched; trying its mentions one by one", len(good))
            for message, mention in good:
                try:
                    scored += await self._enricher.enrich([mention], profiles, now)
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"
                    found = Rejection("not_enriched", reason, mention.mention_id)
                    outgoing.append(self._dead(message, found, now))
                    rejected.append(mention.mention_id)
        outgoing += [Outgoing(ENRICHED, m.thread_id.encode(), encode(m)) for m in scored]
        await until_confirmed(
            f"publish {len(outgoing)} enriched mentions",
            lambda: self._publisher.publish(outgoing),
            (PublishError,),
            outage,
        )
        self._counters.enriched += len(scored)
        if rejected:
            self._counters.settled(rejected)

    def _dead(self, message: Incoming, why: Rejection, now: float) -> Outgoing:
        self._counters.dead += 1
        letter = dead_letter(message, why.code, why.reason, "enrich", now)
        key = why.mention_id.encode() if why.mention_id else message.key
        return Outgoing(DEAD, short_key(key), encode(letter))

    async def _known(self, mentions: Sequence[Mention], outgoing: list[Outgoing]) -> dict[str, Author]:
        """Profiles of the batch's authors; new inline profiles are passed on to the authors topic."""
        inline = [profile for mention in mentions if (profile := self._enricher.profile(mention))]
        unknown = self._profiles.unknown(p.id for p in inline if p.followers is None)
        if unknown:
            fetched = await until_confirmed(
                f"read {len(unknown)} author profiles from the index",
                lambda: self._index.authors(sorted(unknown)),
                (IndexUnavailable,),
                self._counters.outage("enrich"),
            )
            for author_id in unknown:
                self._profiles.put(author_id, fetched.get(author_id), self._clock())
        for profile in inline:
            if profile.followers is not None and self._profiles.changed(profile, self._clock()):
                outgoing.append(Outgoing(AUTHORS, profile.id.encode(), encode(profile)))
        self._profiles.expire(self._clock())
        return self._profiles.all(p.id for p in inline)


class _ProfileCache:
    """Profiles seen lately: bounded, and asked for again after ten minutes."""

    _MOST = 100_000
    _FRESH_S = 600.0

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Author | None, float]] = {}

    def unknown(self, ids: Iterable[str]) -> set[str]:
        return {author_id for author_id in ids if author_id not in self._entries}

    def put(self, author_id: str, author: Author | None, now: float) -> None:
        self._entries.pop(author_id, None)
        self._entries[author_id] = (author, now)

    def changed(self, author: Author, now: float) -> bool:
        """Remember a profile; return whether its reach was unknown or differs."""
        old = self._entries.get(author.id, (None, 0.0))[0]
        self.put(author.id, author, now)
        return old is None or (old.followers, old.verified_type) != (author.followers, author.verified_type)

    def expire(self, now: float) -> None:
        """Drop the oldest entries (they stand in order of their time)."""
        while self._entries:
            author_id, (_, at) = next(iter(self._entries.items()))
            if now - at < self._FRESH_S and len(self._entries) <= self._MOST:
                break
            del self._entries[author_id]

    def all(self, ids: Iterable[str]) -> dict[str, Author]:
        found = {}
        for author_id in ids:
            entry = self._entries.get(author_id)
            if entry and entry[0]:
                found[author_id] = entry[0]
        return found
