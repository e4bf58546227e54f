"""Names and passwords that stand inside addresses: found, hidden and taken out."""

from __future__ import annotations

import re
from typing import Final

# The second form is a password with a slash in it: what follows the colon is then no port, and everything
# up to the last @ may belong to it.
_AFTER_SCHEME: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)"
    r"(?:[^\s/?#'\"]*@|[^\s/?#:@'\"]*:(?!\d+(?:[/?#\s'\"),;]|$))[^\s'\"]*@)"
)
_BARE: Final = re.compile(r"[^\s/@:]+:\S*@\S+")
HIDDEN: Final = "***@"


def masked(text: str) -> str:
    """Return `text` with the name and password of every address in it hidden.

    >>> masked("nothing answers at http://admin:PW@127.0.0.1:3000/x")
    'nothing answers at http://***@127.0.0.1:3000/x'
    """
    # Most texts hold no address at all, and a page may hold many.
    return _AFTER_SCHEME.sub(rf"\g<scheme>{HIDDEN}", text) if "://" in text and "@" in text else text


def bare(address: str) -> str:
    """Return an address without name and password.

    >>> bare("https://admin:PW@grafana.example.com/d")
    'https://grafana.example.com/d'
    """
    return _AFTER_SCHEME.sub(r"\g<scheme>", address)


def has_credentials(text: str, address: bool = False) -> bool:
    """Whether a name or password stands in an address in `text`.

    Parameters
    ----------
    address : `text` is one, even where its scheme is left out (``admin:PW@host:9200``).
    """
    return _AFTER_SCHEME.search(text) is not None or (address and _BARE.fullmatch(text.strip()) is not None)
