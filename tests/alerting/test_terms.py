"""Which terms an alert tells: those of the negative mentions, in no order but their own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.terms import LEAST_COUNT, TERMS, USUAL_LIMIT, UsualTerms, telling_terms

CALM = ["奶茶", "门店", "新品", "朋友", "排队", "杯子"]


def usual(posts: int = 400) -> UsualTerms:
    talk = UsualTerms()
    for number in range(posts):
        talk.add([CALM[number % 6], CALM[(number + 1) % 6], CALM[(number + 3) % 6]])
    return talk


said = st.lists(st.lists(st.sampled_from([*CALM, "异物", "退款", "恶心"]), max_size=5), max_size=40)


@settings(deadline=None)
@given(said, said, st.randoms(use_true_random=False))
def test_the_order_of_mentions_does_not_matter(
    negative: list[list[str]], other: list[list[str]], chance: object
) -> None:
    before = telling_terms(negative, other, usual(60))
    chance.shuffle(negative)  # type: ignore[attr-defined]
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert telling_terms(negative, other, usual(60)) == before


@settings(deadline=None)
@given(said, said)
def test_what_is_told_was_said_by_as_many_as_it_says(
    negative: list[list[str]], other: list[list[str]]
) -> None:
    found = telling_terms(negative, other, usual(60))
    assert len(found) <= TERMS
    for term in found:
        assert term.count == sum(term.word in terms for terms in negative) >= LEAST_COUNT
        assert term.lift > 1


def test_the_new_is_told_and_the_usual_is_not() -> None:
    negative = [["奶茶", "异物", "门店"]] * 10 + [["奶茶", "退款"]] * 4
    found = telling_terms(negative, [["奶茶", "新品"]] * 10, usual())
    assert [(term.word, term.count) for term in found] == [("异物", 10), ("退款", 4)]


def test_two_are_too_few_and_one_mention_counts_once() -> None:
    assert telling_terms([["异物", "异物", "异物"]] * 2, [], usual()) == []


def test_one_word_alone_tells_nothing() -> None:
    assert telling_terms([["异物"]] * 9, [], UsualTerms()) == []
    assert telling_terms([["异物"]] * 9, [["异物"]] * 9, UsualTerms()) == []


def test_a_phrase_is_told_as_one_where_the_posts_have_it_so() -> None:
    negative = [["二次", "伤害", "恶心"]] * 6 + [["恶心"]] * 3
    written = ["这是二次伤害，恶心"]
    found = telling_terms(negative, [], usual(), written)
    assert {(term.word, term.count) for term in found} == {("恶心", 9), ("二次伤害", 6)}


def test_no_phrase_is_made_up() -> None:
    negative = [["二次", "伤害", "恶心"]] * 6
    apart = {"二次", "伤害", "恶心"}
    for written in ([], ["二次的伤害，恶心"], ["二次伤害，恶心", "伤害了二次，恶心"], ["另一条"]):
        assert {term.word for term in telling_terms(negative, [], usual(), written)} == apart


def test_terms_that_often_stand_alone_stay_apart() -> None:
    negative = [["停业", "整顿"]] * 4 + [["停业"]] * 4
    found = telling_terms(negative, [], usual(), ["停业整顿"])
    assert {(term.word, term.count) for term in found} == {("停业", 8), ("整顿", 4)}


def test_usual_talk_is_forgotten_slowly() -> None:
    talk = UsualTerms()
    talk.add(["旧闻"] * 3)
    assert (talk.total, talk.counts["旧闻"]) == (1, 1)
    for number in range(USUAL_LIMIT):
        talk.add([f"词{number % 1_000}"])
    assert "旧闻" not in talk.counts
    assert talk.total == talk.counts.total() <= USUAL_LIMIT
