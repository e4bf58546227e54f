"""Weight grows with reach, never beyond its cap, and comes from the best source there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author, Mention, WeightSource
from config.settings import ScoringSettings
from models.labels import EMOTIONS, INTENTS
from streams.weighing import TYPICAL_FOLLOWERS, negativity, reach_weight, verification_factor, weigh

CAP = 8.0
MAYBE = st.none() | st.integers(-5, 10**9)
SCORING = ScoringSettings()


def mention(reposts: int | None = None, comments: int | None = None, likes: int | None = None) -> Mention:
    return Mention(
        platform="weibo", id="1", text="x", created_at=1.0, reposts=reposts, comments=comments, likes=likes
    )


@given(st.integers(-1, 10**9), st.integers(0, 10**9))
def test_weight_never_falls_with_followers(followers: int, more: int) -> None:
    assert reach_weight(followers) <= reach_weight(followers + more)


@given(st.integers(0, 10**8), st.sampled_from([-1, 0, 2, 3]))
def test_ten_times_the_followers_weigh_more_until_the_cap(followers: int, kind: int) -> None:
    few = weigh(mention(), Author(id="a", followers=followers, verified_type=kind), 1000.0)[0]
    many = weigh(mention(), Author(id="a", followers=10 * followers + 10, verified_type=kind), 1000.0)[0]
    assert few < many


@given(
    st.none() | st.builds(
        Author, id=st.just("a"), followers=MAYBE, verified=st.none() | st.booleans(),
        verified_type=st.none() | st.integers(-1, 220), badge=st.none() | st.sampled_from(["蓝V", "金V", "?"]),
    ),
    MAYBE, MAYBE, MAYBE, st.floats(1.0, 20.0),
)  # fmt: skip
def test_every_weight_is_positive_and_within_the_cap(
    author: Author | None, reposts: int | None, comments: int | None, likes: int | None, cap: float
) -> None:
    weight, _ = weigh(mention(reposts, comments, likes), author, cap)
    assert 0 < weight <= cap


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_weight_never_falls_with_engagement(reposts: int, comments: int, likes: int, more: int) -> None:
    before = weigh(mention(reposts, comments, likes), None, 1000.0)[0]
    for grown in (
        mention(reposts + more, comments, likes),
        mention(reposts, comments + more, likes),
        mention(reposts, comments, likes + more),
    ):
        assert weigh(grown, None, 1000.0)[0] >= before


def test_a_typical_account_weighs_one_and_the_decades_are_as_documented() -> None:
    assert reach_weight(TYPICAL_FOLLOWERS) == 1.0
    assert [round(reach_weight(n), 2) for n in (0, 10_000, 1_000_000)] == [0.16, 2.58, 5.8]


PROFILE = Author(id="a", followers=300)


@pytest.mark.parametrize(
    ("author", "counts", "weight", "source"),
    [
        (PROFILE, (100, 1, 1), 1.0, WeightSource.PROFILE),
        (Author(id="a", followers=0, badge="蓝V"), (), 0.161, WeightSource.PROFILE),
        (Author(id="a", followers=300, verified_type=3), (), 1.8, WeightSource.PROFILE),
        (Author(id="a", followers=300, verified_type=2), (), 1.4, WeightSource.PROFILE),
        (Author(id="a", followers=300, verified_type=0), (), 1.2, WeightSource.PROFILE),
        (Author(id="a", verified_type=1), (5, 5, 5), 4.0, WeightSource.BADGE),
        (Author(id="a", badge="蓝V"), (), 2.5, WeightSource.BADGE),
        (Author(id="a", badge="金V"), (), 2.0, WeightSource.BADGE),
        (Author(id="a", verified=True), (), 2.0, WeightSource.BADGE),
        (Author(id="a", verified=False), (9, 9, 9), 1.0, WeightSource.BADGE),
        (Author(id="a", verified_type=-1), (9, 9, 9), 1.0, WeightSource.BADGE),
        (Author(id="a", badge="什么都不是"), (0, 0, 9), 1.5, WeightSource.ENGAGEMENT),
        (Author(id="a"), (3, 0, 0), 1.5, WeightSource.ENGAGEMENT),
        (None, (33, 0, 0), 2.0, WeightSource.ENGAGEMENT),
        (None, (-1, -1, -1), 1.0, WeightSource.NEUTRAL),
        (None, (-1, None, 9), 1.5, WeightSource.ENGAGEMENT),
        (None, (0, 0, 0), 1.0, WeightSource.NEUTRAL),
        (None, (), 1.0, WeightSource.NEUTRAL),
    ],
)
def test_the_best_source_there_is_counts(
    author: Author | None, counts: tuple[int | None, ...], weight: float, source: WeightSource
) -> None:
    found, where = weigh(mention(*counts), author, CAP)
    assert (round(found, 3), where) == (weight, source)


def test_a_star_with_a_badge_stays_at_the_cap() -> None:
    star = Author(id="a", followers=10**8, verified_type=3)
    assert weigh(mention(), star, CAP) == (CAP, WeightSource.PROFILE)


@pytest.mark.parametrize(
    ("kind", "verified", "factor"),
    [(1, None, 1.8), (3, False, 1.8), (2, None, 1.4), (7, None, 1.4), (0, None, 1.2), (None, True, 1.2),
     (None, None, 1.0), (None, False, 1.0), (-1, True, 1.0), (200, None, 1.0)],
)  # fmt: skip
def test_verification_counts_by_who_was_verified(
    kind: int | None, verified: bool | None, factor: float
) -> None:
    assert verification_factor(kind, verified) == factor


def spread(labels: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    weights = st.lists(st.floats(0.001, 1.0), min_size=len(labels), max_size=len(labels))
    return weights.map(lambda values: {k: v / sum(values) for k, v in zip(labels, values, strict=True)})


@given(spread(tuple(EMOTIONS)), spread(tuple(INTENTS)))
def test_negativity_stays_between_calm_and_an_angry_boycott(
    emotions: dict[str, float], intents: dict[str, float]
) -> None:
    worst = negativity({"angry": 1.0}, {"boycott": 1.0}, SCORING)
    assert 0.0 <= negativity(emotions, intents, SCORING) <= worst == 1.5


@given(spread(tuple(EMOTIONS)), spread(tuple(INTENTS)), st.floats(0.0, 1.0))
def test_more_anger_is_never_less_negative(
    emotions: dict[str, float], intents: dict[str, float], share: float
) -> None:
    angrier = {label: p * (1 - share) for label, p in emotions.items()}
    angrier["angry"] += share
    calm = negativity(emotions, intents, SCORING)
    assert negativity(angrier, intents, SCORING) >= calm - 1e-9


def test_labels_without_a_number_count_for_nothing_and_leave_the_rest() -> None:
    assert negativity({"neutral": 1.0}, {"boycott": 1.0}, SCORING) == 0.0
    assert negativity({"angry": 1.0}, {"other": 1.0}, SCORING) == 1.0
