"""Terms that the negative mentions use more than the watch's usual talk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from alerting.log_odds import contrast
from config.records import Term

TERMS: Final = 8
LEAST_COUNT: Final = 3
"""Negative mentions that must use a term before it is told."""
LEAST_Z: Final = 1.96
PRIOR_WEIGHT: Final = 1_000.0
"""Pseudo-counts of the prior: those of some two hundred posts. Half of it ranks what nobody said before below
what many say always; five times as much makes all lifts alike."""
TOGETHER: Final = 0.8
"""Share of the mentions of either term in which two must stand side by side to be told as one."""
USUAL_LIMIT: Final = 200_000
"""Terms of usual talk that are remembered; beyond it all counts are halved."""


class UsualTerms:
    """What the watch's mentions usually speak of, forgetting slowly."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.total = 0

    def add(self, terms: Iterable[str]) -> None:
        """Take in the terms of one ordinary mention."""
        found = set(terms)
        self.counts.update(found)
        self.total += len(found)
        if self.total > USUAL_LIMIT:
            self.counts = Counter({term: n // 2 for term, n in self.counts.items() if n > 1})
            self.total = self.counts.total()


def telling_terms(
    negative: Sequence[Sequence[str]],
    other: Sequence[Iterable[str]],
    usual: UsualTerms,
    texts: Sequence[str] = (),
) -> list[Term]:
    """Return the terms that tell `negative` from `other` and `usual`, most telling first.

    A mention counts once for a term, however often it says it. `count` is the number of negative
    mentions with the term, `lift` the odds ratio (:func:`alerting.log_odds.contrast`). Terms that
    stand side by side nearly always are told as one where `texts` have them so: 二次伤害.

    Parameters
    ----------
    negative, other : terms of each mention, in their order.
    texts : some of the negative mentions as they were written.
    """
    ours = Counter(term for terms in negative for term in set(terms))
    theirs = Counter(term for terms in other for term in set(terms))
    our_total, their_total = ours.total(), theirs.total() + usual.total
    ranked = []
    for term, count in ours.items():
        if count < LEAST_COUNT:
            continue
        rest = theirs[term] + usual.counts[term]
        found = contrast(count, our_total, rest, their_total, PRIOR_WEIGHT)
        if found.z >= LEAST_Z:
            ranked.append((-found.z, term, count, found.lift))
    terms = [Term(word=t, count=n, lift=round(lift, 2)) for _, t, n, lift in sorted(ranked)]
    return _joined(terms[: 3 * TERMS], negative, texts)[:TERMS]


def _joined(terms: list[Term], negative: Sequence[Sequence[str]], texts: Sequence[str]) -> list[Term]:
    """Return the terms with the pairs among them that are one phrase joined, in the place of the better one."""
    known = {term.word: term for term in terms}
    neighbours = Counter(
        pair for said in negative for pair in set(pairwise(said)) if pair[0] in known and pair[1] in known
    )
    phrases: dict[str, Term] = {}
    for (one, two), count in sorted(neighbours.items(), key=lambda item: (-item[1], item[0])):
        first, second = known[one], known[two]
        if one == two or {one, two} & phrases.keys() or count < TOGETHER * max(first.count, second.count):
            continue
        both = [text for text in texts if one in text and two in text]
        if both and all(one + two in text for text in both):
            # Nobody counted the phrase in the usual talk, where it is no commoner than its rarer term.
            phrase = Term(word=one + two, count=count, lift=min(first.lift, second.lift))
            phrases[one] = phrases[two] = phrase
    told = {term.word: term for term in (phrases.get(term.word, term) for term in terms)}
    return list(told.values())
