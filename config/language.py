"""Texts for people in both languages: Chinese first, English for who chose it and for logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Literal

Language = Literal["zh", "en"]


class Both(str):
    """A text in both languages: the string itself is the English one, `zh` the Chinese one.

    So it can stand wherever a text is asked for, an exception's message included, and the
    edge that shows it to a person chooses with `said`. Formatting it into another string
    keeps the English alone: build a `Both` around it instead.

    Examples
    --------
    >>> told = Both("没有这个文件", "no such file")
    >>> told, said(told, "zh")
    ('no such file', '没有这个文件')
    """

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, zh: str, en: str) -> Both:
        """Return the text that is `zh` in Chinese and `en` in English."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def said(text: str, language: Language) -> str:
    """Return `text` in that language, where it is known in both; else as it is."""
    return text.zh if language == "zh" and isinstance(text, Both) else str(text)


def message_of(error: BaseException) -> str:
    """Return what an error says, in both languages where it was raised with both."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Both) else str(error)


def one_of(names: Iterable[str]) -> Both:
    """Return the words for a choice among `names`.

    >>> one_of(["zh", "en"])
    'one of zh, en'
    """
    listed = ", ".join(names)
    return Both(f"以下之一：{listed}", f"one of {listed}")


def meant(written: str, names: Mapping[str, str]) -> str | None:
    """Return the name that was probably meant, by itself or by what it is called in Chinese.

    >>> meant("complain", {"complaint": "投诉"}), meant("投诉", {"complaint": "投诉"}), meant("x", {"complaint": ""})
    ('complaint', 'complaint', None)
    """
    words = {**{called: name for name, called in names.items()}, **{name: name for name in names}}
    close = get_close_matches(written.strip().lower(), words, n=1, cutoff=0.5)
    return words[close[0]] if close else None


NOTHING = Both("什么也没有", "nothing")
A_MAPPING = Both("键值对（键: 值）", "a mapping of keys to values")
