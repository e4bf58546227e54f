"""The terms of a text: what it is about, for alerts, dashboards and whoever counts words.

Terms are the longest words of a folded text, each once, in order. Left out are user names, links, emoticons,
masked numbers, what others said (``//@name: …``) where the author has words of their own, single characters,
numbers and stop words (``lexicon/stop.txt``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

LONGEST: Final = 24
"""Characters of a term; what is longer is a code or a run of letters."""

_MARKS: Final = re.compile(r"[@\[〔]|://|www\.")
_NOISE: Final = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|@[\w\-·]{1,30}|\[[^\[\]\s]{1,8}\]|〔[^〔〕\s]{1,8}〕"
)
_QUOTE: Final = re.compile(r"//\s*@")
_EMPTY: Final = frozenset({"", "转发微博", "快转微博", "转发", "转", "repost"})


class Words(NamedTuple):
    """The words of a text: all of them for search, and the terms among them."""

    words: list[str]
    terms: list[str]


def lexicon(name: str) -> Iterator[str]:
    """Give the entries of a shipped word list (``crisis``, ``stop``), without its headings."""
    for line in (files("streams") / "lexicon" / f"{name}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield from line.split()


@cache
def stop_words() -> frozenset[str]:
    """Return the words that say nothing of what a text is about."""
    return frozenset(lexicon("stop"))


@cache
def crisis_words() -> frozenset[str]:
    """Return the terms of brand crises, 12315 and 996 among them."""
    return frozenset(lexicon("crisis"))


def terms_of(folded: str, tokens: Iterable[str]) -> list[str]:
    """Return the terms of a text.

    Parameters
    ----------
    folded : the text as `streams.folding.fold` leaves it.
    tokens : its words in order; joined they are `folded`.

    Examples
    --------
    >>> terms_of("@小王 这家店喝出异物", ["@", "小王", " ", "这家店", "喝出", "异物"])
    ['喝出', '异物']
    """
    noise = _noise(folded)
    stop, crisis = stop_words(), crisis_words()
    found: dict[str, None] = {}
    position = 0
    for token in tokens:
        start, position = position, position + len(token)
        says = 1 < len(token) <= LONGEST and token not in stop and any(map(str.isalpha, token))
        if (says or token in crisis) and not any(start < high and low < position for low, high in noise):
            found[token] = None
    return list(found)


def _noise(folded: str) -> list[tuple[int, int]]:
    if not _MARKS.search(folded):
        return []
    spans = [match.span() for match in _NOISE.finditer(folded)]
    quote = _QUOTE.search(folded)
    if quote and _NOISE.sub("", folded[: quote.start()]).strip(" .。!！") not in _EMPTY:
        spans.append((quote.start(), len(folded)))
    return spans
