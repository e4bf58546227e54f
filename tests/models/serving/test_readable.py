"""What a Chinese classifier can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.classification import UNREADABLE
from models.normalise import normalise
from models.serving.readable import can_read


@pytest.mark.parametrize(
    "text",
    [
        "太差",
        "呸呸",
        "iPhone 15 Pro Max 太贵了",
        "[怒]",
        "666[good]",
        "😡",
        "yyds！绝了",
        "太難喝了",
        "给青禾 call the police 了",
        "12315投诉",
    ],
)
def test_chinese_and_known_emoji_are_readable(text: str) -> None:
    assert can_read(normalise(text), lambda sign: sign == "😡")


@pytest.mark.parametrize(
    "text",
    ["", "。。。", "666", "好", "😀", "@小王 https://t.cn/a", "转发微博", "@小王 hello", "This brand is terrible",
     "The new 瑞幸 latte tastes like something that came out of a drain", "ひどい味だと思います、本当に最悪", "정말 최악이에요",
     "ужасно", "น้ำชา"],
)  # fmt: skip
def test_no_chinese_too_little_or_mostly_another_script_is_not(text: str) -> None:
    assert not can_read(normalise(text), lambda sign: sign == "😡")


@given(st.text(max_size=80))
def test_any_text_has_an_answer_and_more_chinese_never_makes_it_unreadable(text: str) -> None:
    known = can_read(normalise(text), lambda _: False)
    assert can_read(normalise(text) + " 太难喝了再也不买" * 4, lambda _: False) or not known


def test_the_unreadable_is_neutral_with_low_confidence() -> None:
    assert (UNREADABLE.emotion, UNREADABLE.intent, UNREADABLE.polarity) == ("neutral", "other", "neutral")
    for scores in (UNREADABLE.emotion_scores, UNREADABLE.intent_scores, UNREADABLE.polarity_scores):
        assert max(scores.values()) == pytest.approx(0.4)
        assert sum(scores.values()) == pytest.approx(1)
