"""What of the watches works, but hardly as meant: names that can't be told apart, words of a misread file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.language import Both
from config.watches import Watch

_TWO_BYTES = range(0x80, 0x800)
"""What UTF-8 writes in two bytes: accents, Greek, Cyrillic, Hebrew, Arabic. A Chinese character has three."""


def doubts_of(watches: Sequence[Watch]) -> Iterator[tuple[Both, Both]]:
    """Yield what is doubtful of the watches, and what to do."""
    yield from _same_names(watches)
    words = {watch.id: (watch.name, *watch.any, *watch.all, *watch.none) for watch in watches}
    # Chinese that could be read is proof of UTF-8: then what looks like an accident is meant.
    if any(ord(letter) not in range(_TWO_BYTES.stop) for own in words.values() for letter in "".join(own)):
        return
    for watch, own in words.items():
        for word in dict.fromkeys(own):
            if (chinese := as_gb18030(word)) is not None:
                yield (
                    Both(
                        f"{watch}：{word!r} 可能是读错了编码的 {chinese!r}，那样就什么也监测不到",
                        f"{watch}: {word!r} is perhaps {chinese!r} in a wrong encoding, and nothing would be heard",
                    ),
                    Both("若是，请把文件另存为 UTF-8", "if so, save the file as UTF-8"),
                )


def _same_names(watches: Sequence[Watch]) -> Iterator[tuple[Both, Both]]:
    ids: dict[str, list[str]] = {}
    for watch in watches:
        ids.setdefault(watch.name, []).append(watch.id)
    for name, same in ids.items():
        if len(same) > 1:
            yield (
                Both(
                    f"{'、'.join(same)} 同名（{name}）：通知里分不清是哪一个",
                    f"{', '.join(same)} have the same name ({name}): pages do not say which one is meant",
                ),
                Both("给每个监测对象不同的 name", "give each watch a name of its own"),
            )


def as_gb18030(word: str) -> str | None:
    """Return the Chinese that a word is when its bytes are read as GB18030; None where it is hardly an accident.

    Some pairs of bytes are one Chinese character in GB18030 and one letter in UTF-8, so that a short
    file can be read as either.

    Examples
    --------
    >>> as_gb18030("ѩѿ"), as_gb18030("Café"), as_gb18030("雪芽")
    ('雪芽', None, None)
    """
    letters = "".join(word.split())
    if not letters or any(ord(letter) not in _TWO_BYTES for letter in letters):
        return None
    try:
        chinese = letters.encode().decode("gb18030")
    except UnicodeDecodeError:
        return None
    return chinese if all("\u4e00" <= one <= "\u9fff" for one in chinese) else None
