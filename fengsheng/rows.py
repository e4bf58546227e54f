"""Rows of texts from files and stdin, in the encodings that the feeds take; what can't be read is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final

from config.language import Both
from fengsheng.reasons import in_both
from streams.feeds.encoding import BOM, UTF16, Transcoder
from streams.feeds.opening import DAMAGED

_LEARNT_TOGETHER: Final = 64
_SHOWN: Final = 5
_KINDS: Final = {
    type(None): "空值（null）",
    bool: "真假值",
    int: "数",
    float: "数",
    list: "列表",
    dict: "对象",
}


@dataclass
class Unreadable:
    """What could not be read: how much of it, and the first few with their places."""

    count: int = 0
    first: list[Both] = field(default_factory=list)

    def add(self, place: str, why: Both) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(Both(f"{place}：{why.zh}", f"{place}: {why}"))


def rows_of(stream: BinaryIO, name: str, unreadable: Unreadable) -> Iterator[dict[str, Any]]:
    """Yield the rows of one input: lines of text, or JSON objects with ``text`` where a line begins with ``{``.

    The encoding is found as feeds find it: UTF-8, or else GB18030 as a whole. A line that
    can't be read is counted in `unreadable` and left out.
    """
    transcoder = Transcoder(name)
    numbered = enumerate(_lines(stream, name, unreadable), 1)
    while portion := list(islice(numbered, _LEARNT_TOGETHER)):
        transcoder.learn(line for _, line in portion)
        for number, line in portion:
            if number == 1 and line.startswith(UTF16):
                unreadable.add(f"{name}:1", _utf16(name))
                return
            if number == 1 and _begins_an_array(line):
                unreadable.add(f"{name}:1", _array(name))
                return
            raw = transcoder.utf8(line.removeprefix(BOM) if number == 1 else line)
            read = _read(raw.rstrip(b"\r\n"), name)
            if isinstance(read, Both):
                unreadable.add(f"{name}:{number}", read)
            elif read is not None:
                yield read


def damaged(error: BaseException) -> Both:
    """Return what to say of a compressed file that can't be read on."""
    return Both(f"压缩文件从这里起损坏（{error}）", f"the compressed file is damaged from here on ({error})")


def _lines(stream: BinaryIO, name: str, unreadable: Unreadable) -> Iterator[bytes]:
    number = 0
    try:
        for line in stream:
            number += 1
            yield line
    except (*DAMAGED, EOFError) as error:
        unreadable.add(f"{name}:{number + 1}", damaged(error))


def _read(raw: bytes, name: str) -> dict[str, Any] | Both | None:
    """The row of a line, what is wrong with it, or None where it is blank."""
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _undecodable(raw, error, name)
    if not line.strip():
        return None
    if "\x00" in line:
        return _with_nul(raw, name)
    if not line.lstrip().startswith("{"):
        return {"text": line}
    try:
        row = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = in_both(type(error).__name__ if isinstance(error, RecursionError) else str(error))
        return Both(
            f"以 {{ 开头的行必须是 JSON（{why.zh}）", f"a line that begins with {{ must be JSON: {why}"
        )
    text = row.get("text")
    if not isinstance(text, str):
        found = (
            Both("没有 'text' 这个键", "no key 'text'")
            if "text" not in row
            else Both(
                f"text 是{_KINDS.get(type(text), type(text).__name__)}", f"text of type {type(text).__name__}"
            )
        )
        return Both(
            f"{found.zh}；应为 text 是文字的 JSON 对象",
            f"{found}; expected a JSON object with 'text' as a string",
        )
    if not _writable(row):
        return Both("含半个字符（不成对的 \\ud800–\\udfff）", "half a character (a lone \\ud800–\\udfff)")
    return row if isinstance(row, dict) else None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _writable(row: object) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _undecodable(raw: bytes, error: UnicodeDecodeError, name: str) -> Both:
    if b"\x00" in raw:
        return _utf16(name)
    if error.reason == "unexpected end of data":
        return Both(
            "最后一个字不完整：文件在字的中间断开了；请重新取得完整的文件",
            "the last character is incomplete: the file was cut in the middle of it; get the whole file again",
        )
    byte = f"0x{raw[error.start]:02x}"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        pass
    else:
        return Both(
            "这一行是 GB18030，文件其余部分是 UTF-8：一个文件只能用一种编码，请另存为 UTF-8",
            "this line is GB18030, the rest of the file UTF-8: a file has one encoding; save it all as UTF-8",
        )
    return Both(
        f"第 {error.start + 1} 个字节 {byte} 既不是 UTF-8 也不是 GB18030；请用写这个文件的程序另存为 UTF-8",
        f"byte {error.start + 1} ({byte}) is neither UTF-8 nor GB18030; save the file as UTF-8 with the program"
        " that wrote it",
    )


def _with_nul(raw: bytes, name: str) -> Both:
    # What decodes as UTF-8 with NULs is UTF-16 where every second byte is one (Latin letters); a single one is damage.
    if raw.count(b"\x00") * 4 < len(raw):
        return Both("含 NUL 字节：文件损坏，或不是文字", "it holds NUL bytes: damaged, or no text")
    return _utf16(name)


def _begins_an_array(line: bytes) -> bool:
    """Whether a file that begins so is one JSON array; a text may begin with an emoticon, ``[允悲]``."""
    start = b"".join(line.removeprefix(BOM)[:200].split())
    return start == b"[" or start.startswith(b"[{")


def _array(name: str) -> Both:
    how = f"jq -c '.[]' {name}"
    return Both(
        f"看来是一个 JSON 数组；这里每行一个对象，请先转换：{how}",
        f"it looks like one JSON array; here each line is an object, convert it first: {how}",
    )


def _utf16(name: str) -> Both:
    how = f"iconv -f UTF-16 -t UTF-8 {name}"
    return Both(f"看来是 UTF-16；请先转换：{how}", f"it looks like UTF-16; convert it first: {how}")
