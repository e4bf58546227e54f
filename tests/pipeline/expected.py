"""Count a file's mentions by watch in the plainest way, to hold the pipeline against."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import opencc

from config.records import Mention

_SIMPLIFIED = opencc.OpenCC("t2s")


def plain(text: str) -> str:
    """Fold width, case and traditional characters."""
    return str(_SIMPLIFIED.convert(unicodedata.normalize("NFKC", text).casefold()))


def expected_counts(mentions: Iterable[Mention], keywords: Mapping[str, Sequence[str]]) -> Counter[str]:
    """Return how many distinct mentions belong to each watch: their own words, their parent's, their root's.

    `keywords` holds one list a watch, any of which is enough.
    """
    distinct = {m.mention_id: m for m in mentions}
    own = {
        mention_id: {
            w
            for w, words in keywords.items()
            if any(word in plain(f"{m.title or ''}{m.text}") for word in words)
        }
        for mention_id, m in distinct.items()
    }

    def watches_of(mention_id: str, seen: frozenset[str] = frozenset()) -> set[str]:
        mention = distinct.get(mention_id)
        if mention is None or mention_id in seen:
            return set()
        found = set(own[mention_id])
        for relative in {mention.parent_id, mention.root_id} - {None, mention.id}:
            found |= watches_of(f"{mention.platform}:{relative}", seen | {mention_id})
        return found

    counts: Counter[str] = Counter()
    for mention_id in distinct:
        counts.update(watches_of(mention_id))
    return counts
