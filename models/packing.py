"""Unlabelled text as one long row of tokens, with the places where jieba's words begin.

Sequences are packed: posts follow one another, each closed by ``[SEP]``, and the row is cut into equal lengths, so
that no step is spent on padding (Liu et al. 2019, RoBERTa, section 4.2, FULL-SENTENCES).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOGETHER: Final = 1000


def word_starts(text: str, words: Iterable[str], offsets: Iterable[tuple[int, int]]) -> list[bool]:
    """Say of every token, by its offsets in ``text``, whether it begins a word.

    ``words`` are the text cut into pieces whose concatenation is the text. A token that lies across a border
    between words (an added token may) begins one; of tokens that share a character (byte pairs do) the first.
    """
    begins = set()
    at = 0
    for word in words:
        begins.add(at)
        at += len(word)
    found, before = [], -1
    for start, end in offsets:
        found.append(start != before and any(place in begins for place in range(start, max(end, start + 1))))
        before = start
    return found


def pack(texts: Iterable[str], tokenizer_file: Path) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Tokenise normalised texts into one row of ids and one of word starts, ``[SEP]`` after each text.

    Returns
    -------
    tuple of ndarray
        Ids (int32) and whether each begins a word by jieba (bool), both ``(tokens,)``. ``[SEP]`` begins one.
    """
    import numpy as np
    from tokenizers import Tokenizer

    cutter = _cutter()
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_truncation()
    separator = tokenizer.token_to_id("[SEP]") or tokenizer.token_to_id("</s>")
    ids: list[NDArray[np.int32]] = []
    starts: list[NDArray[np.bool_]] = []
    for batch in _batches(texts):
        for text, encoding in zip(
            batch, tokenizer.encode_batch(batch, add_special_tokens=False), strict=True
        ):
            ids.append(np.array([*encoding.ids, separator], dtype=np.int32))
            begins = word_starts(text, cutter.cut(text, HMM=False), encoding.offsets)
            starts.append(np.array([*begins, True]))
    if not ids:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.bool_)
    return np.concatenate(ids), np.concatenate(starts)


def _cutter() -> Any:
    with warnings.catch_warnings():
        # jieba 0.42.1 has invalid escapes in its strings, which Pythons warn of at the first import.
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel("ERROR")  # its progress is not ours to print
    return jieba.Tokenizer()


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, _TOGETHER)):
        yield batch
