"""The Markdown that group robots show: headings, bold, quotes, links, and nothing that people wrote as markup.

DingTalk and WeCom know no escapes, so the characters that mean something are widened, and a
zero-width space keeps a bare address from becoming a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from alerting.message.content import Content, Line, Section
from alerting.message.plain import web_address
from alerting.message.text import colon

_WIDE: Final = str.maketrans(
    {
        "<": "＜",
        ">": "＞",
        "[": "［",
        "]": "］",
        "*": "＊",
        "`": "ˋ",
        "#": "＃",
        "\\": "＼",
        "~": "～",
        "_": "＿",
    }
)
_BARE: Final = re.compile(r":(?=//)")
_WWW: Final = re.compile(r"(?i)\b(www)\.(?=\S)")


def inert(text: str) -> str:
    r"""Return `text` so that it shows nearly the same characters and is no markup.

    >>> inert("**[x](https://evil.example)** <@all>")
    '＊＊［x］(https:\u200b//evil.example)＊＊ ＜@all＞'
    """
    return _WWW.sub("\\1\u200b.", _BARE.sub(":\u200b", text.translate(_WIDE)))


def link(name: str, url: str | None) -> str:
    """Return a link, or the bare name where the address can't be trusted."""
    address = web_address(url)
    if address is None:
        return inert(name)
    return f"[{inert(name)}]({address.replace('(', '%28').replace(')', '%29')})"


def lines(content: Content, calls: Iterable[str], headline: str, bold: str = "**") -> list[str]:
    """Return the message line by line.

    Parameters
    ----------
    content : what to say.
    calls : what calls each owner, in the platform's own markup.
    headline : in the platform's own markup.
    bold : what stands around a title.
    """
    called = " ".join(calls)
    said = [headline, f"{called} {inert(content.summary)}".strip()]
    said += [f"{bold}{inert(label)}{bold}{colon(label)}{inert(value)}" for label, value in content.facts]
    for section in content.sections:
        said += ["", f"{bold}{inert(section.title)}{bold}", *_section(section)]
    if content.links:
        said += ["", " · ".join(link(name, url) for name, url in content.links)]
    if content.notes:
        said += ["", *(inert(note) for note in content.notes)]
    return said


def _section(section: Section) -> list[str]:
    said = []
    for line in section.lines:
        for piece in _line(line).split("\n"):
            said.append(f"> {piece}" if section.quoted else piece)
    return said


def _line(line: Line) -> str:
    return "".join(
        link(span.text, span.url) if span.url else "\n".join(map(inert, span.text.split("\n")))
        for span in line
    )
