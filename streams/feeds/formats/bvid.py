"""Bilibili's two names of one video: "BV…" and the number that comments refer to.

Source of the constants and of the formula: SocialSisterYi/bilibili-API-collect, docs/misc/bvid_desc.
"""

from __future__ import annotations

import re
from typing import Final

_ALPHABET: Final = "FcwAPNKTMug3GV5Lj7EJnHpWsx4tb8haYeviqBz6rkCy12mUSDQX9RdoZf"
_VALUE: Final = {character: number for number, character in enumerate(_ALPHABET)}
_XOR: Final = 23442827791579
_MASK: Final = (1 << 51) - 1
_BVID: Final = re.compile(r"BV1[A-HJ-NP-Za-km-z1-9]{9}")
_AVID: Final = re.compile(r"av(\d{1,16})", re.IGNORECASE)


def video_id(text: str) -> str:
    """Return the number (aid) of a video named by number, "av170001" or "BV17x411w7KC".

    >>> video_id("BV17x411w7KC"), video_id("av170001"), video_id("170001")
    ('170001', '170001', '170001')
    """
    if found := _AVID.fullmatch(text):
        return found[1]
    if not _BVID.fullmatch(text):
        return text
    letters = list(text)
    letters[3], letters[9] = letters[9], letters[3]
    letters[4], letters[7] = letters[7], letters[4]
    number = 0
    for letter in letters[3:]:
        number = number * 58 + _VALUE[letter]
    return str((number & _MASK) ^ _XOR)
