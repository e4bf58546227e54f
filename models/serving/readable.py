"""Can a Chinese classifier read this text at all?

Unreadable are texts without Chinese (no Han character, no emoji that the model knows), too short ones (one
character) and those in which other scripts outweigh the Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from models.normalise import LINK, MENTION, is_readable

LEAST_SIGNS: Final = 2
"""Chinese characters that a text must hold; an emoticon, and an emoji that the model knows, count as two."""

MOST_FOREIGN: Final = 3
"""Foreign words that a Chinese character may bear with it; of kana and other letters without spaces one."""

_WRITTEN: Final = re.compile(f"{MENTION}|{LINK}")
_HAN: Final = re.compile("[\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_EMOTICON: Final = re.compile(r"\[[^\W\d_]{1,8}\]")  # Weibo's: [允悲], but also [doge] and [good]
_WORD: Final = re.compile(r"[^\W\d_]+")


def can_read(text: str, knows: Callable[[str], bool]) -> bool:
    """Say whether a normalised text holds enough Chinese to be classified.

    Parameters
    ----------
    knows
        Whether the model's tokeniser has a piece for a sign of its own; an emoji it has none for says nothing.
    """
    if not is_readable(text):
        return False
    own = _WRITTEN.sub(" ", text)
    emoticons = len(_EMOTICON.findall(own))
    own = _EMOTICON.sub(" ", own)
    signs = sum(1 for sign in own if unicodedata.category(sign) == "So" and knows(sign))
    chinese = len(_HAN.findall(own)) + 2 * (emoticons + signs)
    unspaced = len(_UNSPACED.findall(own))
    words = len(_WORD.findall(_UNSPACED.sub(" ", _HAN.sub(" ", own))))
    return chinese >= LEAST_SIGNS and unspaced <= chinese and words <= MOST_FOREIGN * chinese
