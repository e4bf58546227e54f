"""From a mention to a scored mention: mask, match, classify, weigh, story. Pure but for the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.records import Author, Kind, Mention, Score, ScoredMention
from config.settings import ScoringSettings
from streams.classifying import Classification, Classifier
from streams.masking import Pseudonymiser, mask
from streams.matching import Matcher
from streams.story import story_of
from streams.terms import Words
from streams.weighing import negativity, weigh

_ANSWERS: Final = (Kind.REPOST, Kind.COMMENT)


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    """Four digits are more than the model knows, and keep records small."""
    return {label: round(p, 4) for label, p in scores.items()}


def whole_text(mention: Mention) -> str:
    """Return title and text as one, the title only where the text does not begin with it."""
    title = (mention.title or "").strip()
    if not title or mention.text.startswith(title):
        return mention.text
    return f"{title}\n{mention.text}" if mention.text else title


@dataclass(frozen=True)
class Enricher:
    """Turns mentions into scored mentions.

    Attributes
    ----------
    cut : words of a text for search, and its terms.
    model : name of the classifier's weights, kept in every score.
    """

    matcher: Matcher
    classifier: Classifier
    pseudonyms: Pseudonymiser
    scoring: ScoringSettings
    cut: Callable[[str], Words]
    model: str

    def profile(self, mention: Mention) -> Author | None:
        """Return the mention's own author under its pseudonym."""
        if mention.author is None or not mention.author.id:
            return None
        return self.pseudonyms.author(mention.author, mention.platform)

    async def enrich(
        self, mentions: Sequence[Mention], known: Mapping[str, Author], now: float
    ) -> list[ScoredMention]:
        """Return the scored form of `mentions`, in their order.

        Parameters
        ----------
        known : profiles seen before, by pseudonym; they fill what the mention itself does not say.
        now : wall clock, epoch seconds, kept as the time of ingestion.
        """
        texts = [mask(whole_text(mention)) for mention in mentions]
        readings = await self.classifier.classify_async(texts)
        return [
            self._assemble(mention, text, reading, known, now)
            for mention, text, reading in zip(mentions, texts, readings, strict=True)
        ]

    def _assemble(
        self, mention: Mention, text: str, reading: Classification, known: Mapping[str, Author], now: float
    ) -> ScoredMention:
        author = self.profile(mention)
        if author is not None:
            author = merged(known.get(author.id), author)
        weight, source = weigh(mention, author, self.scoring.weight_cap)
        # What can't be read is not negative, whatever its scores add up to.
        strength = (
            negativity(reading.emotion_scores, reading.intent_scores, self.scoring)
            if reading.readable
            else 0.0
        )
        # A hot list is nobody's voice: its entries are told of, never counted as negative.
        negative = mention.kind is not Kind.HOT and strength >= self.scoring.negative_from
        platform = mention.platform
        parent = mention.parent_id or (mention.root_id if mention.kind in _ANSWERS else None)
        own = mention.mention_id
        words, terms = self.cut(text)
        return ScoredMention(
            mention_id=own,
            platform=platform,
            kind=mention.kind,
            created_at=mention.created_at,
            thread_id=mention.thread_id,
            parent_id=f"{platform}:{parent}" if parent else None,
            text=text,
            words=words,
            terms=terms,
            score=Score(
                emotion=reading.emotion,
                intent=reading.intent,
                polarity=reading.polarity,
                emotions=_rounded(reading.emotion_scores),
                intents=_rounded(reading.intent_scores),
                polarities=_rounded(reading.polarity_scores),
                weight=round(weight, 4),
                weight_source=source,
                mass=round(weight * strength, 4) if negative else 0.0,
                negative=negative,
                model=self.model,
            ),
            story=mention.thread_id if mention.kind in _ANSWERS else story_of(text, own),
            matches=self.matcher.match(text),
            author_id=author.id if author else None,
            author_name=author.name if author else None,
            followers=author.followers if author else None,
            verified_type=author.verified_type if author else None,
            url=mention.url,
            reposts=mention.reposts,
            comments=mention.comments,
            likes=mention.likes,
            feed=mention.feed,
            rank=mention.rank,
            ingested_at=now,
        )


def merged(old: Author | None, new: Author) -> Author:
    """Return `new` with what only `old` knew filled in."""
    if old is None:
        return new
    values = {
        name: getattr(new, name) if getattr(new, name) not in (None, "") else getattr(old, name)
        for name in Author.__struct_fields__
    }
    return Author(**values)
