"""MediaCrawler's rows, all platforms and both generations, found by path and by their keys alone."""

from __future__ import annotations

import msgspec
import pytest

from config.records import Author, Kind, Mention
from streams.feeds.formats import Code, Format, Reading, Rejected, parse_line
from streams.feeds.formats.bvid import video_id
from streams.feeds.formats.mediacrawler import Item, origin
from streams.feeds.formats.platforms import PLATFORMS
from tests.streams.feeds.crawler_rows import CASES, CREATORS, HASH, MS, Case, S


def name(case: Case) -> str:
    return f"{case.platform}-{case.item}-v{case.generation}"


def read(row: dict[str, object], path: str = "") -> Mention | Author | Rejected | None:
    return parse_line(msgspec.json.encode(row), path)


def test_the_cases_cover_every_platform_kind_and_generation() -> None:
    seen = {(case.platform, case.item, case.generation) for case in (*CASES, *CREATORS)}
    items = ("contents", "comments", "creators")
    assert seen == {(platform, item, g) for platform in PLATFORMS for item in items for g in (1, 2)}


@pytest.mark.parametrize("by", ["path", "keys"])
@pytest.mark.parametrize("case", CASES, ids=name)
def test_posts_and_comments(case: Case, by: str) -> None:
    mention = read(case.row, case.path if by == "path" else "dump.jsonl")
    assert isinstance(mention, Mention), mention
    expected = case.expected
    assert mention.platform == case.platform
    assert mention.kind is (Kind.COMMENT if case.item == "comments" else Kind.POST)
    assert (mention.id, mention.text, mention.created_at) == (
        expected["id"],
        expected["text"],
        expected["at"],
    )
    assert mention.author is not None
    assert (mention.author.id, mention.author.name) == (expected["author"], expected["name"])
    assert (mention.parent_id, mention.root_id) == (expected.get("parent"), expected.get("root"))
    for field in ("likes", "comments", "reposts", "title", "url"):
        if field in expected:
            assert getattr(mention, field) == expected[field], field
    assert mention.source_keyword == case.row.get("source_keyword")


@pytest.mark.parametrize("case", CREATORS, ids=name)
def test_creators(case: Case) -> None:
    for path in (case.path, "dump.jsonl"):
        author = read(case.row, path)
        assert isinstance(author, Author), author
        assert author.platform == case.platform
        assert author.updated_at == MS / 1000
        for field, value in case.expected.items():
            assert getattr(author, field) == value, field


def test_a_comment_and_its_post_share_a_thread() -> None:
    for platform in PLATFORMS:
        post, comment = (
            read(case.row, case.path)
            for item in ("contents", "comments")
            for case in CASES
            if (case.platform, case.item, case.generation) == (platform, item, 2)
        )
        assert isinstance(post, Mention)
        assert isinstance(comment, Mention)
        assert post.thread_id == comment.thread_id == post.mention_id


def test_a_comment_never_takes_the_identity_of_a_post_with_its_number() -> None:
    post = read(
        {"note_id": "7", "content": "甲", "create_time": S, "create_date_time": "", "last_modify_ts": MS}
    )
    comment = read(
        {"comment_id": "7", "note_id": "7", "content": "乙", "create_time": S, "create_date_time": ""}
    )
    assert isinstance(post, Mention)
    assert isinstance(comment, Mention)
    assert post.mention_id == "weibo:7"
    assert comment.mention_id == "weibo:comment:7"


@pytest.mark.parametrize("parent", [0, "0", "", None, "None", "c1"])
def test_all_ways_to_say_that_a_comment_answers_the_post(parent: object) -> None:
    comment = read(
        {"comment_id": "c1", "aweme_id": "v", "create_time": S, "content": "嗯", "parent_comment_id": parent}
    )
    assert isinstance(comment, Mention)
    assert (comment.parent_id, comment.root_id) == ("v", "v")


