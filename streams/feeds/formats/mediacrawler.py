"""MediaCrawler's contents, comments and creators, of every platform and both generations.

A comment is numbered apart from the posts of its platform, so its `Mention.id` is
``comment:<id>``; its `root_id` is the post's id, its `parent_id` the comment or post that it
answers. Zhihu numbers answers, articles and videos apart: ids there are ``answer:<id>`` and so on.
Snapshots of the same note under the same id are given as they come: identity makes them upserts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from config.records import Author, Kind, Mention
from streams.feeds.formats.bvid import video_id
from streams.feeds.formats.platforms import (
    ALIASES,
    AUTHOR_ID,
    AUTHOR_NAME,
    PARENT_ID,
    PLATFORMS,
    Content,
    Platform,
)
from streams.feeds.formats.rejected import Code, Rejected, missing
from streams.feeds.formats.times import parse_time
from streams.feeds.formats.values import as_count, as_id, as_name, as_text


class Item(StrEnum):
    """What a MediaCrawler file holds, by the word in its name."""

    CONTENTS = "contents"
    COMMENTS = "comments"
    CREATORS = "creators"
    DYNAMICS = "dynamics"
    CONTACTS = "contacts"


class Origin(NamedTuple):
    """What a path says of the lines in it; None for what it does not say."""

    platform: str | None
    item: Item | None


_FILE: Final = re.compile(r"(?:^|_)(contents|comments|creators|dynamics|contacts)(?:[_.]|$)")
_CREATOR_FIELDS: Final = {"fans"}.union(*(platform.creator_marks for platform in PLATFORMS.values()))
_WORDS: Final = {**{name: name for name in PLATFORMS}, **ALIASES}
_OFFICIAL: Final = {0: "个人认证", 1: "机构认证"}  # bilibili's own words for official_verify.type


@lru_cache(maxsize=1024)
def origin(path: str) -> Origin:
    """Return what `path` says: ``data/{platform}/jsonl/search_{item}_{date}.jsonl`` and the like."""
    *folders, name = path.replace("\\", "/").lower().split("/")
    found = _FILE.search(name)
    platform = next((_WORDS[word] for word in reversed(folders) if word in _WORDS), None)
    return Origin(platform, Item(found[1]) if found else None)


def recognise(row: Mapping[str, Any], path: str = "") -> tuple[Platform, Item] | None:
    """Return the platform and kind of a MediaCrawler row, or None when it is no such row.

    The row's own fields decide what it is; the path decides between platforms whose rows
    look alike, as long as the row can be of the path's platform at all.
    """
    hinted = PLATFORMS.get(origin(path).platform or "")
    candidates = [*([hinted] if hinted else []), *(p for p in PLATFORMS.values() if p is not hinted)]
    item = _item(row)
    if item is None:
        return None
    for platform in candidates:
        certain = platform is hinted
        if item is Item.CREATORS:
            fits = certain or (
                all(mark in row for mark in platform.creator_marks)
                and not any(mark in row for mark in platform.creator_lacks)
            )
        elif item is Item.COMMENTS:
            comment = platform.comment
            fits = comment.content in row and (certain or all(mark in row for mark in comment.marks))
        elif item is Item.DYNAMICS:
            fits = platform.dynamic is not None
        elif item is Item.CONTACTS:
            fits = True
        else:
            content = platform.content
            fits = content.id in row and (certain or all(mark in row for mark in content.marks))
        if fits:
            return platform, item
    return None


def _item(row: Mapping[str, Any]) -> Item | None:
    if "comment_id" in row:
        return Item.COMMENTS
    if "dynamic_id" in row:
        return Item.DYNAMICS
    if "up_id" in row and "fan_id" in row:
        return Item.CONTACTS
    if "last_modify_ts" not in row and "source_keyword" not in row and "creator_hash" not in row:
        return None
    if any(key in row for key in ("note_id", "aweme_id", "video_id", "content_id")):
        return Item.CONTENTS
    if ("user_id" in row or "creator_hash" in row) and not _CREATOR_FIELDS.isdisjoint(row):
        return Item.CREATORS
    return None


def parse(
    row: Mapping[str, Any], platform: Platform, item: Item, feed: str | None = None
) -> Mention | Author | Rejected:
    """Return the mention or author that a row of `platform` holds."""
    if item is Item.CREATORS:
        return _creator(row, platform)
    if item is Item.COMMENTS:
        return _comment(row, platform, feed)
    if item is Item.DYNAMICS and platform.dynamic is not None:
        return _content(row, platform, platform.dynamic, feed)
    if item is Item.CONTENTS:
        return _content(row, platform, platform.content, feed)
    return Rejected(Code.UNSUPPORTED, f"MediaCrawler {platform.name} {item}: neither posts nor authors")


def _content(
    row: Mapping[str, Any], platform: Platform, fields: Content, feed: str | None
) -> Mention | Rejected:
    form = f"MediaCrawler {platform.name} contents"
    identity = _content_id(row, platform, fields.id, fields.kind_of_id)
    if identity is None:
        return missing(fields.id, form)
    created_at = parse_time(row.get(fields.time))
    if created_at is None:
        return _bad_time(row, fields.time, form)
    title = as_text(row.get(fields.title)) if fields.title else ""
    body = next((text for name in fields.body if (text := as_text(row.get(name)))), "")
    if body.startswith(title):  # several platforms have no title and repeat the text's beginning
        title = ""
    return Mention(
        platform=platform.name,
        id=fields.prefix + identity,
        text=f"{title}\n{body}" if title and body else title or body,
        created_at=created_at,
        kind=Kind.POST,
        author=_author(row),
        title=title or None,
        url=as_name(row.get(fields.url)),
        reposts=_count(row, fields.reposts),
        comments=_count(row, fields.comments),
        likes=_count(row, fields.likes),
        feed=feed,
        source_keyword=as_name(row.get("source_keyword")),
    )


def _comment(row: Mapping[str, Any], platform: Platform, feed: str | None) -> Mention | Rejected:
    fields = platform.comment
    form = f"MediaCrawler {platform.name} comments"
    identity = as_id(row.get("comment_id"))
    if identity is None:
        return missing("comment_id", form)
    post = _content_id(row, platform, fields.content, fields.kind_of_content)
    if post is None:
        return missing(fields.content, form)
    created_at = parse_time(row.get(fields.time))
    if created_at is None:
        return _bad_time(row, fields.time, form)
    parent = next((known for name in PARENT_ID if (known := as_id(row.get(name)))), "0")
    # Weibo gives a first-level comment its own id as the root of its branch.
    answers_post = parent in ("0", identity)
    return Mention(
        platform=platform.name,
        id=f"comment:{identity}",
        text=as_text(row.get("content")),
        created_at=created_at,
        kind=Kind.COMMENT,
        parent_id=post if answers_post else f"comment:{parent}",
        root_id=post,
        author=_author(row),
        url=as_name(row.get(fields.url)) if fields.url else None,
        comments=as_count(row.get("sub_comment_count")),
        likes=_count(row, fields.likes),
        feed=feed,
    )


def _creator(row: Mapping[str, Any], platform: Platform) -> Author | Rejected:
    identity = _author_id(row)
    if identity is None:
        return missing("user_id", f"MediaCrawler {platform.name} creators")
    official = as_id(row.get("is_official"))
    kind = {"-1": -1, "0": 0, "1": 1}.get(official or "")
    fans = row.get("fans", row.get("total_fans"))
    return Author(
        id=identity,
        platform=platform.name,
        name=next((name for key in AUTHOR_NAME if (name := as_name(row.get(key)))), None),
        followers=as_count(fans),
        friends=as_count(row.get("follows")),
        statuses=as_count(row.get("videos_count")),
        verified=None if kind is None else kind >= 0,
        badge=None if kind is None else _OFFICIAL.get(kind),
        updated_at=parse_time(row.get("last_modify_ts")),
    )


def _content_id(row: Mapping[str, Any], platform: Platform, field: str, series: str | None) -> str | None:
    identity = as_id(row.get(field))
    if identity is None or identity == "0":
        return None
    if platform.name == "bili":
        return video_id(identity)
    word = as_id(row.get(series)) if series else None
    return f"{word}:{identity}" if word else identity


def _author(row: Mapping[str, Any]) -> Author | None:
    identity = _author_id(row)
    if identity is None:
        return None
    name = next((name for key in AUTHOR_NAME if (name := as_name(row.get(key)))), None)
    return Author(id=identity, name=name)


def _author_id(row: Mapping[str, Any]) -> str | None:
    for key in AUTHOR_ID:
        known = as_id(row.get(key))
        if known is not None and known != "0":
            return _of_link(known) if key == "user_link" else known
    return None


def _of_link(link: str) -> str:
    """Return the id or name inside a link to a tieba profile, or the link itself."""
    try:
        query = parse_qs(urlsplit(link).query)
    except ValueError:
        return link
    return next((query[key][0] for key in ("id", "un") if query.get(key)), link)


def _count(row: Mapping[str, Any], field: str | None) -> int | None:
    return as_count(row.get(field)) if field else None


def _bad_time(row: Mapping[str, Any], field: str, form: str) -> Rejected:
    if as_text(row.get(field)) == "" and not row.get(field):
        return missing(field, form)
    return Rejected(Code.BAD_TIME, f"{form}: {field} is {str(row[field])[:60]!r}, which is no time")
