"""Fold text to one form for matching: width, case, traditional to simplified."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol

import opencc

_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter() -> _Converter:
    converter: _Converter = opencc.OpenCC("t2s")
    return converter


def _simplified(text: str) -> str:
    simplified = _converter().convert(text)
    # 薴 becomes 苧, which is itself the traditional form of 苎.
    return simplified if simplified == text else _converter().convert(simplified)


def fold(text: str) -> str:
    """Return `text` in the form in which keywords and posts are compared.

    Width by Unicode NFKC, case by case folding, traditional characters by OpenCC's
    ``t2s``; zero-width characters, with which posts dodge filters, are dropped and
    runs of white space become one space.

    Examples
    --------
    >>> fold("ＡＰＰＬＥ  蘋果手機")
    'apple 苹果手机'
    """
    text = _INVISIBLE.sub("", text)
    if text.isascii():
        text = text.casefold()
    else:
        # Invisible characters go first and case folding takes characters apart: each would
        # otherwise leave forms that only a second folding brings together.
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = _simplified(text)
    return _SPACE.sub(" ", text).strip()
