"""Conditions of rules in the words of people: what is asked, what was met, what is missing."""

from __future__ import annotations

from typing import Final

from config.expressions import All, AnyOf, Compare, Condition, Flag, Values
from config.records import Level
from config.rules import LevelRule
from config.signal_fields import FieldKind, SignalField

_SIGNS: Final = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "=", "!=": "≠"}
_OPPOSITE: Final = {">=": "<", "<=": ">", ">": "≤", "<": "≥", "==": "≠", "!=": "="}
_ROMAN: Final = {Level.IV: "Ⅳ", Level.III: "Ⅲ", Level.II: "Ⅱ", Level.I: "Ⅰ"}


def level_name(level: Level, *, english: bool = False) -> str:
    """Return what a level is called."""
    return f"level {level.value}" if english else f"{_ROMAN[level]}级"


def asked(condition: Condition, *, english: bool = False) -> str:
    """Return what `condition` asks for.

    Examples
    --------
    >>> from config.expressions import parse
    >>> asked(parse("z >= 4 and (negative_share >= 30% or authority)"))
    'z ≥ 4，且（负面占比 ≥ 30% 或 有政府或媒体账号负面发声）'
    """
    if isinstance(condition, Compare):
        value = _value(condition.field, condition.value)
        return f"{_name(condition.field, english)} {_SIGNS[condition.sign]} {value}"
    if isinstance(condition, Flag):
        return _flag(condition.field, condition.wanted, english)
    parts = [_bracketed(part, condition, english) for part in condition.parts]
    return _joined(condition, parts, english)


def asked_of(rule: LevelRule, *, english: bool = False) -> str:
    """Return what a level asks for, with its hold."""
    what = asked(rule.condition, english=english)
    return f"{what}; for {rule.hold:g} s" if english else f"{what}；持续 {rule.hold:g} 秒"


def met(condition: Condition, values: Values, *, english: bool = False) -> list[str]:
    """Return the parts that make `condition` true; of alternatives the first that is met."""
    if isinstance(condition, All):
        return [text for part in condition.parts for text in met(part, values, english=english)]
    if isinstance(condition, AnyOf):
        part = next((part for part in condition.parts if part.met(values)), condition.parts[0])
        return met(part, values, english=english)
    if isinstance(condition, Flag):
        return [_flag(condition.field, condition.wanted, english)]
    return [_held(condition, values, _SIGNS[condition.sign], english)]


def missing(condition: Condition, values: Values, *, english: bool = False) -> str:
    """Return the first part that keeps `condition` from being met; of alternatives what each lacks."""
    if isinstance(condition, All):
        part = next((part for part in condition.parts if not part.met(values)), condition.parts[-1])
        return missing(part, values, english=english)
    if isinstance(condition, AnyOf):
        lacks = dict.fromkeys(missing(part, values, english=english) for part in condition.parts)
        return (", and " if english else "，且 ").join(lacks)
    if isinstance(condition, Flag):
        return _flag(condition.field, not condition.wanted, english)
    return _held(condition, values, _OPPOSITE[condition.sign], english)


def _held(bar: Compare, values: Values, sign: str, english: bool) -> str:
    value = _value(bar.field, values[bar.field.name], short=True)
    return f"{_name(bar.field, english)} {value} {sign} {_value(bar.field, bar.value)}"


def _name(field: SignalField, english: bool) -> str:
    return field.en if english else field.zh


def _flag(field: SignalField, wanted: bool, english: bool) -> str:
    if wanted:
        return _name(field, english)
    return f"not: {field.en}" if english else f"并非：{field.zh}"


def _value(field: SignalField, value: float, *, short: bool = False) -> str:
    if field.kind is FieldKind.SHARE:
        return f"{value:.0%}" if short else f"{100 * value:.4g}%"
    if field.kind is FieldKind.COUNT:
        return f"{value:.0f}"
    return f"{value:.4g}"


def _bracketed(part: Condition, whole: All | AnyOf, english: bool) -> str:
    text = asked(part, english=english)
    if not isinstance(part, All | AnyOf):
        return text
    return f"({text})" if english else f"（{text}）"


def _joined(whole: All | AnyOf, parts: list[str], english: bool) -> str:
    if isinstance(whole, AnyOf):
        return (" or " if english else " 或 ").join(parts)
    last = parts[-1]
    if english:
        return f"{', '.join(parts[:-1])} and {last}"
    return f"{'，'.join(parts[:-1])}，且{last if last.startswith('（') else ' ' + last}"
