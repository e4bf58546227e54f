"""Hot lists (热搜) as open collectors write them: one snapshot a line, or one entry a line.

Read are the answers of DailyHotApi (``{"name": "weibo", "updateTime": …, "data": [{"title", "url",
"hot"}, …]}``) and of NewsNow (``{"id": "weibo", "updatedTime": …, "items": [{"title", "url"}, …]}``), in
which the order is the rank, and entries ``{"platform", "title", "rank", "time"}``. Each entry
becomes a mention of kind `hot`: it matches watches, and counts as nobody's post.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from config.records import Kind, Mention
from streams.feeds.formats.platforms import ALIASES
from streams.feeds.formats.rejected import Code, Rejected, missing
from streams.feeds.formats.times import parse_time
from streams.feeds.formats.values import as_id, as_name, as_text

FORM: Final = "hotlist"
MOST: Final = 200
"""Entries of a snapshot that are read; the longest lists have 100."""
LONGEST_TITLE: Final = 200
_LISTS: Final = ("data", "items")
_TIMES: Final = ("updateTime", "updatedTime", "update_time", "time", "timestamp", "captured_at", "created_at")
_NAMES: Final = ("platform", "source", "name", "id")
_RANKS: Final = ("rank", "position", "index")
_ENDINGS: Final = ("-hot-search", "-hotsearch", "-hotlist", "-hot", "-realtime")


@dataclass(frozen=True, slots=True)
class HotSnapshot:
    """The entries of one snapshot, in the order of the list."""

    entries: tuple[Mention, ...]


def recognise(row: Mapping[str, Any]) -> bool:
    """Return whether `row` is a snapshot or an entry of a hot list."""
    if _entries(row) is not None:
        return _first(row, _TIMES) is not None or as_id(row.get("name")) is not None
    return "rank" in row and "title" in row and not {"text", "id"} & row.keys()


def parse(row: Mapping[str, Any], feed: str | None = None) -> HotSnapshot | Rejected:
    """Return the entries of a row that was recognised.

    An entry without a title is left out, for its neighbours' places are told all the same.
    """
    platform = as_id(_first(row, _NAMES))
    if platform is None:
        return missing("platform", FORM)
    platform = platform_of(platform)
    if len(platform) > 40:
        return Rejected(Code.WRONG_TYPE, f"{FORM}: platform has {len(platform)} characters; 40 at most")
    written = _first(row, _TIMES)
    if written is None:
        return missing("time", FORM)
    at = parse_time(written)
    if at is None:
        return Rejected(
            Code.BAD_TIME,
            f"{FORM}: the snapshot's time is {str(written)[:60]!r}; expected epoch seconds or milliseconds, "
            "ISO 8601, or YYYY-MM-DD HH:MM[:SS] (+08:00)",
        )
    listed = _entries(row)
    if listed is None:
        rank = _rank(row)
        if rank is None:
            return Rejected(
                Code.WRONG_TYPE, f"{FORM}: rank is {str(row['rank'])[:60]!r}; expected a whole number from 1"
            )
        entry = _entry(row, platform, at, rank, feed)
        return missing("title", FORM) if entry is None else HotSnapshot((entry,))
    found = []
    for place, one in enumerate(listed[:MOST], 1):
        entry = _entry(one, platform, at, _rank(one) or place, feed) if isinstance(one, Mapping) else None
        if entry is not None:
            found.append(entry)
    if listed and not found:
        return missing("title", FORM)
    return HotSnapshot(tuple(found))


def platform_of(source: str) -> str:
    """Return the platform that a collector's name of a list stands for.

    >>> platform_of("bilibili-hot-search"), platform_of("weibo"), platform_of("baidu")
    ('bili', 'weibo', 'baidu')
    """
    name = source.lower()
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return ALIASES.get(name, name)


def _entries(row: Mapping[str, Any]) -> list[Any] | None:
    for key in _LISTS:
        listed = row.get(key)
        if isinstance(listed, list) and (
            not listed or any(isinstance(one, Mapping) and "title" in one for one in listed)
        ):
            return listed
    return None


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _rank(row: Mapping[str, Any]) -> int | None:
    written = _first(row, _RANKS)
    if isinstance(written, str) and written.strip().isdecimal():
        written = int(written.strip()[:9])
    if isinstance(written, bool) or not isinstance(written, int):
        return None
    return written if 1 <= written <= 10_000 else None


def _entry(row: Mapping[str, Any], platform: str, at: float, rank: int, feed: str | None) -> Mention | None:
    title = as_text(row.get("title"))[:LONGEST_TITLE]
    if not title:
        return None
    digest = blake2b(title.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return Mention(
        platform=platform,
        id=f"hot:{digest}:{at:.0f}",
        text=title,
        created_at=at,
        kind=Kind.HOT,
        rank=rank,
        url=as_name(row.get("url")) or as_name(row.get("mobileUrl")),
        feed=feed,
    )
