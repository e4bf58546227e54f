"""Private numbers leave the text, other numbers stay, and authors go under a pseudonym."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.records import Author, Mention
from streams.masking import Pseudonymiser, mask

PRIVATE = [
    "13800138000", "+86 138-0013-8000", "138 0013 8000", "4111111111111111", "4111 1111 1111 1111",
    "6222021234567890128", "11010519491231002X", "wang.li+tea@example.com.cn", "沪A·12345", "粤BD12345",
]  # fmt: skip
BETWEEN = st.text("0123456789 -+@.aX，。沪Ａ１", max_size=6)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打我电话13800138000吧", "打我电话〔手机号〕吧"),
        ("打我电话138 0013 8000吧", "打我电话〔手机号〕吧"),
        ("+86 138-0013-8000", "〔手机号〕"),
        ("电话１３８００１３８０００。", "电话〔手机号〕。"),
        ("身份证11010519491231002X丢了", "身份证〔身份证〕丢了"),
        ("身份证11010519491231002x丢了", "身份证〔身份证〕丢了"),
        ("卡号4111 1111 1111 1111，", "卡号〔银行卡〕，"),
        ("卡号4111-1111-1111-1111，", "卡号〔银行卡〕，"),
        ("卡号6222021234567890128", "卡号〔银行卡〕"),
        ("卡4111 1111 1111 1111 138打不通", "卡〔银行卡〕 138打不通"),
        ("卡4111 1111 1111 1111 13800138000", "卡〔银行卡〕 〔手机号〕"),
        ("写信到wang.li+tea@example.com.cn投诉", "写信到〔邮箱〕投诉"),
        ("写信到ｗｌ@example.com，wl＠example.com", "写信到ｗｌ@example.com，〔邮箱〕"),
        ("车牌沪A·12345违停", "车牌〔车牌〕违停"),
        ("粤BD12345", "〔车牌〕"),
        ("京A12345和京B54321", "〔车牌〕和〔车牌〕"),
        ("13800138000,13900139000", "〔手机号〕,〔手机号〕"),
    ],
)
def test_each_private_number_is_replaced(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "订单号4111111111111112",  # fails its check digit
        "订单 4111 1111 1111 1112",
        "单号20231115123456789012345",
        "12345678901", "1380013800", "138001380001", "微博id 4968123456789012",
        "110105194913310029",  # month 13: no birthday
        "2023-11-15 08:00:00", "价格138.00元，满1380减100", "@小明 说好喝", "foo@bar", "热线12315",
        "沪A座12345室", "京ABCDEF",
        "青山茶饮１２３号店",  # full-width digits stay as they were written
    ],
)  # fmt: skip
def test_other_numbers_stay_readable(text: str) -> None:
    assert mask(text) == text


@given(st.lists(st.tuples(BETWEEN, st.sampled_from(PRIVATE) | st.text(max_size=8)), max_size=4))
@example([("", "4111 1111 1111 1111 138 0013 8000")])
def test_masking_twice_changes_nothing(parts: list[tuple[str, str]]) -> None:
    once = mask("".join(before + number for before, number in parts))
    assert mask(once) == once


@given(
    st.text("茶饮，。！好 \n", max_size=10), st.sampled_from(PRIVATE), st.text("茶饮，。！好 \n", max_size=10)
)
def test_no_private_number_survives_chinese_around_it(before: str, number: str, after: str) -> None:
    masked = mask(before + number + after)
    assert number not in masked
    assert masked.startswith(before)
    assert masked.endswith(after)
    assert not any(character.isdigit() for character in masked)


KEYS = st.binary(min_size=1, max_size=8)
IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(KEYS, IDS, IDS)
def test_a_pseudonym_is_stable_and_its_own(key: bytes, platform: str, author: str) -> None:
    pseudonym = Pseudonymiser(key).id(platform, author)
    assert pseudonym == Pseudonymiser(key).id(platform, author)
    assert pseudonym == Pseudonymiser(key).id(platform, pseudonym)
    assert len(pseudonym) == 18
    assert pseudonym != author


@given(KEYS, KEYS, IDS, IDS)
def test_pseudonyms_differ_by_key_platform_and_author(one: bytes, two: bytes, a: str, b: str) -> None:
    here = Pseudonymiser(one)
    assert (here.id("weibo", a) == Pseudonymiser(two).id("weibo", a)) is (
        one.rstrip(b"\0") == two.rstrip(b"\0")
    )
    assert (here.id("weibo", a) == here.id("weibo", b)) is (a == b)
    assert here.id("weibo", a) != here.id("bilibili", a)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty pseudonym key"):
        Pseudonymiser(b"")


PERSON = Author(
    id="42", platform="weibo", name="王丽", followers=10, verified=True, verified_type=0, badge="黄V"
)
MEDIA = Author(id="43", platform="weibo", name="青山日报", followers=10, verified_type=3)


def test_a_persons_name_is_dropped_and_what_weighs_is_kept() -> None:
    author = Pseudonymiser(b"k").author(PERSON, "weibo")
    assert author.name is None
    assert author.id.startswith("p-")
    assert (author.followers, author.verified, author.verified_type, author.badge) == (10, True, 0, "黄V")


@pytest.mark.parametrize(("keep", "name"), [(True, "青山日报"), (False, None)])
def test_an_organisations_name_is_kept_if_so_set(keep: bool, name: str | None) -> None:
    assert Pseudonymiser(b"k", keep).author(MEDIA, "weibo").name == name


@given(st.sampled_from([PERSON, MEDIA, Author(id="1")]))
def test_a_profile_may_pass_twice(author: Author) -> None:
    pseudonyms = Pseudonymiser(b"k")
    once = pseudonyms.author(author, "weibo")
    assert pseudonyms.author(once, "weibo") == once
    assert once.platform == "weibo"


def test_a_mention_leaves_nothing_private_behind() -> None:
    mention = Mention(
        platform="weibo", id="1", created_at=1.7e9, author=PERSON,
        text="我是王丽，电话13800138000", title="找13900139000",
    )  # fmt: skip
    sent = Pseudonymiser(b"k").mention(mention)
    assert (sent.text, sent.title) == ("我是王丽，电话〔手机号〕", "找〔手机号〕")
    assert sent.author is not None
    assert sent.author.id == Pseudonymiser(b"k").id("weibo", "42")
    assert Pseudonymiser(b"k").mention(sent) == sent
    assert (sent.mention_id, sent.created_at) == (mention.mention_id, mention.created_at)


def test_a_mention_without_author_and_title_stays_without() -> None:
    sent = Pseudonymiser(b"k").mention(Mention(platform="weibo", id="1", text="好", created_at=1.0))
    assert (sent.author, sent.title) == (None, None)
