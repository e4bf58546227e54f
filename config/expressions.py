"""Conditions of rules: ``z >= 4 and (factor >= 3 or authority) and authors >= 20``.

A condition compares fields (`signal_fields`) with numbers, names flags, and joins these
with ``and``, ``or``, ``not`` and brackets; ``and`` binds closer than ``or``. Shares are
written as 0.3 or 30%. It is parsed here, never evaluated as Python.

    condition  = all {"or" all}
    all        = one {"and" one}
    one        = "not" one | "(" condition ")" | flag | field operator number

``not`` is pushed inwards while parsing (De Morgan), so a parsed condition holds only
comparisons, flags, `All` and `AnyOf`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn, TypeAlias

from config.language import Both, said
from config.signal_fields import FIELDS, FieldKind, SignalField

Values: TypeAlias = Mapping[str, float]
"""The value of every field at one moment; flags are true or false."""

LONGEST: Final = 2000
DEEPEST: Final = 40

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_OPPOSITE: Final = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?%?)|(?P<name>[^\W\d]\w*(?:\.\w+)?)|(?P<sign>>=|<=|==|!=|[<>()]))"
)
_MEANT: Final = {"=>": ">=", "=<": "<=", "&&": "and", "||": "or", "=": "==", "≥": ">=", "≤": "<=", "≠": "!=", "＞": ">", "＜": "<", "（": "(", "）": ")",
                 "&": "and", "|": "or", "!": "not", "，": "and", ",": "and"}  # fmt: skip
_ANY_PART: Final = Both("字段、数字、比较或括号", "a field, a number, a comparison or a bracket")
_THE_END: Final = Both("and、or 或结尾", "'and', 'or' or the end")
_ENDED: Final = Both("结尾", "the end")
_WORDS: Final = {"and", "or", "not"}


class ExpressionError(ValueError):
    """A condition that can't be read; `position` counts characters from 1."""

    def __init__(self, found: str, expected: str, position: int) -> None:
        super().__init__(f"{found} at position {position}, expected {expected}")
        self.found = found
        self.expected = expected
        self.position = position

    @property
    def found_at(self) -> Both:
        """What was found, with its position."""
        return Both(
            f"第 {self.position} 个字符处的 {said(self.found, 'zh')}",
            f"{self.found} at position {self.position}",
        )


@dataclass(frozen=True, slots=True)
class Compare:
    """A field held against a number."""

    field: SignalField
    sign: str
    value: float

    def met(self, values: Values) -> bool:
        """Return whether `values` fulfil it."""
        return _COMPARE[self.sign](values[self.field.name], self.value)

    def __str__(self) -> str:
        return f"{self.field.name} {self.sign} {self.value:.12g}"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that must be set, or not set."""

    field: SignalField
    wanted: bool = True

    def met(self, values: Values) -> bool:
        """Return whether `values` fulfil it."""
        return bool(values[self.field.name]) is self.wanted

    def __str__(self) -> str:
        return self.field.name if self.wanted else f"not {self.field.name}"


@dataclass(frozen=True, slots=True)
class All:
    """Every part must be met; there are at least two and none of them is an `All`."""

    parts: tuple[Condition, ...]

    def met(self, values: Values) -> bool:
        """Return whether `values` fulfil it."""
        return all(part.met(values) for part in self.parts)

    def __str__(self) -> str:
        return " and ".join(f"({p})" if isinstance(p, AnyOf) else str(p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must be met; there are at least two and none of them is an `AnyOf`."""

    parts: tuple[Condition, ...]

    def met(self, values: Values) -> bool:
        """Return whether `values` fulfil it."""
        return any(part.met(values) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


Condition: TypeAlias = Compare | Flag | All | AnyOf


def both(*conditions: Condition) -> Condition:
    """Return the condition that all of `conditions` are met."""
    return _joined(All, conditions)


def alternatives(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions of which one must be met: itself, unless it is an `AnyOf`."""
    return condition.parts if isinstance(condition, AnyOf) else (condition,)


def comparisons(condition: Condition) -> Iterator[Compare]:
    """Give the comparisons in the order they were written."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, All | AnyOf):
        for part in condition.parts:
            yield from comparisons(part)


def with_bar(condition: Condition, name: str, value: float) -> Condition:
    """Return `condition` with `value` in place of the number that the field `name` is first held against."""
    return _with_bar(condition, name, value)[0]


def _with_bar(condition: Condition, name: str, value: float) -> tuple[Condition, bool]:
    if isinstance(condition, Compare) and condition.field.name == name:
        return replace(condition, value=value), True
    if isinstance(condition, All | AnyOf):
        for place, part in enumerate(condition.parts):
            changed, done = _with_bar(part, name, value)
            if done:
                parts = (*condition.parts[:place], changed, *condition.parts[place + 1 :])
                return replace(condition, parts=parts), True
    return condition, False


def parse(text: str) -> Condition:
    """Return the condition that `text` describes.

    Raises
    ------
    ExpressionError
        With what was found, what was expected and the position, and for an unknown
        field the nearest known one.

    Examples
    --------
    >>> str(parse("z >= 4 and not (authors < 20 or cold_start)"))
    'z >= 4 and authors >= 20 and not cold_start'
    """
    if len(text) > LONGEST:
        found = Both(f"{len(text)} 个字符", f"{len(text)} characters")
        raise ExpressionError(found, Both(f"最多 {LONGEST} 个", f"at most {LONGEST}"), LONGEST + 1)
    parser = _Parser(text)
    condition = parser.any_of(0)
    parser.end()
    return condition


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            written = text[at : at + 2] if text[at : at + 2] in _MEANT else text[at]
            meant = _MEANT.get(written)
            expected = Both(f"写成 {meant!r}", f"{meant!r} written for it") if meant else _ANY_PART
            raise ExpressionError(repr(written), expected, at + 1)
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind) + 1)
        at = found.end()
    yield _Token("end", "", end + 1)


