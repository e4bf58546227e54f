"""The one text normalisation, used on training rows and on live posts alike.

A model sees at serving exactly what it saw in training only if both pass through the same function, so
nothing else in this package edits text. It is pure, total (any ``str`` in, a ``str`` out, never an error),
idempotent and bounded in length.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, Protocol

MAX_CHARS: Final = 512
"""Longest result, in characters; more than any 128-token input of Chinese needs."""

QUOTED_CHARS: Final = 48
"""Budget for the quoted part of a repost chain when the author wrote words of their own."""

MENTION: Final = "@用户"
LINK: Final = "网页链接"  # what Weibo itself shows in the place of an address

_INPUT_CHARS: Final = 4 * MAX_CHARS
_URL: Final = re.compile(r"(?:https?://|www\.)[\w\-.~:/?#@!$&'()*+,;=%]*", re.ASCII | re.IGNORECASE)
_LINKS: Final = re.compile(rf"{LINK}(?:\s*{LINK})+")
_MENTION: Final = re.compile(r"@[\w\-·]{1,30}")
_MENTIONS: Final = re.compile(rf"{MENTION}(?:[\s、,]*{MENTION})+")
_SPACE: Final = re.compile(r"\s+")
# Digits are spared: 10000 yuan and 100 yuan are different complaints.
_RUN: Final = re.compile(r"([^\d\s])\1{3,}")
# Except where they laugh or cry: 23333 (laughing on the floor), 6666 (well done), 5555 (sobbing); no amount, year or number.
_LAUGH: Final = re.compile(
    r"(?<![\d.,:#¥$A-Za-z-])(?:(23)3{2,}|(6)6{3,}|(5)5{3,})(?![\d.,:%A-Za-z-]|\s?[元块万亿号年楼房分人名次个条])"
)
_LAUGHS: Final = {"23": "233", "6": "666", "5": "555"}
_EMOTICON_RUN: Final = re.compile(r"(\[[^\[\]]{1,8}\])(?:\s*\1){2,}")
_QUOTE: Final = re.compile(rf"\s*//\s*(?={MENTION})")
# The encoder was pretrained on Chinese punctuation; folding it to ASCII would only lose that.
_FOLDABLE: Final = re.compile(r"[^，！？：；（）～…]+")
_EMPTY_REPOST: Final = frozenset({"", "转发微博", "转发", "转", "repost", "Repost", "轉發微博", "快转微博"})
_WRITTEN_BY_PLATFORM: Final = re.compile(
    rf"{MENTION}|{LINK}|^(?:转发微博|快转微博|转发|[Rr]epost|图片评论|分享图片|查看图片)[。.!！ ]*$|回复(?={MENTION})"
)


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter() -> _Converter:
    from opencc import OpenCC

    converter: _Converter = OpenCC("t2s")
    return converter


@cache
def _traditional() -> frozenset[str]:
    """Characters that OpenCC would change; most posts hold none and skip the conversion."""
    convert = _converter().convert
    blocks = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000))
    return frozenset(chr(code) for block in blocks for code in block if convert(chr(code)) != chr(code))


def _simplify(text: str) -> str:
    if _traditional().isdisjoint(text):
        return text
    return _converter().convert(text)


def _characters(text: str) -> str:
    """Width, script and invisible characters."""
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(char) == "Cc" else char
            for char in text
            if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn")
        )
    kept = text.replace("\ufe0f", "")  # asks for an emoji's coloured form
    return _simplify(_FOLDABLE.sub(lambda part: unicodedata.normalize("NFKC", part[0]), kept))


def _quote(text: str) -> str:
    """Own words first, then at most ``QUOTED_CHARS`` of what was reposted."""
    own, *quoted = _QUOTE.split(text, maxsplit=1)
    if not quoted:
        return own
    if own.strip() in _EMPTY_REPOST:
        # Nothing of the author's own: what they pass on is all there is to read.
        return quoted[0].removeprefix(MENTION).lstrip(":： ")
    return f"{own}//{quoted[0][:QUOTED_CHARS]}"


def _once(text: str) -> str:
    text = _characters(text)
    text = _LINKS.sub(LINK, _URL.sub(LINK, text))
    text = _MENTIONS.sub(MENTION, _MENTION.sub(MENTION, text))
    text = _EMOTICON_RUN.sub(r"\1\1", _RUN.sub(r"\1\1\1", text))
    text = _LAUGH.sub(lambda found: _LAUGHS[found[found.lastindex or 0]], text)
    text = _SPACE.sub(" ", text).strip()
    return _quote(text)[:MAX_CHARS].strip()


def is_readable(text: str) -> bool:
    """Say whether a normalised text holds anything to classify.

    User names, links, punctuation and the phrases that a platform writes for the user (``转发微博``) are
    nothing; a word, a number, an emoji or an emoticon is something. Whether a model can read it besides is for
    `models.serving.readable` to say.
    """
    rest = _WRITTEN_BY_PLATFORM.sub("", text)
    return any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in rest)


def normalise(text: str) -> str:
    """Give the form of a post that the classifier reads.

    Full-width letters and digits are folded (NFKC, Chinese punctuation spared), traditional characters become simplified (OpenCC ``t2s``), control
    and invisible characters go, addresses become ``网页链接``, user names ``@用户``, runs of one character
    are cut to three and of one emoticon (``[允悲]``) to two, laughing and crying numbers (``233333``, ``66666``,
    ``55555``) to three digits, white space to one blank. Of a repost chain
    (``own words//@a:quoted//@b:quoted``) the author's own words come whole and the rest is cut to
    ``QUOTED_CHARS``; a repost without own words is read as what it passes on.

    Parameters
    ----------
    text
        Any string, empty and malformed ones included.

    Returns
    -------
    str
        At most ``MAX_CHARS`` characters; ``normalise(normalise(x)) == normalise(x)``.

    Examples
    --------
    >>> normalise("太難喝了！！！！！ @小王 https://t.cn/A6x")
    '太难喝了！！！ @用户 网页链接'
    """
    text = text[:_INPUT_CHARS]
    # Cutting one thing may lay bare another (a run joined by a removed character), so go to the fixed point;
    # every pass but the first only shortens, so this ends.
    for _ in range(_INPUT_CHARS):
        result = _once(text)
        if result == text:
            break
        text = result
    return text
