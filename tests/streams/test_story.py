"""Copies of one text share a story; what is too short to be copied has its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.story import SHORTEST, story_of

TEXT = "今天在青山茶饮门店喝出了虫子，客服说没事"
BARE = st.text("今天在青山茶饮门店喝出了虫子客服说没事", min_size=SHORTEST, max_size=30)


@pytest.mark.parametrize(
    "copy",
    [
        TEXT,
        f"{TEXT}！！！",
        f"{TEXT} https://t.cn/A6abc",
        f"http://t.cn/1 {TEXT} http://t.cn/2",
        f"{TEXT}[怒][怒]",
        f"@曝光台 {TEXT}",
        f"{TEXT}//@小明:说得对",
        "今天在青山茶飲門店喝出了蟲子，客服說沒事",
        "今天 在 青山茶饮 门店 喝出了虫子 客服说没事",
        "【今天在青山茶饮门店】喝出了虫子_客服说没事",
    ],
)
def test_a_copy_is_the_same_story(copy: str) -> None:
    assert story_of(copy, "own") == story_of(TEXT, "other")


@given(BARE, BARE)
def test_two_texts_share_a_story_exactly_when_their_words_are_the_same(one: str, two: str) -> None:
    assert (story_of(one, "1") == story_of(two, "2")) is (one == two)


@pytest.mark.parametrize(
    "short", ["", "哈哈哈", "转发微博", "七个字还不够长", "https://t.cn/A6abcdefghijkl", "[怒][怒][怒][怒]", "@曝光台 @消费者 好",
              "//@小明:今天在青山茶饮门店喝出了虫子"],
)  # fmt: skip
def test_short_texts_are_no_copies(short: str) -> None:
    assert story_of(short, "own") == "own"


def test_the_shortest_story_has_eight_characters() -> None:
    assert story_of("一二三四五六七八", "own") != "own"
