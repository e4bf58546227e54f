"""Make foreign text fit for a message: one line, no control characters, a bounded length."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote, urlsplit

_SPACE: Final = re.compile(r"\s+")
# Cc could drive the terminal, bidirectional controls could reverse the text around them.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_URL_SAFE: Final = "%/:?#[]@!$&'()*+,;=~-._"
MAX_URL: Final = 600


def one_line(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters, with ``…`` where it was cut."""
    flat = _SPACE.sub(" ", text).strip()
    kept = "".join(c for c in flat if c not in _BIDI and unicodedata.category(c) not in ("Cc", "Cs"))
    kept = kept.strip()
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def web_address(url: str | None) -> str | None:
    """Return `url` if it is an http(s) address that may be linked, its odd characters encoded.

    Anything else (another scheme, no host, over 600 characters) gives None: a link that
    can't be trusted is left out, not repaired.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
        encoded = quote(url.strip(), safe=_URL_SAFE)
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not host or len(encoded) > MAX_URL:
        return None
    return encoded
