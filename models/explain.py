"""Why a text got its labels: the words without which the classifier would have thought otherwise.

Occlusion, also called leave-one-out or erasure (Zeiler and Fergus 2014; Li, Monroe and Jurafsky 2016,
"Understanding Neural Networks through Representation Erasure"): each word is covered in turn, and its weight
is what the label's log-odds lose. It needs nothing of the model but its answers, so it reads every engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from models.classification import Classification
from models.evaluate import Classifies
from models.labels import HEADS, HeadName
from models.normalise import MAX_CHARS

Cut = Callable[[str], Iterable[str]]
"""Cuts a text into words: all of it, in order, as written, so that the words joined are the text."""

GAP: Final = ""
"""What stands in the place of a covered word: nothing, which measures like ``[MASK]`` and suits every model."""

MOST_WORDS: Final = 48
"""Words of a text that are covered one by one; of a longer one those in its weightiest clauses."""

TOP: Final = 5
"""Words that are told for a head."""

LEAST_WEIGHT: Final = 0.1
"""Weight from which a word is told: less than a tenth of the odds is chance."""

_READ_CHARS: Final = 4 * MAX_CHARS
_LEAST_P: Final = 1e-4
_WHOLE: Final = re.compile(r"(?P<skip>https?://[!-~]+|@[\w\-·]{1,30})|\[[^\[\]\s]{1,8}\]")
_CLAUSE: Final = re.compile(r"[^。！？!?；;，,…\n]*[。！？!?；;，,…\n]*")


@dataclass(frozen=True, slots=True)
class Influence:
    """A word that spoke for a label.

    Attributes
    ----------
    word
        As it is written in the text.
    weight
        What the label's log-odds lose without it, in nats: 0.7 halves the odds, 2.3 leaves a tenth.
    at
        Where it stands: offsets in characters of the text as given. All are covered together.
    """

    word: str
    weight: float
    at: tuple[int, ...]


Explanation = dict[HeadName, list[Influence]]


@dataclass(frozen=True, slots=True)
class _Part:
    """Something to cover: one word wherever it stands, or one clause."""

    name: str
    spans: tuple[tuple[int, int], ...]


def words_in(text: str, cut: Cut) -> dict[str, list[int]]:
    """Give the words of ``text`` with the offsets of each; an emoticon (``[怒]``) is one word.

    User names, links and punctuation are none.
    """
    found: dict[str, list[int]] = {}
    for word, start in _tokens(text, cut):
        if any(char.isalnum() or ord(char) > 0x1F000 for char in word):
            found.setdefault(word, []).append(start)
    return found


def _tokens(text: str, cut: Cut) -> Iterator[tuple[str, int]]:
    position = 0
    for whole in (*_WHOLE.finditer(text), None):
        end = whole.start() if whole else len(text)
        for token in cut(text[position:end]) if end > position else ():
            yield token, position
            position += len(token)
        if whole:
            if whole["skip"] is None:
                yield whole[0], end
            position = whole.end()


def _words(text: str, cut: Cut) -> list[_Part]:
    return [
        _Part(word, tuple((start, start + len(word)) for start in starts))
        for word, starts in words_in(text[:_READ_CHARS], cut).items()
    ]


def _clauses(text: str, most: int) -> list[_Part]:
    """Give the clauses of a text, neighbours together where there are more than ``most``."""
    spans = [match.span() for match in _CLAUSE.finditer(text[:_READ_CHARS]) if match[0]]
    together = -(-len(spans) // most)
    groups = [spans[start : start + together] for start in range(0, len(spans), together)]
    return [_Part("", ((group[0][0], group[-1][1]),)) for group in groups]


def covered(text: str, part: _Part, gap: str = GAP) -> str:
    """Give ``text`` with ``gap`` in the place of ``part``."""
    pieces, position = [], 0
    for start, end in part.spans:
        pieces += [text[position:start], gap]
        position = end
    return "".join(pieces) + text[position:]


def _log_odds(reading: Classification, head: HeadName, label: str) -> float:
    p = min(max(getattr(reading, f"{head}_scores")[label], _LEAST_P), 1 - _LEAST_P)
    return log(p / (1 - p))


def _drop(before: Classification, after: Classification, head: HeadName) -> float:
    label = getattr(before, head)
    return _log_odds(before, head, label) - _log_odds(after, head, label)


def explain(
    classifier: Classifies,
    texts: Sequence[str],
    readings: Sequence[Classification],
    cut: Cut,
    *,
    most_words: int = MOST_WORDS,
    top: int = TOP,
    gap: str = GAP,
) -> list[Explanation]:
    """Say for each text which words made the label of each head likelier, weightiest first.

    All variants of all texts go through one call of ``classify``. Texts of more than ``most_words``
    different words take a second one: the first tells their weightiest clauses, the second the words there.

    Parameters
    ----------
    classifier
        Any engine; it is asked about at most ``2 × most_words`` variants of a text.
    texts
        As they came: offsets are theirs. What normalisation cuts off has no weight.
    readings
        What ``classifier`` says of them.
    cut
        See :data:`Cut`.
    top
        Words told for a head, at most; only words that speak for the label are.
    gap
        What stands in the place of a covered word.

    Returns
    -------
    list
        Words by head; none where the text is unreadable.
    """
    words = [
        _words(text, cut) if reading.readable else [] for text, reading in zip(texts, readings, strict=True)
    ]
    long = [index for index, parts in enumerate(words) if len(parts) > most_words]
    first = list(words)
    for index in long:
        first[index] = _clauses(texts[index], most_words)
    after = _covered(classifier, texts, first, gap)
    if long:
        for index in long:
            losses = [max(_drop(readings[index], found, head) for head in HEADS) for found in after[index]]
            words[index] = _within(words[index], first[index], losses, most_words)
        again = _covered(classifier, [texts[i] for i in long], [words[i] for i in long], gap)
        for index, found in zip(long, again, strict=True):
            after[index] = found
    return [_told(*row, top) for row in zip(words, readings, after, strict=True)]


def _covered(
    classifier: Classifies, texts: Sequence[str], parts: Sequence[Sequence[_Part]], gap: str
) -> list[list[Classification]]:
    """Classify each text with each of its parts covered, all in one call."""
    variants = [covered(text, part, gap) for text, own in zip(texts, parts, strict=True) for part in own]
    found = iter(classifier.classify(variants))
    return [[next(found) for _ in own] for own in parts]


def _within(
    words: Sequence[_Part], clauses: Sequence[_Part], losses: Sequence[float], most: int
) -> list[_Part]:
    """Give at most ``most`` words, in order: those of the clauses without which a label loses most."""
    kept: set[str] = set()
    for number in sorted(range(len(clauses)), key=lambda n: (-losses[n], n)):
        [(start, end)] = clauses[number].spans
        for word in words:
            if len(kept) < most and any(start <= begin < end for begin, _ in word.spans):
                kept.add(word.name)
    return [word for word in words if word.name in kept]


def _told(
    words: Sequence[_Part], before: Classification, after: Sequence[Classification], top: int
) -> Explanation:
    told: Explanation = {}
    for head in HEADS:
        drops = [(_drop(before, found, head), word) for word, found in zip(words, after, strict=True)]
        spoke = sorted((d for d in drops if d[0] >= LEAST_WEIGHT), key=lambda d: (-d[0], d[1].spans))
        told[head] = [
            Influence(word.name, drop, tuple(start for start, _ in word.spans)) for drop, word in spoke[:top]
        ]
    return told
