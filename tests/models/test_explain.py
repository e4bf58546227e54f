"""Explanations by occlusion: they point at the word that decides, wherever and however often it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.classification import Classification
from models.dummy import DummyClassifier
from models.explain import LEAST_WEIGHT, MOST_WORDS, TOP, Explanation, covered, explain, words_in
from models.labels import HEADS

FILLERS = ["今天", "门店", "杯子", "周末", "下雨", "开会", "三点", "北京", "楼下", "同事", "ok", "😀"]
DECIDING = ["垃圾", "恶心", "害怕", "难过", "震惊", "开心"]


def cut(text: str) -> Iterable[str]:
    """Words of two characters, or runs of what is none."""
    return re.findall(r"[\u4e00-\u9fff]{1,2}|\s+|\w+|.", text, re.DOTALL)


class Counting(DummyClassifier):
    """The dummy, which notes what it is asked."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        self.calls.append(len(texts))
        return super().classify(texts)


def told(*texts: str, **options: int) -> list[Explanation]:
    dummy = DummyClassifier()
    return explain(dummy, texts, dummy.classify(texts), cut, **options)


@settings(deadline=None)
@given(st.lists(st.sampled_from(FILLERS), min_size=1, max_size=20), st.sampled_from(DECIDING), st.data())
def test_the_one_word_that_sets_the_label_is_told_first_and_alone(
    fillers: list[str], word: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(fillers)))
    text = " ".join([*fillers[:place], word, *fillers[place:]])
    [found] = told(text)
    assert [one.word for one in found["emotion"]] == [word]
    assert found["emotion"][0].at == (text.index(word),)
    assert found["emotion"][0].weight > 2  # from 0.9 to 0.02


def test_a_word_that_comes_again_is_covered_everywhere_and_told_once() -> None:
    [found] = told("垃圾 门店 垃圾 杯子 垃圾")
    assert [(one.word, one.at) for one in found["emotion"]] == [("垃圾", (0, 6, 12))]


def test_each_head_has_its_own_words() -> None:
    [found] = told("退款 开心")
    assert {head: [one.word for one in words] for head, words in found.items()} == {
        "emotion": ["开心"],
        "intent": ["退款"],
        "polarity": ["开心"],
    }


@pytest.mark.parametrize("text", ["", "   ", "转发微博", "@某人 http://t.cn/x", "……！"])
def test_the_unreadable_has_no_words_and_costs_nothing(text: str) -> None:
    counting = Counting()
    [found] = explain(counting, [text], DummyClassifier().classify([text]), cut)
    assert found == {head: [] for head in HEADS}
    assert sum(counting.calls) == 0


def test_no_texts_are_no_explanations() -> None:
    assert told() == []


def test_names_and_links_are_no_words_and_an_emoticon_is_one() -> None:
    text = "@垃圾 门店 [怒] https://t.cn/开心 😀，ok！"
    assert list(words_in(text, cut)) == ["门店", "[怒]", "开心", "😀", "ok"]
    [found] = told("门店 [怒]")
    assert [(one.word, one.at) for one in found["emotion"]] == [("[怒]", (3,))]


@settings(deadline=None)
@given(st.text(st.sampled_from("垃圾恶心 ，。！[怒]@ab/:\n😀開"), max_size=80))
def test_offsets_are_those_of_the_text_as_given(text: str) -> None:
    for word, starts in words_in(text, cut).items():
        assert starts
        assert all(text[start : start + len(word)] == word for start in starts)
    for words in told(text)[0].values():
        weights = [one.weight for one in words]
        assert weights == sorted(weights, reverse=True)
        assert all(weight >= LEAST_WEIGHT for weight in weights)
        assert len(words) <= TOP


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("垃圾恶心开心退款门店，。 "), max_size=30), max_size=6))
def test_a_batch_is_told_what_each_text_alone_is(texts: list[str]) -> None:
    assert told(*texts) == [told(text)[0] for text in texts]


def test_many_texts_take_one_call() -> None:
    counting = Counting()
    texts = [f"门店 {filler} 垃圾" for filler in FILLERS]
    explain(counting, texts, counting.classify(texts), cut)
    assert len(counting.calls) == 2  # the readings, and all variants


@pytest.mark.parametrize("place", [0, 50, 99])
def test_a_long_text_is_read_by_its_clauses_first_and_within_bounds(place: int) -> None:
    words = [f"w{number}" for number in range(100)]
    words[place] = "垃圾"
    text = "".join(word + ("，" if number % 7 == 6 else " ") for number, word in enumerate(words))
    counting = Counting()
    [found] = explain(counting, [text], counting.classify([text]), cut)
    assert [(one.word, one.at) for one in found["emotion"]] == [("垃圾", (text.index("垃圾"),))]
    assert len(counting.calls) == 3
    assert max(counting.calls[1:]) <= MOST_WORDS


def test_one_endless_clause_is_within_bounds_too() -> None:
    counting = Counting()
    text = " ".join(f"w{number}" for number in range(5_000))
    explain(counting, [text], counting.classify([text]), cut)
    assert max(counting.calls) <= MOST_WORDS


def test_no_more_words_than_asked_for() -> None:
    [found] = told("垃圾 恶心 退款", top=1)
    assert all(len(words) <= 1 for words in found.values())


def test_a_gap_may_be_filled() -> None:
    dummy = DummyClassifier()
    [found] = explain(dummy, ["门店"], dummy.classify(["门店"]), cut, gap="垃圾")
    assert [one.word for one in found["emotion"]] == ["门店"]


def test_covering_leaves_all_else() -> None:
    from models.explain import _Part

    assert covered("甲乙丙乙丁", _Part("乙", ((1, 2), (3, 4))), "_") == "甲_丙_丁"
