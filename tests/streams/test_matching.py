"""The automaton finds exactly what reading every keyword would find."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st
from pydantic import ValidationError

from config.records import MatchReason
from config.watches import Watch
from streams.folding import fold
from streams.matching import Matcher

LETTERS = "苹果蘋手机机a1Ａ -"
WORD = st.text(LETTERS, min_size=1, max_size=4).filter(lambda word: word.strip() != "" and fold(word) != "")
WORDS = st.lists(WORD, max_size=3)


@st.composite
def watches(draw: st.DrawFn) -> list[Watch]:
    lists = draw(st.lists(st.tuples(WORDS, WORDS, WORDS).filter(lambda w: bool(w[0] or w[1])), max_size=4))
    try:
        return [
            Watch(id=f"w{number}", name="w", any=any_, all=all_, none=none)
            for number, (any_, all_, none) in enumerate(lists)
        ]
    except ValidationError:  # exclusions that leave nothing to find are refused before they come here
        reject()


def occurs(word: str, text: str) -> bool:
    """The definition: the folded word, with no Latin letter or digit grown onto its Latin ends."""
    folded = fold(word)
    latin = "[a-z0-9]"
    before = f"(?<!{latin})" if re.match(latin, folded) else ""
    after = f"(?!{latin})" if re.search(latin + r"\Z", folded) else ""
    return re.search(before + re.escape(folded) + after, fold(text)) is not None


def matches(watch: Watch, text: str) -> bool:
    some = not watch.any or any(occurs(word, text) for word in watch.any)
    every = all(occurs(word, text) for word in watch.all)
    return some and every and not any(occurs(word, text) for word in watch.none)


@given(watches(), st.text(LETTERS + "Z是 ", max_size=30))
@example([Watch(id="w0", name="w", any=["a"])], "aa a")
@example([Watch(id="w0", name="w", all=["果"], none=["苹果"])], "果")
def test_it_agrees_with_reading_every_keyword(listened: list[Watch], text: str) -> None:
    found = Matcher(listened).match(text)
    assert [match.watch for match in found] == [watch.id for watch in listened if matches(watch, text)]


@given(watches(), st.text(LETTERS, max_size=30))
def test_a_match_names_a_keyword_of_the_watch_that_is_there(listened: list[Watch], text: str) -> None:
    by_id = {watch.id: watch for watch in listened}
    for match in Matcher(listened).match(text):
        watch = by_id[match.watch]
        assert match.reason is MatchReason.KEYWORD
        assert match.keyword is not None
        assert occurs(match.keyword, text)
        assert fold(match.keyword) in map(fold, watch.any or watch.all)


PHONE = Watch(
    id="apple", name="苹果", any=["苹果", "iPhone"], all=["手机"], none=["水果", "红富士", "苹果汁"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("苹果新手机发布了", True),
        ("蘋果的新手機", True),
        ("IPHONE手机", True),
        ("ｉＰｈｏｎｅ 手机", True),
        ("苹\u200b果手机", True),
        ("苹果很甜", False),
        ("新手机发布了", False),
        ("水果店里的苹果和手机", False),
        ("喝着苹果汁看手机", False),
        ("红富士苹果，手机下单", False),
        ("", False),
    ],
)
def test_the_phone_is_not_the_fruit(text: str, expected: bool) -> None:
    assert bool(Matcher([PHONE]).match(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mi", True), ("小米mi手机", True), ("MI!", True), ("a mi b", True), ("(mi)", True), ("用mi的人", True),
        ("mini", False), ("ami", False), ("mi9", False), ("9mi", False), ("Ｍｉni", False), ("mini mi", True),
    ],
)  # fmt: skip
def test_a_latin_keyword_stands_alone(text: str, expected: bool) -> None:
    assert bool(Matcher([Watch(id="mi", name="小米", any=["Mi"])]).match(text)) is expected


def test_without_watches_nothing_matches() -> None:
    assert Matcher([]).match("苹果手机") == []


def test_a_watch_without_any_needs_all_alone() -> None:
    [match] = Matcher([Watch(id="w", name="w", all=["奶茶", "控糖"])]).match("控糖的人喝奶茶")
    assert match.keyword in {"奶茶", "控糖"}
    assert Matcher([Watch(id="w", name="w", all=["奶茶", "控糖"])]).match("奶茶") == []


def test_keywords_that_are_one_when_folded_are_one() -> None:
    [match] = Matcher([Watch(id="w", name="w", any=["蘋果", "苹果"])]).match("苹果")
    assert fold(match.keyword or "") == "苹果"


def test_ten_thousand_keywords_are_all_found() -> None:
    words = [f"品牌{number:04d}号" for number in range(10_000)]
    listened = [Watch(id=f"w{n}", name="w", any=words[n : n + 100]) for n in range(0, 10_000, 100)]
    matcher = Matcher(listened)
    for number in (0, 99, 100, 5_432, 9_999):
        assert [m.watch for m in matcher.match(f"今天买了{words[number]}的茶")] == [f"w{number // 100 * 100}"]
