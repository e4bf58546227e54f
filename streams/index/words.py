"""Words by jieba: for the index and its queries, for terms, for whoever needs to know where a word ends.

The words for search are those of jieba's search mode, which also gives the shorter words inside a long one,
so that 退款 is found in 申请退款书. The text is folded first (width, case, traditional to simplified), so a
query in one script finds posts in the other. Terms of crises are in the shipped dictionary
(``lexicon/crisis.txt``); names that no dictionary knows are taught with `add_words`.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from streams.folding import fold
from streams.terms import Words, lexicon, terms_of


class _Tokenizer(Protocol):
    FREQ: dict[str, int]
    total: int
    initialized: bool

    def cut(self, sentence: str) -> Iterable[str]: ...
    def add_word(self, word: str) -> None: ...


_lock = threading.Lock()
_tokenizer: _Tokenizer | None = None


def _loaded() -> _Tokenizer:
    """Return the tokenizer, loading jieba's dictionary (0.7 s) at the first call."""
    global _tokenizer
    if _tokenizer is None:
        with _lock:
            if _tokenizer is None:
                _tokenizer = _load()
    return _tokenizer


def _load() -> _Tokenizer:
    with warnings.catch_warnings():
        # jieba 0.42 has regular expressions in plain strings, and asks for pkg_resources.
        warnings.filterwarnings("ignore", message=".*invalid escape sequence")
        warnings.filterwarnings("ignore", message=".*pkg_resources")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer: _Tokenizer = jieba.Tokenizer()
    # Not initialize(): that loads a cache from a guessable name in the shared temporary folder.
    frequencies, total = jieba.dt.gen_pfdict(jieba.dt.get_dict_file())
    for word in [word for word in frequencies if not word.islower() and word.lower() != word]:
        # Text is folded to lower case before it is cut, and the dictionary knows T恤, not t恤.
        lower = word.lower()
        frequencies[lower] = max(frequencies.get(lower, 0), frequencies[word])
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = frequencies, total, True
    _teach(tokenizer, lexicon("crisis"))
    return tokenizer


def _teach(tokenizer: _Tokenizer, words: Iterable[str]) -> None:
    for word in words:
        folded = fold(word)
        # jieba cuts at blanks and punctuation before it looks into its dictionary.
        if folded and " " not in folded and any(char.isalnum() for char in folded):
            tokenizer.add_word(folded)


def cut_text(text: str) -> Words:
    """Return the words of `text` for search, and its terms, from one cut.

    Examples
    --------
    >>> cut_text("我要申請退款，这家店居然用過期原料！")
    Words(words=['我要', '申请', '退款', '这', '家店', '居然', '用', '过期', '原料', '过期原料'], terms=['申请', '退款', '过期原料'])
    """
    # Half of a surrogate pair, which a cut in the wrong place leaves, is nothing OpenCC can take.
    folded = fold(text.encode(errors="replace").decode())
    tokenizer = _loaded()
    tokens = list(tokenizer.cut(folded))
    return Words(_for_search(tokens, tokenizer.FREQ), terms_of(folded, tokens))


def words_of(text: str) -> list[str]:
    """Return the words of `text` for search, folded; punctuation, emoji and blanks are left out.

    Examples
    --------
    >>> words_of("我要申請退款，T恤质量太差！")
    ['我要', '申请', '退款', 't恤', '质量', '太差']
    """
    return cut_text(text).words


def _for_search(tokens: Sequence[str], known: dict[str, int]) -> list[str]:
    """Return the tokens that are words, before each the known words of two and three characters inside it.

    jieba's ``cut_for_search`` does the same, but would cut the text once more.
    """
    words: list[str] = []
    for token in tokens:
        if not any(char.isalnum() for char in token):
            continue
        for size in (2, 3):
            if len(token) > size:
                parts = (token[start : start + size] for start in range(len(token) - size + 1))
                words += [part for part in parts if known.get(part)]
        words.append(token)
    return words


def split(text: str) -> list[str]:
    """Return `text` cut into its words as written, blanks and punctuation included: joined they are `text`.

    Examples
    --------
    >>> split("我要退貨， OK")
    ['我要', '退貨', '，', ' ', 'OK']
    """
    pieces, position = [], 0
    for token in _loaded().cut("".join(map(_folded, text))):
        pieces.append(text[position : position + len(token)])
        position += len(token)
    return pieces


@lru_cache(65536)
def _folded(char: str) -> str:
    """Return a character in its folded form where that is one character."""
    if "\ud800" <= char <= "\udfff":
        return "?"
    folded = fold(char)
    return folded if len(folded) == 1 else char


def add_words(words: Iterable[str]) -> None:
    """Teach the tokenizer names (a watch's keywords), so that each is one word.

    What was indexed before keeps the words that it had then.
    """
    tokenizer = _loaded()
    with _lock:
        _teach(tokenizer, words)
