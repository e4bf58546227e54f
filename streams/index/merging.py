"""Two reports of one author become one profile: newer values win, absent ones erase nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from config.records import Author


def merge_authors(known: Author | None, new: Author) -> Author:
    """Return what is known of an author after hearing `new`.

    Of two values the one with the later `updated_at` wins; a report without a time, and one of the
    same time, counts as later than what is known already. `updated_at` becomes the later of both.
    """
    if known is None:
        return new
    late, early = new, known
    if new.updated_at is not None and known.updated_at is not None and new.updated_at < known.updated_at:
        late, early = known, new
    merged = {
        name: value if value is not None and value != "" else getattr(early, name)
        for name in Author.__struct_fields__
        if name != "updated_at"
        for value in [getattr(late, name)]
    }
    times = [at for at in (known.updated_at, new.updated_at) if at is not None]
    return msgspec.structs.replace(late, **merged, updated_at=max(times, default=None))


def fold_authors(authors: Iterable[Author]) -> dict[str, Author]:
    """Return one profile an id, merged in the order given."""
    merged: dict[str, Author] = {}
    for author in authors:
        merged[author.id] = merge_authors(merged.get(author.id), author)
    return merged
