"""Words for search and terms."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from streams.index.words import add_words, words_of


def test_words_are_folded_and_punctuation_is_dropped() -> None:
    assert words_of("我要申請退款，T恤质量差！😡") == ["我要", "申请", "退款", "t恤", "质量", "差"]
    assert words_of("ＡＰＰ C++") == ["app", "c++"]
    assert words_of("……！ \n") == []
    assert words_of("半个\ud83d") == ["半个"]


def test_long_words_give_their_parts_too() -> None:
    assert {"中华", "人民", "共和国", "中华人民共和国"} <= set(words_of("中华人民共和国"))


def test_taught_names_are_one_word() -> None:
    assert "霁岚沏" not in words_of("霁岚沏的奶茶")
    add_words(["霁岚沏", " ", "！", "two words"])
    assert "霁岚沏" in words_of("霁岚沏的奶茶")


@given(st.text(max_size=60))
def test_no_text_gives_a_word_that_holds_a_blank(text: str) -> None:
    for word in words_of(text):
        assert word.split() == [word]
        assert any(char.isalnum() for char in word)


def test_loading_is_quiet_even_where_warnings_are_errors() -> None:
    program = "from streams.index.words import words_of; words_of('退款')"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
