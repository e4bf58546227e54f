"""How much of a window's mass one author may hold.

One loud account must not look like a crowd, so inside a window every author's
mass is cut at a ceiling ``c`` that is itself a share of what is left after the cut:

    S = sum(min(m_i, c)),    c = max(share * S, voice)

Without `voice` this is winsorising at a self-consistent level. With the masses in
descending order and the first ``k`` cut, ``S = k * share * S + R_k`` where ``R_k`` is
the sum of the others, hence ``S = R_k / (1 - k * share)``; the right ``k`` is the first
whose next mass fits under ``c = share * S``. ``g(S) = sum(min(m_i, max(share * S, voice)))``
is concave, grows with every ``m_i``, and the *largest* solution is taken, so more
negative mass never gives less velocity (the fixed-point comparison: a larger ``g`` has
a larger greatest fixed point).

With fewer than ``1 / share`` authors no positive ``S`` solves it (``n * share * S < S``):
then each author counts with at most one neutral person's strong post, `voice`. So the law is

    every author's mass after the cut  <=  max(share * S, voice).

The floor is needed: cutting to zero would leave a small brand without any velocity,
and any rule that is strict for many authors but generous for few must fall when the
n-th author joins.
"""

from __future__ import annotations

from collections.abc import Collection
from heapq import nlargest
from math import ceil
from typing import Final

VOICE: Final = 1.5
"""Mass of one strong post (anger 1.0 x boycott 1.5) by a neutral author (weight 1.0)."""

MENTION_MASS: Final = 1.2
"""Mass of one angry complaint by a neutral author, the unit that formulas reckon in."""

MICRO: Final = 1_000_000
"""Masses are added as whole millionths: exact, so that order and restarts never matter."""

_NOTHING_LEFT: Final = 1e-9


def ceiling(masses: Collection[int], share: float, voice: int = round(VOICE * MICRO)) -> float:
    """Return the ceiling ``c`` for these authors' masses, in the unit of `masses`.

    Examples
    --------
    >>> ceiling([100, 10, 10, 10, 10, 10], share=0.25, voice=1)  # 16.67 is 1/4 of 66.67
    16.666666666666668
    >>> ceiling([100, 10], share=0.25, voice=1)  # two authors cannot hold 1/4 each
    1
    """
    rest = sum(masses)
    level = 0.0
    for cut, mass in enumerate(nlargest(ceil(1 / share) + 1, masses)):
        left = 1 - cut * share
        if left <= _NOTHING_LEFT:
            level = 0.0
            break
        level = share * rest / left
        if mass <= level:
            break
        rest -= mass
    else:
        level = 0.0  # all were cut and nothing is left: fewer than 1 / share authors
    return max(level, voice)


def capped_sum(masses: Collection[int], share: float, voice: int = round(VOICE * MICRO)) -> float:
    """Return ``S``, the sum of the masses after the cut, in the unit of `masses`.

    Examples
    --------
    >>> round(capped_sum([100, 10, 10, 10, 10, 10], share=0.25, voice=1), 3)
    66.667
    >>> capped_sum([5, 5, 5, 5], share=0.25, voice=1)
    20
    """
    if not masses:
        return 0
    level = ceiling(masses, share, voice)
    kept = 0
    cut = 0
    for mass in masses:
        if mass > level:
            cut += 1
        else:
            kept += mass
    return kept + cut * level if cut else kept
