"""Words that the negative mentions use more than the watch's usual talk.

Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008,
"Fightin' Words", Political Analysis 16:372-403, equations 16, 20, 22): the prior is
the pooled use of each word, so that rare words need more than luck to rank high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, log, sqrt
from typing import Final

from config.records import Term

TERMS: Final = 8
LEAST_COUNT: Final = 3
"""Negative mentions that must use a word before it is told."""
LEAST_Z: Final = 1.96
PRIOR_WEIGHT: Final = 500.0
"""Pseudo-counts of the prior: about twenty-five posts."""
USUAL_LIMIT: Final = 200_000
"""Words of usual talk that are remembered; beyond it all counts are halved."""


def content_words(words: Iterable[str]) -> set[str]:
    """Return the words that can say something: two characters or more, not a number or a name."""
    return {w for w in words if len(w) > 1 and w[0] not in "@#" and any(c.isalpha() for c in w)}


class UsualWords:
    """What the watch's mentions usually say, forgetting slowly."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.total = 0

    def add(self, words: Iterable[str]) -> None:
        """Take in the words of one ordinary mention."""
        found = content_words(words)
        self.counts.update(found)
        self.total += len(found)
        if self.total > USUAL_LIMIT:
            self.counts = Counter({w: n // 2 for w, n in self.counts.items() if n > 1})
            self.total = self.counts.total()


def telling_words(
    negative: Sequence[Iterable[str]], other: Sequence[Iterable[str]], usual: UsualWords
) -> list[Term]:
    """Return the words that tell `negative` from `other` and `usual`, most telling first.

    `count` is the number of negative mentions with the word, `lift` the odds ratio.
    """
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter(usual.counts)
    for words in negative:
        ours.update(content_words(words))
    for words in other:
        theirs.update(content_words(words))
    our_total, their_total = ours.total(), theirs.total()
    if not our_total:
        return []
    scale = PRIOR_WEIGHT / (our_total + their_total)
    ranked = []
    for word, count in ours.items():
        if count < LEAST_COUNT:
            continue
        rest = theirs[word]
        prior = scale * (count + rest)
        delta = _log_odds(count, our_total, prior) - _log_odds(rest, their_total, prior)
        z = delta / sqrt(1 / (count + prior) + 1 / (rest + prior))
        if z >= LEAST_Z:
            ranked.append((-z, word, count, exp(delta)))
    return [Term(word=w, count=n, lift=round(lift, 2)) for _, w, n, lift in sorted(ranked)[:TERMS]]


def _log_odds(count: int, total: int, prior: float) -> float:
    return log((count + prior) / (total + PRIOR_WEIGHT - count - prior))
