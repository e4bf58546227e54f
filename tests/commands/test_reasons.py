"""Why a line or post was not taken, in Chinese: of every reason that the parsers and workers really give."""

from __future__ import annotations

import json
import re

import pytest

from config.settings import PipelineSettings
from fengsheng.reasons import in_both
from streams.decoding import Rejection, decode_mention
from streams.feeds.formats import Format, Reading, Rejected, parse_line

NOW = 1_760_000_000.0
OWN = {"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": NOW}


def own(**changed: object) -> bytes:
    return json.dumps(OWN | changed).encode()


@pytest.mark.parametrize(
    ("line", "form", "kept"),
    [
        (own(created_at="昨天 20:01"), "auto", "昨天 20:01"),
        (own(text=None), "auto", "'text'"),
        (own(text=5), "auto", "int"),
        (own(kind="story"), "auto", "story"),
        (own(platform="x" * 41), "auto", "41"),
        (own(id=""), "auto", "'id'"),
        (b"{broken", "auto", "byte 1"),
        (b'{"a": 1', "auto", "truncated"),
        (b"[1]", "auto", "数组"),
        (b"7", "auto", "数"),
        (b'{"a": 1}', "auto", "[a]"),
        (b'{"a": 1}', "fengsheng", "'id'"),
        (b'{"a": 1}', "mediacrawler", "MediaCrawler"),
        (b'{"a": 1}', "hotlist", "docs/feeds.md"),
        (b'{"a": "\xff"}', "auto", "0xff"),
        (b"a\x00b", "auto", "UTF-16"),
        (
            b'{"comment_id": "1", "note_id": "2", "create_time": "soon", "content": "x", "like_count": 1}',
            "auto",
            "soon",
        ),
        (b'{"source": "weibo", "time": "soon", "rank": 1, "title": "x"}', "hotlist", "soon"),
        (b'{"source": "weibo", "time": 1760000000, "rank": "top", "title": "x"}', "hotlist", "top"),
    ],
)
def test_what_a_parser_rejects_is_told_in_chinese(line: bytes, form: str, kept: str) -> None:
    rejected = parse_line(line, "posts.jsonl", Reading(Format(form), "weibo", None))
    assert isinstance(rejected, Rejected)
    check(rejected.reason, kept)
    check(f"posts.jsonl:3: {rejected.reason}", "posts.jsonl:3: ")


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (None, "没有内容"),
        (own(v=99), "99"),
        (own(id=" "), "id"),
        (own(id="1" * 201), "200"),
        (own(url="x" * 2001), "2001"),
        (own(text="长" * 22_004), "22004"),
        (own(created_at=5), "5"),
        (own(id=7), "`$.id`"),
        (own(kind="story"), "`$.kind`"),
        (own(author={"name": "x"}), "`id`"),
        (b'{"id": "1"}', "`platform`"),
        (b"{broken", "byte 1"),
        (own().replace(b"weibo", b"\xff"), "0xff"),
    ],
)
def test_what_a_worker_refuses_is_told_in_chinese(message: bytes | None, kept: str) -> None:
    refused = decode_mention(message, PipelineSettings(), NOW)
    assert isinstance(refused, Rejection)
    check(refused.reason, kept)


def check(reason: str, kept: str) -> None:
    told = in_both(reason)
    assert told == reason
    assert re.search("[一-鿿]{2}", told.zh.replace("青山茶饮", "").replace("昨天", "")), told.zh
    assert kept in told.zh
    assert not re.search(r"expected|more than|missing|found", told.zh), told.zh


def test_a_reason_that_is_not_known_stays_as_it_is() -> None:
    assert in_both("RuntimeError: odd").zh == "RuntimeError: odd"
