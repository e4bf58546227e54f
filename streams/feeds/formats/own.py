"""Our own JSON Lines form (docs/mention-format.md), read leniently from files.

The topic ``mentions.raw`` takes the form exactly; a file may also leave out `platform`, write
`created_at` in any usual way, counts as text, ids as numbers, and use the flat form of
published research data: `author` as an id with `followers`, `friends`, `statuses`,
`verified`, `verified_type` beside it, `root` and `parent` for `root_id` and `parent_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.records import Author, Kind, Mention
from streams.feeds.formats.rejected import Code, Rejected, missing
from streams.feeds.formats.times import parse_time
from streams.feeds.formats.values import as_count, as_flag, as_id, as_name, as_text

FORM: Final = "fengsheng"
LONGEST_PLATFORM: Final = 40
_KINDS: Final = {kind.value: kind for kind in Kind}
_PROFILE: Final = ("followers", "friends", "statuses", "verified", "verified_type", "badge")
_PROFILE_ONLY: Final = frozenset((*_PROFILE, "name", "updated_at"))
_NOT_AN_AUTHOR: Final = frozenset(("text", "created_at", "kind", "author", "title"))


def is_author(row: Mapping[str, Any]) -> bool:
    """Return whether `row` is an author's profile rather than a mention."""
    return "id" in row and not _NOT_AN_AUTHOR & row.keys() and bool(_PROFILE_ONLY & row.keys())


def parse(
    row: Mapping[str, Any], platform: str = "weibo", feed: str | None = None
) -> Mention | Author | Rejected:
    """Return the mention or author that `row` holds.

    Parameters
    ----------
    row : one decoded line.
    platform : taken where the row names none.
    feed : name of the feed, kept where the row names none.
    """
    here = as_id(row.get("platform")) or platform
    if len(here) > LONGEST_PLATFORM:
        return Rejected(Code.WRONG_TYPE, f"{FORM}: platform has {len(here)} characters; 40 at most")
    if is_author(row):
        return _author(row, here) or missing("id", FORM)
    identity = as_id(row.get("id"))
    if identity is None:
        return missing("id", FORM)
    if "created_at" not in row:
        return missing("created_at", FORM)
    created_at = parse_time(row["created_at"])
    if created_at is None:
        return Rejected(
            Code.BAD_TIME,
            f"{FORM}: created_at is {str(row['created_at'])[:60]!r}; expected epoch seconds or "
            "milliseconds, ISO 8601, or YYYY-MM-DD HH:MM[:SS] (+08:00)",
        )
    kind = _KINDS.get(str(row.get("kind") or "post"))
    if kind is None:
        return Rejected(
            Code.WRONG_TYPE,
            f"{FORM}: kind is {str(row['kind'])[:60]!r}; expected post, repost, comment or hot",
        )
    text = row.get("text")
    if text is None:
        # A repost or an answer by picture carries no words of its own; a post must say something.
        if kind is Kind.POST and not as_text(row.get("title")):
            return missing("text", FORM)
    elif not isinstance(text, str):
        return Rejected(Code.WRONG_TYPE, f"{FORM}: text is {type(text).__name__}; expected a string")
    root = _above(row.get("root_id", row.get("root")), identity)
    parent = _above(row.get("parent_id", row.get("parent")), identity)
    return Mention(
        platform=here,
        id=identity,
        text=as_text(text),
        created_at=created_at,
        kind=kind,
        parent_id=parent or root,
        root_id=root or parent,
        author=_mention_author(row, identity, created_at),
        title=as_name(row.get("title")),
        url=as_name(row.get("url")),
        reposts=as_count(row.get("reposts")),
        comments=as_count(row.get("comments")),
        likes=as_count(row.get("likes")),
        feed=as_name(row.get("feed")) or feed,
        source_keyword=as_name(row.get("source_keyword")),
        rank=_place(row.get("rank")) if kind is Kind.HOT else None,
    )


def _above(value: object, identity: str) -> str | None:
    """Give the id of a post above this one; 0 and its own id are how exports say that there is none."""
    found = as_id(value)
    return None if found in ("0", identity) else found


def _mention_author(row: Mapping[str, Any], identity: str, created_at: float) -> Author | None:
    author = row.get("author")
    if isinstance(author, Mapping):
        return _author(author, "")
    known = as_id(author)
    flat = any(row.get(field) is not None for field in _PROFILE)
    if known is None and not flat:
        return None
    if not flat:
        return Author(id=known or "")
    # Research data may hide who wrote a post and still give the reach of that account:
    # such an account stands for itself alone, so its id is made of the post's.
    return Author(
        id=known or f"of:{identity}",
        followers=as_count(row.get("followers")),
        friends=as_count(row.get("friends")),
        statuses=as_count(row.get("statuses")),
        verified=as_flag(row.get("verified")),
        verified_type=_small(row.get("verified_type")),
        badge=as_name(row.get("badge")),
        updated_at=created_at,
    )


def _author(row: Mapping[str, Any], platform: str) -> Author | None:
    identity = as_id(row.get("id"))
    if identity is None:
        return None
    return Author(
        id=identity,
        platform=as_id(row.get("platform")) or platform,
        name=as_name(row.get("name")),
        followers=as_count(row.get("followers")),
        friends=as_count(row.get("friends")),
        statuses=as_count(row.get("statuses")),
        verified=as_flag(row.get("verified")),
        verified_type=_small(row.get("verified_type")),
        badge=as_name(row.get("badge")),
        updated_at=parse_time(row.get("updated_at")),
    )


def _place(value: object) -> int | None:
    place = as_count(value)
    return place if place else None


def _small(value: object) -> int | None:
    """Return Weibo's verified_type, which may be -1 and may be written as text."""
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ValueError:
        return None
    return number if number is not None and -1 <= number <= 1000 else None
