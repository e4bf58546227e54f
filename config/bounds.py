"""What a condition demands of each field whatever else holds: intervals over ``and`` and ``or``.

The interval of a comparison is its own; of `All` the intersection of the parts'; of
`AnyOf` the hull of the parts' (Moore 1966, Interval Analysis, ch. 2). A field that some
alternative leaves free is free. The result encloses every case in which the condition
can be met, so what lies outside may be skipped unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from config.expressions import All, AnyOf, Compare, Condition, Flag


@dataclass(frozen=True, slots=True)
class Interval:
    """The values from `low` to `high`, ends included unless open."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """Whether no value lies in it."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def meet(self, other: Interval) -> Interval:
        """Return the values that lie in both."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_open = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not high_open)

    def hull(self, other: Interval) -> Interval:
        """Return the smallest interval that holds both."""
        low, low_open = min((self.low, self.low_open), (other.low, other.low_open))
        high, high_open = max((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not high_open)


Box = dict[str, Interval]
"""Interval of each field that is not free."""


def box_of(condition: Condition) -> Box | None:
    """Return the intervals outside of which `condition` can't be met; None if it never can.

    Examples
    --------
    >>> from config.expressions import parse
    >>> box_of(parse("velocity >= 6 and z >= 5 or velocity >= 9"))["velocity"].low
    6.0
    >>> box_of(parse("z >= 5 and z < 4")) is None
    True
    """
    if isinstance(condition, Flag):
        return {condition.field.name: Interval(float(condition.wanted), float(condition.wanted))}
    if isinstance(condition, Compare):
        return {condition.field.name: _interval(condition.sign, condition.value)}
    boxes = [box_of(part) for part in condition.parts]
    if isinstance(condition, All):
        return _all(boxes)
    possible = [box for box in boxes if box is not None]
    if not possible:
        return None
    shared = set(possible[0]).intersection(*possible[1:])
    return {name: _hull([box[name] for box in possible]) for name in possible[0] if name in shared}


def never_met(condition: Condition) -> Condition | None:
    """Return the innermost part of `condition` that contradicts itself, if there is one."""
    if isinstance(condition, All | AnyOf):
        for part in condition.parts:
            if (inner := never_met(part)) is not None:
                return inner
    return condition if box_of(condition) is None else None


def _interval(sign: str, value: float) -> Interval:
    match sign:
        case ">=" | ">":
            return Interval(low=value, low_open=sign == ">")
        case "<=" | "<":
            return Interval(high=value, high_open=sign == "<")
        case "==":
            return Interval(value, value)
    return Interval()


def _all(boxes: list[Box | None]) -> Box | None:
    result: Box = {}
    for box in boxes:
        if box is None:
            return None
        for name, interval in box.items():
            result[name] = result.get(name, Interval()).meet(interval)
            if result[name].empty:
                return None
    return result


def _hull(intervals: list[Interval]) -> Interval:
    result = intervals[0]
    for interval in intervals[1:]:
        result = result.hull(interval)
    return result
