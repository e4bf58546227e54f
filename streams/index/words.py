"""The words of a text, for the index and for queries alike.

jieba's search mode also gives the shorter words inside a long one, so that 退款 is found in 申请退款书.
The text is folded first (width, case, traditional to simplified), so a query in one script finds
posts in the other. Names that no dictionary knows are taught with `add_words`.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterable
from typing import Protocol

from streams.folding import fold


class _Tokenizer(Protocol):
    FREQ: dict[str, int]
    total: int
    initialized: bool

    def cut_for_search(self, sentence: str) -> Iterable[str]: ...
    def add_word(self, word: str) -> None: ...


_lock = threading.Lock()
_tokenizer: _Tokenizer | None = None


def _loaded() -> _Tokenizer:
    """Return the tokenizer, loading jieba's dictionary (0.7 s) at the first call."""
    global _tokenizer
    with _lock:
        if _tokenizer is None:
            _tokenizer = _load()
        return _tokenizer


def _load() -> _Tokenizer:
    with warnings.catch_warnings():
        # jieba 0.42 has regular expressions in plain strings, and asks for pkg_resources.
        warnings.filterwarnings("ignore", message="invalid escape sequence")
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
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
    return tokenizer


def words_of(text: str) -> list[str]:
    """Return the words of `text` in order, folded; punctuation, emoji and blanks are left out.

    Examples
    --------
    >>> words_of("我要申請退款，T恤质量太差！")
    ['我要', '申请', '退款', 't恤', '质量', '太差']
    """
    # Half of a surrogate pair, which a cut in the wrong place leaves, is nothing OpenCC can take.
    whole = text.encode(errors="replace").decode()
    tokens = _loaded().cut_for_search(fold(whole))
    return [token for token in tokens if any(char.isalnum() for char in token)]


def add_words(words: Iterable[str]) -> None:
    """Teach the tokenizer names (a watch's keywords), so that each is one word.

    What was indexed before keeps the words that it had then.
    """
    tokenizer = _loaded()
    for word in words:
        folded = fold(word)
        # jieba cuts at blanks and punctuation before it looks into its dictionary.
        if folded and " " not in folded and any(char.isalnum() for char in folded):
            with _lock:
                tokenizer.add_word(folded)
