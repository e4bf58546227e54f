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
from typing import Final

from alerting.capping import MENTION_MASS, MICRO

SHORTEST: Final = 8
"""Bare characters from which equal texts are a copy, not the same exclamation."""

_ASIDE = re.compile(r"https?://\S+|@[^\s:：]+|\[[^\[\]]{1,8}\]")
_NOISE = re.compile(r"[\W_]+")
_QUOTE = re.compile(r"//\s*@[^:：]{0,40}[:：]?|回复\s*@[^:：]{0,40}[:：]")


def saying(text: str) -> str | None:
    """Return the bare words of a text: its own, else the first it quotes; None if too short to tell.

    Examples
    --------
    >>> saying("这家店的奶茶里喝出了虫子！ http://t.cn/abc @小王")
    '这家店的奶茶里喝出了虫子'
    >>> saying("转发 //@小李://@小张: 这家店的奶茶里喝出了虫子")
    '这家店的奶茶里喝出了虫子'
    >>> saying("太恶心了") is None
    True
    """
    for part in _QUOTE.split(text):
        bare = _NOISE.sub("", _ASIDE.sub("", part))
        if len(bare) >= SHORTEST:
            return bare
    return None


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
