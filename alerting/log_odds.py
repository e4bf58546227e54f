"""How much more one set of texts uses a word than another, and how sure that is.

The log-odds ratio with an informative Dirichlet prior: Monroe, Colaresi and Quinn 2008, "Fightin' Words",
Political Analysis 16:372-403, equations 16, 20 and 22. The prior is the pooled use of each word, so that a
rare word needs more than luck to rank high.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple


class Contrast(NamedTuple):
    """What tells two sets of texts apart by one word.

    Attributes
    ----------
    z : log-odds ratio in standard errors; above 0 the first set uses the word more.
    lift : the odds ratio itself, shrunk towards 1 by the prior.
    """

    z: float
    lift: float


NONE = Contrast(0.0, 1.0)


def contrast(ours: int, our_total: int, theirs: int, their_total: int, prior_weight: float) -> Contrast:
    """Compare the use of one word in two sets.

    Parameters
    ----------
    ours, theirs : how often each set has the word.
    our_total, their_total : how often each set has any word, this one included.
    prior_weight : pseudo-counts that the prior adds to each set, over all words together.

    Returns
    -------
    Contrast
        `NONE` where no word or no other word was used at all: there is nothing to compare it with.

    Examples
    --------
    >>> contrast(30, 1_000, 30, 10_000, 500.0).lift > 1
    True
    >>> contrast(30, 1_000, 300, 10_000, 500.0).lift
    1.0
    """
    used, total = ours + theirs, our_total + their_total
    if not 0 < used < total:
        return NONE
    prior = prior_weight * used / total
    others = prior_weight * (total - used) / total
    delta = log((ours + prior) / (our_total - ours + others)) - log(
        (theirs + prior) / (their_total - theirs + others)
    )
    return Contrast(delta / sqrt(1 / (ours + prior) + 1 / (theirs + prior)), exp(delta))
