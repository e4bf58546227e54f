"""Tokens of Weibo's own language that the base's vocabulary lacks: emoticons, emoji, Chinese punctuation.

A WordPiece tokeniser reads ``[允悲]`` as four pieces, ``😭😭`` and ``……`` as unknown. Each frequent one becomes one
added token, matched in the text before anything else; its vector starts as the mean of what stands for it in
the base's vocabulary, so that an untrained token already means about the right thing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

PUNCTUATION: Final[dict[str, str]] = {"…": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "—": "-"}
"""Punctuation of Chinese writing that many vocabularies lack, and the ASCII sign that stands for each."""

_EMOTICON: Final = re.compile(r"\[[^\[\]\s\d]{1,8}\]")
_RESERVED: Final = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})


def count_additions(texts: Iterable[str]) -> Counter[str]:
    """Count emoticons, symbols (Unicode category So) and Chinese punctuation in normalised texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_EMOTICON.findall(text))
        if not text.isascii():
            counts.update(char for char in text if char in PUNCTUATION or unicodedata.category(char) == "So")
    return counts


def choose_additions(counts: Counter[str], vocabulary: Mapping[str, int], at_least: int) -> list[str]:
    """Choose what was seen ``at_least`` times and is no token yet, the most frequent first.

    A symbol that is a token but only when it stands alone (``😂`` but not ``😂😂``, which WordPiece reads as one
    unknown word) is chosen too.
    """
    chosen = [
        token
        for token, seen in counts.items()
        if seen >= at_least
        and token not in _RESERVED
        and (token not in vocabulary or (len(token) == 1 and f"##{token}" not in vocabulary))
    ]
    return sorted(chosen, key=lambda token: (-counts[token], token))


def stand_ins(token: str, vocabulary: Mapping[str, int]) -> list[int]:
    """Give the ids of the pieces whose mean a new token starts from.

    An emoticon is its name's characters, punctuation its ASCII sign, an emoji the emoji that the vocabulary
    has; nothing known: the unknown token.
    """
    if token in vocabulary:
        return [vocabulary[token]]
    if token in PUNCTUATION:
        pieces = [PUNCTUATION[token]]
    elif len(token) > 1:
        pieces = list(token[1:-1].lower())
    else:
        pieces = [piece for piece in vocabulary if len(piece) == 1 and ord(piece) >= 0x1F300]
    known = [vocabulary[piece] for piece in pieces if piece in vocabulary]
    return known or [vocabulary["[UNK]"]]
