"""What a mention says, and how much a text counts that many repeat.

A classifier judges equal texts equally: a hundred copies of one misjudged headline are
one mistake, not a hundred complaints. Copies are clustered observations, whose worth
is less than their number (Kish 1965, Survey Sampling, 5.4: the design effect), and how
much less depends on an intra-cluster correlation that nobody knows here. So one text
counts with the root of its mass: ``n`` ordinary copies as ``sqrt(n)``. A text that
really sweeps the net is still seen; one that a few dozen accounts paste is not.

The root never makes one author's own share of the text smaller, and never makes a text
count more than it weighs:

    D = min(M, max(M_top, sqrt(M * MENTION_MASS)))

with ``M`` the text's negative mass and ``M_top`` its loudest author's. All three grow
with every mass, so more negative mass never gives less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import fsum, sqrt
from typing import Final, NamedTuple

from alerting.capping import MENTION_MASS, MICRO

SHORTEST: Final = 8
"""Bare characters from which equal texts are a copy, not the same exclamation."""

_POINTER: Final = r"https?://\S+|@[^\s:：]+"
_EMOTICON: Final = r"\[[^\[\]]{1,8}\]"
_WRITTEN_FOR_THEM = re.compile(_POINTER)
_ASIDE = re.compile(rf"{_POINTER}|{_EMOTICON}")
_SIGN = re.compile(rf"{_EMOTICON}|[\U0001f300-\U0001faff\u2600-\u27bf]")
_NOISE = re.compile(r"[\W\d_]+")
_PLATFORM_WORDS: Final = frozenset({"", "转发微博", "轉發微博", "快转微博", "转发", "转", "repost"})
"""What stands in a repost whose author added nothing."""
_QUOTE = re.compile(r"//\s*@[^:：]{0,40}[:：]?|回复\s*@[^:：]{0,40}[:：]")


class Saying(NamedTuple):
    """What a text says: its bare words, and whether they are another's that it quotes."""

    words: str
    quoted: bool


def saying(text: str) -> Saying | None:
    """Return what a text says: its own words, else the first that it quotes; None if too short to compare.

    Examples
    --------
    >>> saying("这家店的奶茶里喝出了虫子！ http://t.cn/abc @小王")
    Saying(words='这家店的奶茶里喝出了虫子', quoted=False)
    >>> saying("转发 //@小李://@小张: 这家店的奶茶里喝出了虫子")
    Saying(words='这家店的奶茶里喝出了虫子', quoted=True)
    >>> saying("太恶心了//@小张: 这家店的奶茶里喝出了虫子") is None
    True
    """
    for number, part in enumerate(_QUOTE.split(text)):
        if not _says_nothing(part):
            bare = _NOISE.sub("", _ASIDE.sub("", part))
            return Saying(bare, number > 0) if len(bare) >= SHORTEST else None
    return None


def wording(text: str) -> str:
    """Return the words by which a text is told from others: what it says, else the text itself."""
    said = saying(text)
    return text if said is None else said.words


def is_wordless(text: str) -> bool:
    """Return whether nothing is said: no words of the author's own and none that are quoted.

    Examples
    --------
    >>> is_wordless("转发微博 @小王")
    True
    >>> is_wordless("转发微博//@小李: 好难喝") or is_wordless("[怒]")
    False
    """
    return all(map(_says_nothing, _QUOTE.split(text)))


def _says_nothing(part: str) -> bool:
    bare = _NOISE.sub("", _WRITTEN_FOR_THEM.sub("", part))
    return bare.lower() in _PLATFORM_WORDS and not _SIGN.search(part)


def damped_sum(groups: Iterable[Mapping[str, int]], plain: int) -> float:
    """Return the mass in which each text counts with its root, in millionths.

    Parameters
    ----------
    groups : for each text the negative mass by author.
    plain : mass of the mentions that are too short to compare.
    """
    unit = MENTION_MASS * MICRO
    whole = plain
    damped = []
    for masses in groups:
        total = sum(masses.values())
        if len(masses) == 1 or total <= unit:
            whole += total
        else:
            damped.append(min(total, max(*masses.values(), sqrt(total * unit))))
    return whole + fsum(damped)  # fsum: the same number in whatever order the texts came
