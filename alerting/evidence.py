"""What an alert may cite: posts, authors, words and counts of the evidence window.

Everything is extracted from the mentions in the ring, nothing is summed up in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from typing import Final

from alerting.buckets import Bucket, heaviest_first, voice_of
from alerting.copies import wording
from alerting.terms import UsualTerms, telling_terms
from alerting.velocity import WideWindow, shares
from config.records import Amplifier, Evidence, HotPlace, Quote, ScoredMention

QUOTES: Final = 5
AMPLIFIERS: Final = 3
QUOTE_LENGTH: Final = 300
"""Characters of a post that are cited; the link leads to the rest."""


def gather(
    buckets: Iterable[Bucket],
    window: WideWindow,
    usual: UsualTerms,
    reason: str,
    first: Quote | None,
    hot: list[HotPlace],
) -> Evidence:
    """Return the evidence of the window that `buckets` make up.

    `first` is the first negative mention of the surge; `emotions` and `intents` are
    those of the negative mentions, as shares; `hot` are the places on hot lists.
    """
    cited: list[ScoredMention] = []
    negative_terms: list[list[str]] = []
    other_terms: list[list[str]] = []
    emotions: Counter[str] = Counter()
    intents: Counter[str] = Counter()
    for bucket in buckets:
        cited += bucket.cited
        negative_terms += bucket.negative_terms
        other_terms += bucket.other_terms
        emotions.update(post.emotion for post in bucket.posts if post.negative)
        intents.update(post.intent for post in bucket.posts if post.negative)
    cited.sort(key=heaviest_first)
    return Evidence(
        mentions=window.mentions,
        negative=window.negative,
        negative_share=round(window.negative_share, 4),
        wordless=window.wordless,
        authors=len(window.crowd.voices),
        platforms=dict(sorted(window.platforms.items(), key=lambda item: (-item[1], item[0]))),
        emotions=shares(emotions),
        intents=shares(intents),
        first=first,
        quotes=quotes(cited),
        amplifiers=amplifiers(cited, window),
        terms=telling_terms(negative_terms, other_terms, usual, [post.text for post in cited]),
        hot=hot,
        reason=reason,
    )


def quotes(heaviest: Iterable[ScoredMention]) -> list[Quote]:
    """Return the first `QUOTES` that say different things, of different stories as far as there are."""
    fresh: dict[str, ScoredMention] = {}
    for mention in heaviest:
        fresh.setdefault(wording(mention.text), mention)
    one_a_story: dict[str, ScoredMention] = {}
    for mention in fresh.values():
        one_a_story.setdefault(mention.story, mention)
    leading = list(one_a_story.values())[:QUOTES]
    taken = {mention.mention_id for mention in leading}
    rest = [mention for mention in fresh.values() if mention.mention_id not in taken]
    chosen = leading + rest[: QUOTES - len(leading)]
    return [quote(mention) for mention in sorted(chosen, key=heaviest_first)]


def quote(mention: ScoredMention) -> Quote:
    """Return the mention as a citation."""
    text = mention.text
    return Quote(
        mention_id=mention.mention_id,
        text=text if len(text) <= QUOTE_LENGTH else text[:QUOTE_LENGTH] + "…",
        created_at=mention.created_at,
        platform=mention.platform,
        mass=round(mention.score.mass, 3),
        emotion=mention.score.emotion,
        intent=mention.score.intent,
        url=mention.url,
        author_id=mention.author_id,
        author_name=mention.author_name,
        followers=mention.followers,
    )


def amplifiers(heaviest: Iterable[ScoredMention], window: WideWindow) -> list[Amplifier]:
    """Return the loudest authors with their share of the negative mass before the cut.

    The uncut share is told, because it says who really drives it; the velocity that
    decides is the cut one.
    """
    total = sum(window.crowd.masses.values())
    if not total:
        return []
    loudest = nsmallest(AMPLIFIERS, window.crowd.masses.items(), key=lambda item: (-item[1], item[0]))
    known: dict[str, ScoredMention] = {}
    for mention in heaviest:
        known.setdefault(voice_of(mention), mention)
    told = []
    for voice, mass in loudest:
        post = known.get(voice)
        told.append(
            Amplifier(
                author_id=voice,
                share=round(mass / total, 4),
                mentions=window.crowd.voices[voice],
                author_name=post.author_name if post else None,
                followers=post.followers if post else None,
                verified_type=post.verified_type if post else None,
                mention_id=post.mention_id if post else None,
                url=post.url if post else None,
            )
        )
    return told
