"""Which tokens a vocabulary is given, and what they start from."""

from collections import Counter

from models.additions import choose_additions, count_additions, stand_ins

VOCABULARY = {"[UNK]": 0, "[CLS]": 1, ".": 2, '"': 3, "允": 4, "悲": 5, "😂": 6, "🔥": 7}


def test_emoticons_symbols_and_chinese_punctuation_are_counted() -> None:
    counts = count_additions(["好…[允悲][允悲]😭", "“1”[CLS]", "没有[很长很长很长的一个]"])
    assert counts == Counter({"[允悲]": 2, "…": 1, "😭": 1, "“": 1, "”": 1, "[CLS]": 1})


def test_only_the_frequent_and_unknown_become_tokens() -> None:
    counts = Counter({"[允悲]": 9, "😭": 3, "…": 1, "[CLS]": 50, "😂": 4})
    assert choose_additions(counts, VOCABULARY, 3) == ["[允悲]", "😂", "😭"]


def test_a_token_starts_from_what_stands_for_it() -> None:
    assert stand_ins("[允悲]", VOCABULARY) == [4, 5]
    assert stand_ins("…", VOCABULARY) == [2]
    assert stand_ins("”", VOCABULARY) == [3]
    assert stand_ins("😭", VOCABULARY) == [6, 7]
    assert stand_ins("😂", VOCABULARY) == [6]
    assert stand_ins("[魑魅]", VOCABULARY) == [0]
