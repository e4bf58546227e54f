"""Who an owner is on a platform: one look-up for every form of a message."""

from __future__ import annotations

from collections.abc import Mapping


def id_of(owner: str, ids: Mapping[str, str]) -> str | None:
    """Return the platform's id of `owner`, written with or without ``@``; None where none is known.

    >>> id_of("@lead", {"lead": "ou_1"})
    'ou_1'
    """
    return ids.get(owner) or ids.get(owner.removeprefix("@")) or None