class _Parser:
    """Recursive descent; `no` says that the part stands under an odd number of ``not``."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def any_of(self, depth: int, no: bool = False) -> Condition:
        parts = [self._all(depth, no)]
        while self._take("or"):
            parts.append(self._all(depth, no))
        return _joined(All if no else AnyOf, parts)

    def end(self) -> None:
        if self._next.kind != "end":
            self._refuse(_THE_END)

    def _all(self, depth: int, no: bool) -> Condition:
        parts = [self._one(depth, no)]
        while self._take("and"):
            parts.append(self._one(depth, no))
        return _joined(AnyOf if no else All, parts)

    def _one(self, depth: int, no: bool) -> Condition:
        if depth > DEEPEST:
            self._refuse(
                Both(
                    f"最多 {DEEPEST} 层括号和 not",
                    f"at most {DEEPEST} brackets and 'not' inside each other",
                )
            )
        if self._take("not"):
            return self._one(depth + 1, not no)
        if self._take("("):
            inner = self.any_of(depth + 1, no)
            if not self._take(")"):
                self._refuse("')'")
            return inner
        token = self._next
        if token.kind != "name" or token.text in _WORDS:
            self._refuse(Both("字段，如 z 或 authors", "a field such as z or authors"))
        field = FIELDS.get(token.text)
        if field is None:
            self._refuse(_nearest(token.text))
        self._at += 1
        if field.kind is FieldKind.FLAG:
            if self._next.text in _COMPARE:
                self._refuse(
                    Both(
                        f"and、or 或结尾：{field.name} 本身就是真或假",
                        f"'and', 'or' or the end: {field.name} is true or false by itself",
                    )
                )
            return Flag(field, not no)
        return self._compare(field, no)

    def _compare(self, field: SignalField, no: bool) -> Condition:
        sign = self._next.text
        if sign not in _COMPARE:
            example = f"{field.name} >= {_example(field)}"
            self._refuse(Both(f"比较，例如 {example}", f"a comparison, for instance {example}"))
        if sign in ("==", "!=") and field.kind is not FieldKind.COUNT:
            self._refuse(
                Both(
                    f">= 或 <：{field.name} 是测出来的，不会正好等于一个数",
                    f">= or <: {field.name} is measured and never exactly a number",
                )
            )
        self._at += 1
        value = self._number(field)
        return Compare(field, _OPPOSITE[sign] if no else sign, value)

    def _number(self, field: SignalField) -> float:
        token = self._next
        if token.kind != "number":
            self._refuse(Both("数字", "a number"))
        value = float(token.text.rstrip("%"))
        if field.kind is FieldKind.SHARE:
            value = value / 100 if token.text.endswith("%") else value
            if not 0 <= value <= 1:
                self._refuse(Both("占比，0 到 1 或 0% 到 100%", "a share, 0 to 1 or 0% to 100%"))
        elif token.text.endswith("%"):
            self._refuse(
                Both(f"不带 % 的数：{field.name} 不是占比", f"a number without %: {field.name} is no share")
            )
        elif field.kind is FieldKind.COUNT and (value < 0 or value % 1):
            self._refuse(Both(f"整数：{field.name} 是个数", f"a whole number, as {field.name} counts"))
        self._at += 1
        return value

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, text: str) -> bool:
        if self._next.text == text and self._next.kind != "end":
            self._at += 1
            return True
        return False

    def _refuse(self, expected: str) -> NoReturn:
        token = self._next
        raise ExpressionError(repr(token.text) if token.text else _ENDED, expected, token.position)


def _joined(kind: type[All] | type[AnyOf], parts: list[Condition] | tuple[Condition, ...]) -> Condition:
    flat: list[Condition] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _nearest(name: str) -> Both:
    close = get_close_matches(name, FIELDS, n=1, cutoff=0.5)
    if close:
        return Both(f"字段（是不是 {close[0]}？）", f"a field: did you mean {close[0]}?")
    listed = ", ".join(FIELDS)
    return Both(f"以下字段之一：{listed}", f"a field: one of {listed}")


def _example(field: SignalField) -> str:
    return "30%" if field.kind is FieldKind.SHARE else "4"
