"""What MediaCrawler calls things on each platform: one table, no code.

Field names were read from MediaCrawler's stores before and after its break of 2026-07-01,
which replaced user ids by `creator_hash` and dropped fans, places and pictures. A name that
only one generation writes simply finds nothing in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AUTHOR_ID: Final = ("user_id", "creator_hash", "user_link")
"""Where an author's id stands; old tieba files give only the link to the profile."""

AUTHOR_NAME: Final = ("nickname", "user_nickname", "user_name")
PARENT_ID: Final = ("parent_comment_id", "parment_comment_id")  # old tieba files misspell it


@dataclass(frozen=True, slots=True)
class Content:
    """Fields of a post: `marks` are fields that together tell its platform without a path."""

    id: str
    time: str
    marks: tuple[str, ...]
    title: str | None = None
    body: tuple[str, ...] = ("desc",)
    url: str = "note_url"
    reposts: str | None = "share_count"
    comments: str | None = "comment_count"
    likes: str | None = "liked_count"
    kind_of_id: str | None = None
    """Field that says which series an id is counted in, where a platform has several."""
    prefix: str = ""
    """Put before the id, for what is numbered apart from the platform's posts."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Fields of a comment; `content` names the post that it answers."""

    content: str
    time: str
    marks: tuple[str, ...]
    likes: str | None = "like_count"
    kind_of_content: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform; creator files are told apart by what they have and what they lack."""

    name: str
    content: Content
    comment: Comment
    creator_marks: tuple[str, ...]
    creator_lacks: tuple[str, ...] = ()
    dynamic: Content | None = None


PLATFORMS: Final[dict[str, Platform]] = {
    platform.name: platform
    for platform in (
        Platform(
            "weibo",
            Content(
                id="note_id",
                time="create_time",
                marks=("create_date_time",),
                body=("content",),
                reposts="shared_count",
                comments="comments_count",
            ),
            Comment("note_id", "create_time", marks=("create_date_time",), likes="comment_like_count"),
            creator_marks=("tag_list",),
            creator_lacks=("interaction",),
        ),
        Platform(
            "douyin",
            Content(id="aweme_id", time="create_time", marks=(), title="title", url="aweme_url"),
            Comment("aweme_id", "create_time", marks=()),
            creator_marks=("videos_count",),
        ),
        Platform(
            "bili",
            Content(
                id="video_id",
                time="create_time",
                marks=("video_danmaku",),
                title="title",
                url="video_url",
                reposts="video_share_count",
                comments="video_comment",
            ),
            Comment("video_id", "create_time", marks=("parent_comment_id",)),
            creator_marks=("total_liked",),
            dynamic=Content(
                id="dynamic_id",
                time="pub_ts",
                marks=("total_forwards",),
                body=("text",),
                url="",
                reposts="total_forwards",
                comments="total_comments",
                likes="total_liked",
                prefix="dynamic:",
            ),
        ),
        Platform(
            "kuaishou",
            Content(
                id="video_id",
                time="create_time",
                marks=("viewd_count",),
                title="title",
                url="video_url",
                reposts=None,
                comments=None,
            ),
            Comment("video_id", "create_time", marks=(), likes=None),
            creator_marks=("interaction",),
            creator_lacks=("tag_list", "videos_count"),
        ),
        Platform(
            "tieba",
            Content(
                id="note_id",
                time="publish_time",
                marks=("tieba_name",),
                title="title",
                reposts=None,
                comments="total_replay_num",
                likes=None,
            ),
            Comment("note_id", "publish_time", marks=("tieba_name",), likes=None, url="note_url"),
            creator_marks=("registration_duration",),
        ),
        Platform(
            "zhihu",
            Content(
                id="content_id",
                time="created_time",
                marks=(),
                title="title",
                body=("content_text", "desc"),
                url="content_url",
                reposts=None,
                likes="voteup_count",
                kind_of_id="content_type",
            ),
            Comment("content_id", "publish_time", marks=(), kind_of_content="content_type"),
            creator_marks=("get_voteup_count",),
        ),
        # Last: a comment that has a note_id and nothing of another platform is Xiaohongshu's.
        Platform(
            "xhs",
            Content(id="note_id", time="time", marks=("collected_count",), title="title"),
            Comment("note_id", "create_time", marks=()),
            creator_marks=("interaction", "tag_list"),
        ),
    )
}
ALIASES: Final = {
    "bilibili": "bili",
    "xiaohongshu": "xhs",
    "dy": "douyin",
    "ks": "kuaishou",
    "wb": "weibo",
}
"""Other words for a platform, in paths and in ``--platform``."""
