"""How much one mention weighs: its author's influence, and its negative mass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from config.records import Author, Mention, WeightSource
from config.settings import ScoringSettings

TYPICAL_FOLLOWERS: Final = 300
"""Followers of a typical account, which weighs 1."""

_MEDIA: Final = frozenset({1, 3})
_ORGANISATIONS: Final = frozenset(range(1, 8))
_BADGES: Final = {"蓝V": 2, "金V": 0, "红V": 0, "黄V": 0, "普通用户": -1, "个人认证": 0, "机构认证": 2}


def verification_factor(verified_type: int | None, verified: bool | None) -> float:
    """Return the factor of verification: 1.8 media and government, 1.4 other organisations, 1.2 persons."""
    if verified_type in _MEDIA:
        return 1.8
    if verified_type in _ORGANISATIONS:
        return 1.4
    if verified_type == 0 or (verified and verified_type is None):
        return 1.2
    return 1.0


def reach_weight(followers: int) -> float:
    """Return the weight of an account by its reach.

    The square of log10(10 + followers) over the same of a typical account.
    Reach on Weibo is log-normal over seven decades, so the logarithm (as in Anger and
    Kittl, "Measuring influence on Twitter", 2011) makes decades comparable; the square keeps a
    throw-away account (0 followers: 0.16) well below a typical one (300: 1.0), and ten
    thousand followers (2.6) below a million (5.8).
    """
    return (math.log10(10 + max(followers, 0)) / math.log10(10 + TYPICAL_FOLLOWERS)) ** 2


def weigh(mention: Mention, author: Author | None, cap: float) -> tuple[float, WeightSource]:
    """Return the mention's influence weight (1.0 = a typical account) and where it came from.

    The best source there is counts: the profile's followers, else a verification badge,
    else the mention's own engagement, else 1.0.
    """
    if author is not None and author.followers is not None:
        weight = reach_weight(author.followers) * verification_factor(author.verified_type, author.verified)
        return min(weight, cap), WeightSource.PROFILE
    if author is not None:
        kind = author.verified_type if author.verified_type is not None else _BADGES.get(author.badge or "")
        if kind is not None or author.verified is not None:
            factor = verification_factor(kind, author.verified)
            weight = {1.8: 4.0, 1.4: 2.5, 1.2: 2.0}.get(factor, 1.0)
            return min(weight, cap), WeightSource.BADGE
    counts = (mention.reposts, mention.comments, mention.likes)
    if any(count is not None and count > 0 for count in counts):
        reposts, comments, likes = (max(count or 0, 0) for count in counts)
        reach = 3 * reposts + 2 * comments + likes
        return min(1 + math.log10(1 + reach) / 2, cap), WeightSource.ENGAGEMENT
    return 1.0, WeightSource.NEUTRAL


def negativity(
    emotions: Mapping[str, float], intents: Mapping[str, float], scoring: ScoringSettings
) -> float:
    """Return how negative one mention is, before its weight.

    ``sum(p(emotion) * severity) * sum(p(intent) * factor)``, about 0 for cheer and up to
    1.5 for an angry call to boycott.
    """
    severity = sum(p * scoring.severity.get(label, 0.0) for label, p in emotions.items())
    factor = sum(p * scoring.intent_factor.get(label, 1.0) for label, p in intents.items())
    return severity * factor
