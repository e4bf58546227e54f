import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.normalise import MAX_CHARS, QUOTED_CHARS, is_readable, normalise

# Pieces that the rules act on, so that their seams are tried and not only random characters.
# fmt: off
PIECES = st.sampled_from([
    "//", "@", "@用户", "//@甲:", "：", " ", "\n", "http://t.cn/A6", "www.",
    "网页链接", "[泪]", "[", "]", "哈", "！", "東", "發", "乾",
    "著作", "后", "Ａ", "①", "…", "1", "0", "\u200b", "\ufe0f",
    "\x00", "\ud800", "转发微博", "回复", "é", "e\u0301", "ﷺ", "㍿", "👨\u200d👩",
])
# fmt: on
WEIBO = st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join)


@given(WEIBO)
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text() | WEIBO | st.text(min_size=2000, max_size=3000))
def test_any_text_gives_a_bounded_clean_line(text: str) -> None:
    result = normalise(text)
    assert len(result) <= MAX_CHARS
    assert result == result.strip()
    assert "\n" not in result
    assert "\x00" not in result
    result.encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("太難喝了！！！！！", "太难喝了！！！"),
        ("ＡＢＣ１２３", "ABC123"),
        ("看这个 https://t.cn/A6x?b=1 真的", "看这个 网页链接 真的"),
        ("看这个https://t.cn/A6x真的", "看这个网页链接真的"),
        ("@小王 @小李 @小张 来看", "@用户 来看"),
        ("[泪][泪][泪][泪][允悲]", "[泪][泪][允悲]"),
        ("哈哈哈哈哈哈哈", "哈哈哈"),
        ("赔我100000元", "赔我100000元"),
        ("笑死233333333", "笑死233"),
        ("66666！呜呜5555555", "666！呜呜555"),
        ("6666元买的，2333块也贵，12333不是", "6666元买的，2333块也贵，12333不是"),
        ("a\u200bb\ufeff", "ab"),
        ("皇后飲茶，乾坤一擲", "皇后饮茶，乾坤一掷"),
        ("  多  个\n\n空白\t", "多 个 空白"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_one_rule_at_a_time(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_own_words_come_whole_and_the_quoted_part_is_cut() -> None:
    own = "我的话" * 30
    result = normalise(f"{own}//@小王:{'他的话' * 100}")
    assert result.startswith(own + "//@用户:他的话")
    assert len(result) == len(own) + 2 + QUOTED_CHARS


def test_a_repost_without_own_words_is_read_as_what_it_passes_on() -> None:
    assert normalise("转发微博//@小王：难喝死了") == "难喝死了"
    assert normalise("//@小王:难喝死了//@小李:真的吗") == "难喝死了//@用户:真的吗"


@pytest.mark.parametrize(
    "text", ["", "转发微博", "@用户", "网页链接", "。。。", "？？？", "@用户 网页链接", "//", "回复@用户:"]
)
def test_a_text_without_words_is_not_readable(text: str) -> None:
    assert not is_readable(normalise(text))


@pytest.mark.parametrize("text", ["666", "😂", "[允悲]", "ok", "难喝", "转发微博，真的难喝"])
def test_a_word_a_number_or_an_emoji_is_readable(text: str) -> None:
    assert is_readable(normalise(text))
