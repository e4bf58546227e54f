"""Why a post or a line was not taken, in Chinese too: parsers and stages say it in English.

It is translated where it is shown, not where it is made: dead letters keep one text whatever
language was chosen then, so that those of any age can be read in either.
"""

from __future__ import annotations

import re
from typing import Final

from config.language import Both

_TIMES: Final = "纪元秒或毫秒、ISO 8601，或 YYYY-MM-DD HH:MM[:SS]（北京时间）"

_KNOWN: Final = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        # lines of feeds (streams.feeds)
        (r"field '(.*?)' is missing or empty", r"缺少字段 '\1'，或它是空的"),
        (
            r"(created_at|the snapshot's time) is (.*?); expected epoch seconds or milliseconds, ISO 8601, or.*",
            rf"\1 是 \2；应为{_TIMES}",
        ),
        (r"(\S+) is (.*?), which is no time", r"\1 是 \2，不是时间"),
        (
            r"kind is (.*?); expected post, repost, comment or hot",
            r"kind 是 \1；应为 post、repost、comment 或 hot",
        ),
        (r"rank is (.*?); expected a whole number from 1", r"rank 是 \1；应为从 1 起的整数"),
        (r"text is NoneType; expected a string", "text 是空值（null）；应为文字"),
        (r"text is (\w+); expected a string", r"text 是 \1；应为文字"),
        (r"platform has (\d+) characters; 40 at most", r"platform 有 \1 个字符；最多 40 个"),
        (r"neither posts nor authors", "既不是帖子也不是作者"),
        (
            r"NUL bytes in the line: a damaged file, or UTF-16.*",
            "行内有 NUL 字节：文件损坏，或是 UTF-16（请另存为 UTF-8）",
        ),
        *(
            (
                rf"the line is a JSON {kind}; expected an object \{{…\}}",
                f"这一行是 JSON 的{zh}；应为对象 {{…}}",
            )
            for kind, zh in (
                ("array", "数组"),
                ("string", "字符串"),
                ("boolean", "真假值"),
                ("null", "空值 null"),
                ("number", "数"),
            )
        ),
        *(
            (
                rf"the object has the fields \[(.*?)\]; expected {re.escape(form)}$",
                rf"对象的字段是 [\1]；应为{zh}",
            )
            for form, zh in (
                (
                    "our own form (docs/mention-format.md), MediaCrawler's, or a hot list",
                    "风声自己的格式（docs/mention-format.md）、MediaCrawler 的格式，或热搜榜",
                ),
                ("MediaCrawler's", " MediaCrawler 的格式"),
                ("a hot list (docs/feeds.md)", "热搜榜（docs/feeds.md）"),
            )
        ),
        (
            r"byte (0x..) at (\d+) is not UTF-8 \(nor a GB18030 file\)",
            r"第 \2 字节处的 \1 不是 UTF-8（文件也不是 GB18030）",
        ),
        (r"not a whole JSON array: (.*)", r"不是完整的 JSON 数组（\1）"),
        (r"not JSON: (.*)", r"不是 JSON（\1）"),
        (
            r"a JSON array of more than (\d+) MB: write.*",
            r"JSON 数组超过 \1 MB：请改为每行一个对象（JSON Lines）",
        ),
        (r"a line of (\d+) bytes; at most (\d+) are read", r"这一行有 \1 字节；最多读 \2 字节"),
        (r"a line of (\d+) bytes", r"这一行太长：\1 字节"),
        (r"the compressed file ends early", "压缩文件不完整，提前结束"),
        (r"damaged compressed file: (.*)", r"压缩文件损坏（\1）"),
        (r"can't be read: (.*)", r"读不了（\1）"),
        (
            r"a record of (\d+) bytes is more than Kafka takes \((.*)\)",
            r"\1 字节的记录超过 Kafka 的上限（\2）",
        ),
        # mentions that a worker refuses (streams.decoding)
        (
            r"format version (\S+) is newer than (\S+): update the workers",
            r"格式版本 \1 比这里认得的 \2 新：请更新 worker",
        ),
        (r"platform and id must not be empty", "platform 和 id 不能为空"),
        (
            r"platform is longer than 40 or id longer than 200 characters",
            "platform 超过 40 个字符，或 id 超过 200 个",
        ),
        (r"(\S+) has (\d+) characters, more than (\d+)", r"\1 有 \2 个字符，超过 \3"),
        (
            r"created_at (\S+) is before (\S+) or more than (\S+) s after now.*",
            r"created_at \1 早于 \2，或比现在晚 \3 秒以上（应为纪元秒，不是毫秒）",
        ),
        (r"not UTF-8: byte (0x..) at (\d+)", r"不是 UTF-8：第 \2 字节处是 \1"),
        (r"^not UTF-8$", "不是 UTF-8"),
        (r"the message has no value", "消息没有内容"),
        # what a stage or the index could not keep
        (r"no watch (.*?) is configured", r"配置中没有监测对象 \1"),
        (r"(\d+) bytes, more than is let through", r"\1 字节，超过允许的大小"),
        (r"a time of (\S+) s; the years 1970 to 9999 can be kept", r"时间 \1 秒；只能存 1970 到 9999 年"),
        (r"a sequence of (\S+); it counts from 0", r"sequence 是 \1；它从 0 起"),
        (r"not representable as JSON: (.*)", r"无法写成 JSON（\1）"),
        (r"a number that is not finite", "不是有限的数"),
        # msgspec, of a mention of the wrong form
        (r"Object missing required field `(.*?)`(?: - at `(.*)`)?", r"缺少字段 `\1`"),
        (r"Expected (`.*?`), got (`.*?`) - at `(.*)`", r"`\3` 应为 \1，实际是 \2"),
        (r"Expected (`.*?`), got (`.*?`)", r"应为 \1，实际是 \2"),
        (r"Expected (`.*?`) - at `(.*)`", r"`\2` 应为 \1"),
        (r"Invalid enum value (.*?) - at `(.*)`", r"`\2` 不能是 \1"),
        (r"JSON is malformed: (.*)", r"不是 JSON（\1）"),
        (r"Input data was truncated", "JSON 没有写完（Input data was truncated）"),
        # Python's json
        (r"Unterminated string starting at: (.*)", r"字符串没有结束的引号：\1"),
        (r"Expecting value: (.*)", r"这里缺少值：\1"),
        (r"Expecting property name enclosed in double quotes: (.*)", r"键要用双引号括起：\1"),
        (r"Expecting '(.)' delimiter: (.*)", r"缺少 '\1'：\2"),
        (r"Extra data: (.*)", r"对象之后还有别的内容：\1"),
        (r"Invalid control character at: (.*)", r"字符串里有控制字符：\1"),
        (r"Invalid \\+(?:escape|uXXXX escape): (.*)", r"反斜杠转义不对：\1"),
        (r"(\S+) is no JSON", r"\1 不是 JSON 的写法"),
        (r"^RecursionError$", "嵌套太深"),
        (r"Exceeds the limit \((\d+) digits\).*", r"数字超过 \1 位"),
    )
)
"""What is said, and how in Chinese. The first that occurs counts; before it may stand where it was, or of which form."""

_PLACE: Final = re.compile(r"line (\d+) column (\d+) \(char \d+\)")


def in_both(reason: str) -> Both:
    """Return a reason in both languages; one that is not known stays as it is.

    Examples
    --------
    >>> in_both("posts.jsonl:3: a line of 9000000 bytes").zh
    'posts.jsonl:3: 这一行太长：9000000 字节'
    """
    for pattern, zh in _KNOWN:
        if found := pattern.search(reason):
            told = reason[: found.start()] + found.expand(zh) + reason[found.end() :]
            return Both(_PLACE.sub(r"第 \1 行第 \2 个字符", told), reason)
    return Both(reason, reason)
