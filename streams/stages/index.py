"""``mentions.enriched`` to the index and ``mentions.scored``: watches inherited, stored, confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from config.records import Match, ScoredMention, decode, encode
from streams.index.base import Failure, Index, IndexUnavailable
from streams.retrying import until_confirmed
from streams.stages.base import (
    DEAD,
    SCORED,
    Clock,
    Counters,
    Incoming,
    Outgoing,
    Publisher,
    PublishError,
    dead_letter,
)  # fmt: skip
from streams.threads import ThreadMemory

FRESH_S: Final = 60.0
"""Seconds after a hand-over in which another worker's newest writes must be looked for."""


class IndexStage:
    """Gives mentions the watches of their threads, writes the index, then passes them to their watches.

    The index is written and confirmed first: whatever a later stage has seen can be
    rebuilt from it. An unmatched mention is indexed too, so that it can be adopted when
    its parent comes; it goes to no watch.
    """

    def __init__(
        self, index: Index, publisher: Publisher, threads: ThreadMemory, counters: Counters, clock: Clock
    ) -> None:
        self._index = index
        self._publisher = publisher
        self._threads = threads
        self._counters = counters
        self._clock = clock
        self._forget = True
        self._fresh_until = 0.0

    def forget(self) -> None:
        """Drop the memory of threads before the next batch: another worker may own them now.

        The batch in hand keeps it, for half a memory would cost its mentions their watches.
        """
        self._forget = True

    async def run(self, batch: Sequence[Incoming]) -> None:
        """Return when every mention of `batch` is in the index and published to its watches."""
        if self._forget:
            self._forget = False
            self._threads.forget()
            self._fresh_until = self._clock() + FRESH_S
        outage = self._counters.outage("index")
        outgoing: list[Outgoing] = []
        mentions: list[tuple[Incoming, ScoredMention]] = []
        for message in batch:
            try:
                mentions.append((message, decode(message.value or b"", ScoredMention)))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._counters.dead += 1
                letter = dead_letter(message, "not_enriched_form", str(error), "index", self._clock())
                outgoing.append(Outgoing(DEAD, message.key, encode(letter)))
        stored_before = await self._load_threads({m.thread_id for _, m in mentions})
        changed, gained = self._join([m for _, m in mentions], stored_before)
        adopted = [mention_id for mention_id in gained if mention_id not in changed]
        if adopted:
            stored = await until_confirmed(
                f"read {len(adopted)} adopted mentions from the index",
                lambda: self._index.mentions(adopted),
                (IndexUnavailable,),
                outage,
            )
            for mention_id, mention in stored.items():
                changed[mention_id] = msgspec.structs.replace(mention, matches=list(gained[mention_id]))
        rows = list(changed.values())
        failures = await until_confirmed(
            f"write {len(rows)} mentions to the index",
            lambda: self._index.write_mentions(rows),
            (IndexUnavailable,),
            outage,
        )
        outgoing += self._dead(failures, mentions)
        failed = {failure.id for failure in failures}
        kept = [mention for mention in rows if mention.mention_id not in failed]
        for mention in kept:
            for watch in mention.watches:
                copy = msgspec.structs.replace(mention, watch=watch)
                outgoing.append(Outgoing(SCORED, watch.encode(), encode(copy)))
        await until_confirmed(
            f"publish {len(outgoing)} scored mentions",
            lambda: self._publisher.publish(outgoing),
            (PublishError,),
            outage,
        )
        self._counters.indexed += len(kept)
        self._counters.scored += sum(1 for message in outgoing if message.topic == SCORED)
        self._counters.settled([m.mention_id for _, m in mentions])

    async def _load_threads(self, thread_ids: set[str]) -> set[str]:
        """Take up the threads that are not in memory; return the mentions that the index has of them."""
        missing = sorted(self._threads.missing(thread_ids))
        if not missing:
            return set()
        found = await until_confirmed(
            f"read {len(missing)} threads from the index",
            lambda: self._index.threads(missing, fresh=self._clock() < self._fresh_until),
            (IndexUnavailable,),
            self._counters.outage("index"),
        )
        for thread_id, members in found.items():
            self._threads.load(thread_id, ((m.mention_id, m.parent_id, m.matches, m.story) for m in members))
        return {member.mention_id for members in found.values() for member in members}

    def _join(
        self, mentions: Sequence[ScoredMention], stored_before: set[str]
    ) -> tuple[dict[str, ScoredMention], dict[str, tuple[Match, ...]]]:
        """Join each mention to its thread; a copy that comes twice counts once, its newest form wins.

        A mention that was stored before this worker knew its thread may be read again because
        the last worker died between index and publish: its heirs are passed on once more.
        """
        changed: dict[str, ScoredMention] = {}
        gained: dict[str, tuple[Match, ...]] = {}
        for mention in mentions:
            joined = self._threads.join(
                mention.thread_id, mention.mention_id, mention.parent_id, mention.matches, mention.story
            )
            changed[mention.mention_id] = msgspec.structs.replace(
                mention, matches=list(joined.matches), story=joined.story or mention.story
            )
            again = mention.mention_id in stored_before
            heirs = self._threads.heirs(mention.thread_id, mention.mention_id) if again else {}
            for mention_id, matches in {**heirs, **joined.adopted}.items():
                gained[mention_id] = matches
                if mention_id in changed:
                    changed[mention_id] = msgspec.structs.replace(
                        changed[mention_id], matches=list(matches), story=joined.story or mention.story
                    )
        return changed, gained

    def _dead(
        self, failures: Sequence[Failure], mentions: Sequence[tuple[Incoming, ScoredMention]]
    ) -> list[Outgoing]:
        origin = {mention.mention_id: message for message, mention in mentions}
        letters = []
        for failure in failures:
            self._counters.dead += 1
            message = origin.get(failure.id)
            if message is not None:
                letter = dead_letter(message, failure.code, failure.reason, "index", self._clock())
                letters.append(Outgoing(DEAD, failure.id.encode(), encode(letter)))
        return letters
