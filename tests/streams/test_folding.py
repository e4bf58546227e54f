"""Folding brings the forms of one text together, and is done when it is done."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.folding import fold

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("蘋果薴乾著ＡＢ　\u200b\u0301ß"))


@given(TEXT)
@example("e\u200b\u0301")
@example("\u1fb3\u0308")
@example("薴")
@example("\u01f0")
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@given(TEXT, TEXT)
def test_zero_width_characters_do_not_count(left: str, right: str) -> None:
    assert fold(left + "\u200b" + right) == fold(left + right)


@given(TEXT)
def test_space_at_the_ends_and_in_runs_does_not_count(text: str) -> None:
    assert fold(f" \t{text}\u3000\n") == fold(text)
    assert "  " not in fold(text)


@pytest.mark.parametrize(
    ("forms", "folded"),
    [
        (["ＡＰＰＬＥ", "Apple", "ａｐｐｌｅ"], "apple"),
        (["１２３", "①②③", "123"], "123"),
        (["蘋果手機", "苹果手机", "苹\u200b果手\ufeff机"], "苹果手机"),
        (["青山茶飲", "青山茶饮"], "青山茶饮"),
        (["STRASSE", "Straße"], "strasse"),
        (["café", "cafe\u0301", "CAFE\u200b\u0301"], "café"),
        (["ﾃﾞｰﾀ", "データ"], "データ"),
        (["A　B", "a\n\tb", " A  B "], "a b"),
        (["乾坤"], "乾坤"),
        (["乾淨"], "干净"),
        (["", " ", "\u200b"], ""),
    ],
)
def test_the_forms_of_a_text_fold_to_one(forms: list[str], folded: str) -> None:
    assert {fold(form) for form in forms} == {folded}