def test_old_tieba_files_misspell_the_parent() -> None:
    comment = read(
        {
            "comment_id": "2",
            "parment_comment_id": "1",
            "note_id": "n",
            "publish_time": "2024-01-15 10:20",
            "content": "顶",
            "tieba_name": "吧",
        }
    )
    assert isinstance(comment, Mention)
    assert (comment.parent_id, comment.root_id) == ("comment:1", "n")


def test_a_later_snapshot_keeps_the_identity() -> None:
    case = CASES[0]
    later = read({**case.row, "liked_count": "2万", "last_modify_ts": MS + 60_000}, case.path)
    first = read(case.row, case.path)
    assert isinstance(first, Mention)
    assert isinstance(later, Mention)
    assert first.mention_id == later.mention_id
    assert (first.likes, later.likes) == (12000, 20000)


def test_bilibili_dynamics_are_posts_and_contacts_are_refused() -> None:
    dynamic = read(
        {
            "dynamic_id": "900",
            "user_id": 1,
            "user_name": "up",
            "text": "停更",
            "pub_ts": S,
            "total_comments": 3,
            "total_forwards": 2,
            "total_liked": 1,
        }
    )
    assert isinstance(dynamic, Mention)
    assert (dynamic.mention_id, dynamic.reposts) == ("bili:dynamic:900", 2)
    contact = read({"up_id": 1, "fan_id": 2, "up_name": "a", "fan_name": "b", "last_modify_ts": MS})
    assert isinstance(contact, Rejected)
    assert contact.code is Code.UNSUPPORTED


@pytest.mark.parametrize(
    ("bvid", "aid"),
    [
        ("BV17x411w7KC", "170001"),
        ("BV1Q541167Qg", "455017605"),
        ("BV1L9Uoa9EUx", "111298867365120"),
        ("av170001", "170001"),
        ("170001", "170001"),
        ("BV1tooShort", "BV1tooShort"),
    ],
)
def test_both_names_of_a_video_are_one(bvid: str, aid: str) -> None:
    assert video_id(bvid) == aid


@pytest.mark.parametrize(
    ("path", "platform", "item"),
    [
        ("data/weibo/jsonl/search_contents_2026-08-01.jsonl", "weibo", Item.CONTENTS),
        ("/x/bilibili/json/creator_creators_2024-01-01.json", "bili", Item.CREATORS),
        ("data/xhs/1_search_comments_2023-10-01.jsonl.gz", "xhs", Item.COMMENTS),
        ("weibo/other.jsonl", "weibo", None),
        ("posts.jsonl", None, None),
    ],
)
def test_what_a_path_says(path: str, platform: str | None, item: Item | None) -> None:
    assert origin(path) == (platform, item)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"note_id": None}, Code.MISSING_FIELD),
        ({"note_id": "None"}, Code.MISSING_FIELD),
        ({"create_time": 0}, Code.MISSING_FIELD),
        ({"create_time": "yesterday"}, Code.BAD_TIME),
        ({"create_time": {"s": 1}}, Code.BAD_TIME),
    ],
)
def test_rows_that_are_no_mention(change: dict[str, object], code: Code) -> None:
    rejected = read({**CASES[0].row, **change}, CASES[0].path)
    assert isinstance(rejected, Rejected)
    assert rejected.code is code
    assert next(iter(change)) in rejected.reason


def test_the_format_can_be_forced() -> None:
    row = msgspec.json.encode({"id": "1", "text": "好", "created_at": S})
    forced = parse_line(row, "", Reading(Format.MEDIACRAWLER))
    assert isinstance(forced, Rejected)
    assert forced.code is Code.UNKNOWN_FORM
    assert HASH not in forced.reason
    crawled = parse_line(msgspec.json.encode(CASES[0].row), "", Reading(Format.FENGSHENG))
    assert isinstance(crawled, Rejected)
    assert "'id'" in crawled.reason
