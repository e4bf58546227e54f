"""The terms of a text: what it is about, without the noise of a platform."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.folding import fold
from streams.index.words import cut_text, split
from streams.terms import LONGEST, crisis_words, lexicon, stop_words, terms_of

CRISIS = sorted(crisis_words())


@pytest.mark.parametrize("word", CRISIS)
def test_each_term_of_the_crisis_dictionary_is_one_word(word: str) -> None:
    assert split(word) == [word]
    assert cut_text(word).terms == [word]


def test_each_term_is_folded_listed_once_and_no_stop_word() -> None:
    listed = list(lexicon("crisis"))
    assert len(listed) == len(CRISIS) > 500
    assert [word for word in listed if fold(word) != word] == []
    assert not crisis_words() & stop_words()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("这家店大数据杀熟，还有霸王条款！", ["大数据杀熟", "霸王条款"]),
        ("預製菜塌房，消費者要求退一賠三", ["预制菜", "塌房", "消费者", "退一赔三"]),
        ("@异物先生 看看 https://t.cn/yiwu 门店", ["门店"]),
        ("门店 www.example.com/tuikuan [异物] 打12315", ["门店", "12315"]),
        ("门店态度差[怒]//@异物:喝出蟑螂", ["门店", "态度"]),
        ("转发微博//@门店:喝出蟑螂", ["蟑螂"]),
        ("//@某人:蟑螂", ["蟑螂"]),
        ("我的号码〔手机号〕", ["号码"]),
        ("我们已经不是那个了 12 3.5 ok", ["ok"]),
        ("退款退款，还是退款", ["退款"]),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_text_is_about(text: str, terms: list[str]) -> None:
    assert cut_text(text).terms == terms


@settings(deadline=None)
@given(st.text(max_size=80))
def test_terms_are_words_of_the_text_each_once(text: str) -> None:
    words, terms = cut_text(text)
    assert set(terms) <= set(words)
    assert len(set(terms)) == len(terms)
    assert all(2 <= len(term) <= LONGEST and term not in stop_words() for term in terms)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["门店", "退款", "的", " ", "，", "12"]), max_size=12))
def test_order_is_that_of_the_text(tokens: list[str]) -> None:
    assert terms_of("".join(tokens), tokens) == list(
        dict.fromkeys(t for t in tokens if t in ("门店", "退款"))
    )
