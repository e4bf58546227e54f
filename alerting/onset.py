"""When a rise began: Page's cumulative sum over the evidence window.

For Poisson-like counts that go from ``mu`` to ``v`` a minute the reference value is
``k = (v - mu) / ln(v / mu)`` (Lucas 1985, Technometrics 27:129-144); the rise began
after the last bucket at which ``S = max(0, S + mass - k * minutes)`` was zero (Page
1954, Biometrika 41:100-115; the change-point estimate is Hinkley's, 1971).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log

from alerting.buckets import Bucket
from alerting.velocity import mass_of
from config.records import ScoredMention


def first_of_rise(
    buckets: Iterable[tuple[int, Bucket]],
    expected: float,
    velocity: float,
    bucket_min: float,
    share: float,
) -> ScoredMention | None:
    """Return the first negative mention of the rise, None where there is no negative one.

    Parameters
    ----------
    expected, velocity : negative mass a minute before and after the rise.
    bucket_min : minutes of one bucket.
    share : the author cap, used inside each bucket.
    """
    reference = (velocity - expected) / log(velocity / expected) if velocity > expected > 0 else expected
    total = 0.0
    before: int | None = None
    first: ScoredMention | None = None
    for number, bucket in buckets:
        if before is not None:
            total = max(0.0, total - reference * bucket_min * (number - before - 1))
        before = number
        if total == 0.0:
            first = None
        if first is None:
            first = bucket.first
        total = max(0.0, total + mass_of(bucket.posts, share) - reference * bucket_min)
        if total == 0.0:
            first = None
    return first
