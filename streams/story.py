"""Which story a mention tells: copies of one text share a story."""

from __future__ import annotations

import hashlib
import re

from streams.folding import fold

_QUOTED = re.compile(r"//\s*@.*$", re.DOTALL)
_NOISE = re.compile(r"https?://\S+|@\S+|\[[^\[\]]{1,8}\]|[^\w\u4e00-\u9fff]|_")
SHORTEST = 8
"""Characters below which two equal texts are no sign of copying ("哈哈哈", "转发微博")."""


def story_of(text: str, own: str) -> str:
    """Return the story of an original post: a hash of its bare words, or `own` where it is too short to tell.

    Links, names, emoticons, punctuation and quoted posts do not count, so a copy with
    another link is the same story.
    """
    bare = _NOISE.sub("", _QUOTED.sub("", fold(text)))
    if len(bare) < SHORTEST:
        return own
    return hashlib.sha256(bare.encode()).hexdigest()[:16]
