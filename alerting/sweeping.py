"""The same rules with one number changed, for trying several values on history."""

from __future__ import annotations

from typing import Any

from config.expressions import comparisons
from config.rules import LevelRule, Rules
from config.signal_fields import FIELDS


def with_value(rules: Rules, field: str, value: float) -> Rules:
    """Return `rules` with `value` in the place of the number that `field` has.

    A setting of the whole set (``window``, ``author_cap``) is replaced. A field of the levels
    is replaced in the lowest level that asks for it, which decides what is paged at all; a
    level above it whose number would then be lower is raised to it.

    Raises
    ------
    ValueError
        Neither the set nor a level has a number by that name.
    pydantic.ValidationError, config.loading.MisplacedError
        The rules may not have that value.
    """
    if field in _settings(rules):
        return rules.overridden({field: value})
    levels: dict[str, dict[str, Any]] = {}
    for level in sorted(rules.levels, key=lambda name: name.rank):
        own = _number(rules.levels[level], field)
        if own is not None:
            levels[level.value] = {field: max(own, value) if levels else value}
    if not levels:
        raise ValueError(f"no level asks for {field!r}")
    return rules.overridden({"levels": levels})


def numbers_of(rules: Rules) -> list[str]:
    """Return the names that `with_value` takes for these rules."""
    asked = [
        name
        for name in ("hold", *FIELDS)
        if any(_number(rule, name) is not None for rule in rules.levels.values())
    ]
    return [*asked, *_settings(rules)]


def _settings(rules: Rules) -> list[str]:
    """The settings of the whole set that are numbers."""
    return [name for name in Rules.model_fields if isinstance(getattr(rules, name), int | float)]


def _number(rule: LevelRule, field: str) -> float | None:
    if field == "hold":
        return rule.hold
    bars = [bar for bar in comparisons(rule.condition) if bar.field.name == field]
    return next((bar.value for bar in bars if bar.sign in (">=", ">")), None)
