"""Our own form, its lenient reading from files, and any bytes at all."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author, Kind, Mention, decode, encode
from streams.feeds.formats import Code, Reading, Rejected, parse_line
from tests.streams.feeds.crawler_rows import CASES, CREATORS


def read(row: object, **reading: Any) -> Mention | Author | Rejected | None:
    return parse_line(json.dumps(row).encode(), "own.jsonl", Reading(**reading))


FULL = Mention(
    platform="weibo",
    id="9",
    text="转发微博",
    created_at=1700000000.25,
    kind=Kind.REPOST,
    parent_id="8",
    root_id="7",
    author=Author(
        id="u", name="n", followers=3, friends=2, statuses=1, verified=True, verified_type=-1, badge="黄V"
    ),
    title="t",
    url="https://example.com/9",
    reposts=1,
    comments=2,
    likes=3,
    feed="f",
    source_keyword="k",
)


def test_what_the_topic_takes_a_file_gives_back_unchanged() -> None:
    assert parse_line(encode(FULL)) == FULL == decode(encode(FULL), Mention)


def test_an_author_record() -> None:
    author = Author(id="u", platform="bili", followers=9, updated_at=5.0)
    assert parse_line(encode(author)) == author


def test_research_data_without_a_platform() -> None:
    flat = {
        "author": "a1",
        "followers": 10,
        "friends": 2,
        "statuses": 3,
        "verified": False,
        "verified_type": -1,
    }
    repost = read(
        {
            "id": "b",
            "root": "r",
            "parent": "p",
            "kind": "repost",
            "created_at": 1347334462,
            **flat,
            "likes": 0,
        }
    )
    assert repost == Mention(
        platform="weibo",
        id="b",
        text="",
        created_at=1347334462.0,
        kind=Kind.REPOST,
        parent_id="p",
        root_id="r",
        author=Author(
            id="a1",
            followers=10,
            friends=2,
            statuses=3,
            verified=False,
            verified_type=-1,
            updated_at=1347334462.0,
        ),
        likes=0,
    )


def test_a_post_that_names_itself_as_root_starts_the_thread_and_keeps_its_hidden_authors_reach() -> None:
    post = read({"id": "r", "root": "r", "kind": "post", "created_at": 1, "text": "甲", "followers": 227833})
    assert isinstance(post, Mention)
    assert (post.parent_id, post.root_id, post.thread_id) == (None, None, "weibo:r")
    assert post.author is not None
    assert (post.author.id, post.author.followers) == ("of:r", 227833)


def test_a_repost_that_knows_only_its_root_or_its_parent() -> None:
    for given_id in ("root", "parent", "root_id", "parent_id"):
        repost = read({"id": "b", given_id: "r", "kind": "repost", "created_at": 1})
        assert isinstance(repost, Mention)
        assert (repost.parent_id, repost.root_id) == ("r", "r")


def test_a_post_above_that_is_called_0_is_none() -> None:
    for nothing in (0, "0", None, ""):
        post = read({"id": "b", "root_id": nothing, "parent_id": nothing, "text": "x", "created_at": 1})
        assert isinstance(post, Mention)
        assert (post.parent_id, post.root_id, post.thread_id) == (None, None, "weibo:b")


def test_the_platform_of_lines_that_name_none() -> None:
    row = {"id": 1, "created_at": "2024-05-01 12:30", "text": "x"}
    for platform, expected in (("tieba", "tieba"), ("bilibili", "bili")):
        mention = read(row, platform=platform, feed="forum")
        assert isinstance(mention, Mention)
        assert (mention.mention_id, mention.feed) == (f"{expected}:1", "forum")


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ({"platform": "weibo", "id": ""}, Code.MISSING_FIELD, "'id'"),
        ({"platform": "weibo", "id": "1", "text": "x"}, Code.MISSING_FIELD, "'created_at'"),
        ({"id": "1", "created_at": 1}, Code.MISSING_FIELD, "'text'"),
        ({"id": "1", "created_at": "soon", "text": "x"}, Code.BAD_TIME, "'soon'"),
        ({"id": "1", "created_at": 1, "text": 5}, Code.WRONG_TYPE, "int"),
        ({"id": "1", "created_at": 1, "text": "x", "kind": "like"}, Code.WRONG_TYPE, "'like'"),
        ({"platform": "p" * 41, "id": "1", "created_at": 1, "text": "x"}, Code.WRONG_TYPE, "41"),
        ({"hello": "world"}, Code.UNKNOWN_FORM, "hello"),
        ([1], Code.NOT_AN_OBJECT, "array"),
        ("x", Code.NOT_AN_OBJECT, "string"),
        (None, Code.NOT_AN_OBJECT, "null"),
    ],
)
def test_rejections_name_what_was_found(row: object, code: Code, said: str) -> None:
    rejected = read(row)
    assert isinstance(rejected, Rejected)
    assert rejected.code is code
    assert said in rejected.reason


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"id": 1', Code.NOT_JSON),
        (b"\xff\xfe{\x00", Code.NUL_BYTES),
        (b'{"id":"\x00"}', Code.NUL_BYTES),
        ('{"text":"青山"}'.encode("gbk"), Code.NOT_UTF8),
        (b'{"text":"\\ud800"}', Code.NOT_JSON),
        (b"[" * 100_000, Code.NOT_JSON),
        (b'{"id":1e999}', Code.NOT_JSON),
    ],
)
def test_broken_lines(line: bytes, code: Code) -> None:
    rejected = parse_line(line)
    assert isinstance(rejected, Rejected)
    assert rejected.code is code


@pytest.mark.parametrize("line", [b"", b"\r\n", b"  \t\n", b"\xef\xbb\xbf\r\n"])
def test_blank_lines_are_nothing(line: bytes) -> None:
    assert parse_line(line) is None


def test_a_byte_order_mark_and_crlf_are_no_matter() -> None:
    assert parse_line(b"\xef\xbb\xbf" + encode(FULL) + b"\r\n") == FULL


@given(st.binary())
def test_any_bytes_never_raise(data: bytes) -> None:
    assert isinstance(parse_line(data), Mention | Author | Rejected | None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = sorted({key for case in (*CASES, *CREATORS) for key in case.row} | set(Mention.__struct_fields__))
PATHS = ["x.jsonl", *(case.path for case in CASES)]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12), st.sampled_from(PATHS))
def test_any_values_under_known_keys_never_raise_and_what_comes_out_is_valid(
    row: dict[str, Any], path: str
) -> None:
    try:
        line = json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    parsed = parse_line(line, path)
    assert parsed is not None
    if isinstance(parsed, Mention):
        assert decode(encode(parsed), Mention) == parsed
        assert len(parsed.id) <= 200
        assert parsed.id
    elif isinstance(parsed, Author):
        assert msgspec.json.decode(encode(parsed), type=Author) == parsed


@given(st.sampled_from((*CASES, *CREATORS)), st.data())
def test_a_crawled_row_with_one_field_spoilt_never_raises(case: Any, data: st.DataObject) -> None:
    row = {**case.row, data.draw(st.sampled_from(sorted(case.row))): data.draw(VALUES)}
    parsed = parse_line(json.dumps(row).encode(), case.path)
    assert parsed is not None
