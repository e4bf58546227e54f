"""One number of the rules changed: where it stands, what must follow, what can't be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from alerting.sweeping import numbers_of, with_value
from config.expressions import comparisons
from config.records import Level
from config.rules import Rules
from tests.alerting.timeline import DEFAULT, RULE_SETS


def bars(field: str, value: float) -> list[float]:
    return numbers(with_value(DEFAULT, field, value), field)


def numbers(rules: Rules, field: str) -> list[float]:
    """The number that each level first holds the field against, from Ⅳ to Ⅰ."""
    conditions = [rules.levels[level].condition for level in sorted(rules.levels, key=lambda x: x.rank)]
    return [next(bar.value for bar in comparisons(c) if bar.field.name == field) for c in conditions]


def test_the_lowest_level_gets_the_value_and_no_level_becomes_easier_than_a_lower_one() -> None:
    own = numbers(DEFAULT, "z")
    assert bars("z", 1.5) == [1.5, *own[1:]]
    high = max(own) + 1
    assert bars("z", high) == [high] * len(own)


def test_minimum_evidence_and_holds_are_numbers_of_a_level_too() -> None:
    assert with_value(DEFAULT, "mentions", 7).levels[Level.IV].mentions == 7
    changed = with_value(DEFAULT, "hold", 45)
    assert [changed.levels[level].hold >= 45 for level in Level] == [True] * 4


def test_a_setting_of_the_whole_set_is_replaced_and_nothing_else() -> None:
    changed = with_value(DEFAULT, "window", 60)
    assert changed.window == 60
    assert changed.overridden({"window": DEFAULT.window}) == DEFAULT


def test_a_name_that_is_no_number_of_the_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="no level asks for 'fame'"):
        with_value(DEFAULT, "fame", 3)
    with pytest.raises(ValueError, match="no level asks for 'calendar'"):
        with_value(DEFAULT, "calendar", 3)
    with pytest.raises(ValidationError):
        with_value(DEFAULT, "window", -1)


@pytest.mark.parametrize("name", list(RULE_SETS))
def test_every_number_that_is_offered_can_be_set_to_what_it_is(name: str) -> None:
    rules = RULE_SETS[name]
    assert {"z", "mentions", "window", "prior_velocity"} <= set(numbers_of(rules))
    assert not {"calendar", "levels"} & set(numbers_of(rules))
    for field in numbers_of(rules):
        if field in type(rules).model_fields:
            assert with_value(rules, field, getattr(rules, field)) == rules
