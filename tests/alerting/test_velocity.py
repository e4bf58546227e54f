"""Laws of the ring, the windows and the two cuts."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.buckets import Outcome, Ring, compact
from alerting.capping import VOICE, capped_sum, ceiling
from alerting.copies import damped_sum, saying
from alerting.velocity import WideWindow, Window, mass_of
from config.records import Kind
from tests.alerting.timeline import START, mention

UNIT = 1_000_000
masses = st.lists(st.integers(1, 50 * UNIT), min_size=1, max_size=40)
shares = st.sampled_from([0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 1.0])


@given(masses, shares)
def test_no_author_holds_more_than_the_share_or_one_strong_voice(parts: list[int], share: float) -> None:
    level = ceiling(parts, share)
    total = sum(min(part, level) for part in parts)
    assert capped_sum(parts, share) == pytest.approx(total, rel=1e-9)
    largest = min(max(parts), level)
    assert largest <= max(share * total, VOICE * UNIT) * (1 + 1e-9)


@given(masses, shares)
def test_the_cut_takes_no_more_than_it_must(parts: list[int], share: float) -> None:
    level = ceiling(parts, share)
    total = capped_sum(parts, share)
    assert level >= VOICE * UNIT
    if max(parts) <= max(share * sum(parts), VOICE * UNIT):
        assert total == sum(parts)


@given(masses, shares, st.integers(0, 39), st.integers(1, 50 * UNIT))
def test_more_mass_never_gives_less(parts: list[int], share: float, at: int, more: int) -> None:
    before = capped_sum(parts, share)
    louder = [part + more if n == at % len(parts) else part for n, part in enumerate(parts)]
    assert capped_sum(louder, share) >= before * (1 - 1e-9)
    assert capped_sum([*parts, more], share) >= before * (1 - 1e-9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.floats(0.1, 12)), max_size=40))
def test_adding_a_negative_post_never_lowers_the_velocity(said: list[tuple[int, int, float]]) -> None:
    posts = [
        compact(
            mention(n, START, negative=True, mass=mass, author=f"a{author}", text=f"这是第{text}种说法的原文")
        )
        for n, (text, author, mass) in enumerate(said)
    ]
    so_far = [mass_of(posts[:n], 0.2) for n in range(len(posts) + 1)]
    assert all(after >= before * (1 - 1e-9) for before, after in pairwise(so_far))


def test_a_text_that_many_paste_counts_with_its_root() -> None:
    hundred = {f"author-{n}": round(1.2 * UNIT) for n in range(100)}
    assert damped_sum([hundred], 0) == pytest.approx(10 * 1.2 * UNIT)
    different = [{f"author-{n}": round(1.2 * UNIT)} for n in range(100)]
    assert damped_sum(different, 0) == 100 * round(1.2 * UNIT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("喝出一只虫子，太恶心了！", "喝出一只虫子太恶心了 http://t.cn/A6 @小王"),
        ("转发 //@小李:喝出一只虫子太恶心了", "//@小张://@小李: 喝出一只虫子，太恶心了[怒]"),
    ],
)
def test_copies_are_recognised(one: str, other: str) -> None:
    assert saying(one) == saying(other) is not None


def test_short_exclamations_are_no_copies() -> None:
    assert saying("太恶心了！！！") is None


def ring() -> tuple[Ring, Window, WideWindow]:
    made = Ring(5.0, 600.0, 120.0)
    return made, Window(made, 120.0), WideWindow(made, 600.0)


times = st.lists(
    st.tuples(st.floats(0, 2000), st.booleans(), st.integers(0, 5), st.integers(0, 3)), max_size=60
)


@settings(deadline=None)
@given(times, st.integers(0, 2**16))
def test_a_window_that_slides_equals_one_counted_afresh(
    said: list[tuple[float, bool, int, int]], seed: int
) -> None:
    made, short, wide = ring()
    posts = sorted(said)
    shuffler = random.Random(seed)
    head = 0
    everything = []
    for n, (at, negative, author, text) in enumerate(posts):
        late = at - shuffler.choice([0, 0, 30, 100])  # some come late, within what is allowed
        post = mention(n, max(0.0, late), negative=negative, author=f"a{author}", text=f"说法{text}" * 4)
        number = made.index(post.created_at)
        if made.add(post, compact(post)) is Outcome.COUNTED:
            everything.append((number, compact(post)))
            for window in (short, wide):
                window.join(number, compact(post))
        head = max(head, made.index(at))
        short.slide(head)
        wide.slide(head)
        made.drop_before(head)
    for window, width in ((short, 24), (wide, 120)):
        inside = [post for number, post in everything if head - width <= number < head]
        assert window.mentions == len(inside)
        assert window.negative == sum(post.negative for post in inside)
        assert window.crowd.capped(0.2) == mass_of(inside, 0.2)
    assert sum(wide.authors.values()) == wide.mentions


def test_an_id_counts_once_in_whatever_order_it_comes_again() -> None:
    made, short, _ = ring()
    first, second = mention(1, START), mention(2, START + 3, negative=True)
    outcomes = [made.add(m, compact(m)) for m in (first, second, first, second, second)]
    assert outcomes == [Outcome.COUNTED] * 2 + [Outcome.DUPLICATE] * 3
    short.slide(made.index(START + 10))
    assert (short.mentions, short.negative) == (2, 1)


def test_a_late_post_counts_in_its_own_bucket_and_a_later_one_only_as_late() -> None:
    made, short, _ = ring()
    newest = mention(1, START + 300)
    made.add(newest, compact(newest))
    short.slide(made.index(START + 305))
    in_time, too_late = mention(2, START + 180, negative=True), mention(3, START + 179, negative=True)
    assert made.add(in_time, compact(in_time)) is Outcome.COUNTED
    assert made.add(too_late, compact(too_late)) is Outcome.LATE
    assert made.late == 1
    assert made.negative == 1
    assert [number for number, _ in made.between(0, 10**9)] == [
        made.index(START + 180),
        made.index(START + 300),
    ]


def test_coordination_counts_pasted_words_but_not_quoted_ones() -> None:
    made, _, wide = ring()
    pasted = [mention(n, START + n, negative=True, text="统一口径：这个品牌有毒") for n in range(4)]
    own = [mention(n, START + n, negative=True) for n in range(4, 8)]
    reposts = [
        mention(n, START + n, negative=True, text="转发微博//@小王: 都来看看这个品牌有毒", kind=Kind.REPOST)
        for n in range(8, 12)
    ]
    for m in (*pasted, *own, *reposts):
        made.add(m, compact(m))
    wide.slide(made.index(START + 60))
    assert wide.coordination == pytest.approx(4 / 12)


def test_an_unknown_author_who_repeats_one_text_is_one_voice() -> None:
    made, short, _ = ring()
    for n in range(10):
        m = mention(n, START, negative=True, author="", text="同一句话说了很多很多遍")
        made.add(m, compact(m))
    short.slide(made.index(START + 5))
    assert len(short.crowd.voices) == 1
