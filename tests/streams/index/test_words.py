"""Words for search and terms."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.folding import fold
from streams.index import words
from streams.index.words import add_words, split, words_of


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


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_gives_a_word_that_holds_a_blank(text: str) -> None:
    for word in words_of(text):
        assert word.split() == [word]
        assert any(char.isalnum() for char in word)


def test_loading_is_quiet_even_where_warnings_are_errors_and_writes_no_file(tmp_path: Path) -> None:
    program = "from streams.index.words import words_of; words_of('退款')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(st.sampled_from("中华人民共和国申请退款书t恤c+ "), max_size=40))
def test_the_words_are_those_of_jiebas_search_mode(text: str) -> None:
    whole = fold(text.encode(errors="replace").decode())
    cut: Any = words._loaded()
    assert words_of(text) == [w for w in cut.cut_for_search(whole) if any(c.isalnum() for c in w)]


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(st.sampled_from("申請退款，ＡＰＰ App\n 😡李"), max_size=40))
def test_a_text_split_and_joined_is_the_text(text: str) -> None:
    assert "".join(split(text)) == text


def test_traditional_text_is_split_like_its_simplified_form() -> None:
    assert split("我要申請退貨，太過分了") == ["我要", "申請", "退貨", "，", "太過分", "了"]


def test_threads_that_come_first_together_cut_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"第{number}次在奶茶里喝出蟑螂，要求退一赔三" for number in range(200)]
    expected = [words_of(text) for text in texts]
    monkeypatch.setattr(words, "_tokenizer", None)
    start = threading.Barrier(8)

    def cut_all(_: int) -> list[list[str]]:
        start.wait()
        return [words_of(text) for text in texts]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(cut_all, range(8))) == [expected] * 8
