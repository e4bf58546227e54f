"""Any bytes are a mention or a rejection that says why."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author, Kind, Mention, encode
from config.settings import PipelineSettings
from streams.decoding import LONGEST_FIELD, Rejection, decode_mention

NOW = 1_700_000_000.0
LIMITS = PipelineSettings()
GOOD = {"platform": "weibo", "id": "1", "text": "青山茶饮", "created_at": NOW}
CODES = {
    "empty", "wrong_type", "encoding", "broken_json", "version", "identity", "field_too_long",
    "text_too_long", "created_at",
}  # fmt: skip


def good(**changed: object) -> bytes:
    return msgspec.json.encode({**GOOD, **changed})


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_raise(data: bytes) -> None:
    found = decode_mention(data, LIMITS, NOW)
    assert isinstance(found, Rejection)
    assert found.code in CODES
    assert found.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*Mention.__struct_fields__]), JSON)
def test_any_value_in_any_field_is_a_mention_or_a_rejection(field: str, value: object) -> None:
    try:
        data = good(**{field: value})
    except (UnicodeEncodeError, ValueError):  # a lone surrogate has no JSON in UTF-8
        return
    found = decode_mention(data, LIMITS, NOW)
    assert isinstance(found, Mention) or found.code in CODES


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)


@given(
    st.builds(
        Mention, platform=NAME, id=NAME, text=TEXT, kind=st.sampled_from(Kind), parent_id=st.none() | NAME,
        root_id=st.none() | NAME, title=st.none() | TEXT, reposts=st.none() | st.integers(0, 2**40),
        created_at=st.floats(LIMITS.earliest, NOW + LIMITS.future),
        author=st.none() | st.builds(Author, id=NAME, name=st.none() | TEXT, followers=st.integers(0, 2**40)),
    )
)  # fmt: skip
def test_what_a_producer_encodes_comes_back(mention: Mention) -> None:
    assert decode_mention(encode(mention), LIMITS, NOW) == mention


def test_unknown_fields_of_a_newer_producer_are_ignored() -> None:
    assert isinstance(decode_mention(good(colour="red"), LIMITS, NOW), Mention)


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (None, "empty", "no value"),
        (b"", "empty", "no value"),
        (good()[:-1], "broken_json", "truncated"),
        (b"not json", "broken_json", "malformed"),
        (good() + good(), "broken_json", "trailing"),
        (b"[]", "wrong_type", "object"),
        (b"null", "wrong_type", "object"),
        (b"{}", "wrong_type", "platform"),
        (good(id=1), "wrong_type", "$.id"),
        (good(text=None), "wrong_type", "$.text"),
        (good(created_at="2023-11-15"), "wrong_type", "$.created_at"),
        (good(created_at=None), "wrong_type", "$.created_at"),
        (good(kind="story"), "wrong_type", "$.kind"),
        (good(author={"id": 5}), "wrong_type", "$.author.id"),
        (good(author="小明"), "wrong_type", "$.author"),
        (good(likes=1.5), "wrong_type", "$.likes"),
        (good().replace(b"1700000000.0", b"NaN"), "broken_json", "invalid character"),
        (good().replace(b"1700000000.0", b"Infinity"), "broken_json", "invalid character"),
        (good().replace(b"1700000000.0", b"1e999"), "wrong_type", "out of range"),
        (good().replace(b"1700000000.0", b"-1e300"), "created_at", "before"),
        (good(text="茶").decode().encode("gbk"), "encoding", "0xb2"),
        (good().decode().encode("utf-16"), "encoding", "0xff at 0"),
        (b"\x00\x01\x02", "broken_json", "malformed"),
        (good(text="TEXT").replace(b"TEXT", b"\\ud800"), "broken_json", "surrogate"),
        (good(text="TEXT").replace(b"TEXT", b"\xed\xa0\x80"), "encoding", "not UTF-8"),
        (good(text="茶" * 1_000_000), "text_too_long", "1000000 characters"),
        (good(text="茶", title="茶" * 20_000), "text_too_long", "20001 characters"),
        (good(created_at=0), "created_at", "before"),
        (good(created_at=4_070_908_800), "created_at", "after now"),
        (good(created_at=NOW * 1000), "created_at", "not milliseconds"),
        (good(created_at=NOW + LIMITS.future + 1), "created_at", "after now"),
        (good(id=""), "identity", "empty"),
        (good(id=" \t"), "identity", "empty"),
        (good(platform=""), "identity", "empty"),
        (good(id="1" * 201), "identity", "longer"),
        (good(platform="w" * 41), "identity", "longer"),
        (good(url="u" * (LONGEST_FIELD + 1)), "field_too_long", "url has 2001"),
        (good(parent_id="1" * 100_000), "field_too_long", "parent_id"),
        (good(author={"id": "1" * 100_000}), "field_too_long", "author.id"),
        (good(v=2), "version", "update the workers"),
        (b"[" * 1_000_000, "wrong_type", "array"),
        (b'{"a":' * 100_000, "broken_json", "recursion"),
        (good(deep=0)[:-2] + b"[" * 100_000 + b"}", "broken_json", "recursion"),
    ],
)  # fmt: skip
def test_each_malformed_message_has_its_code_and_reason(data: bytes | None, code: str, told: str) -> None:
    found = decode_mention(data, LIMITS, NOW)
    assert isinstance(found, Rejection)
    assert found.code == code
    assert told in found.reason
    assert len(found.reason) < 500


@pytest.mark.parametrize(
    ("data", "identity"),
    [(good(v=2), "weibo:1"), (good(created_at=0), "weibo:1"), (good(likes="many"), "weibo:1"),
     (good(id=1), None), (b"{", None), (good()[:-1], None)],
)  # fmt: skip
def test_a_rejection_knows_whose_it_is_wherever_that_can_be_read(data: bytes, identity: str | None) -> None:
    found = decode_mention(data, LIMITS, NOW)
    assert isinstance(found, Rejection)
    assert found.mention_id == identity


@pytest.mark.parametrize("at", [LIMITS.earliest, NOW, NOW + LIMITS.future])
def test_the_bounds_of_time_are_inside(at: float) -> None:
    assert isinstance(decode_mention(good(created_at=at), LIMITS, NOW), Mention)


def test_the_longest_text_is_inside() -> None:
    assert isinstance(decode_mention(good(text="茶" * LIMITS.max_text), LIMITS, NOW), Mention)
