"""``--sweep z=3,4,5``: the rule sets that the watches use, with each of the values."""

from __future__ import annotations

from math import isfinite

import typer
from pydantic import ValidationError

from alerting.sweeping import numbers_of, with_value
from config.loading import MisplacedError, Problem, problems_of
from config.rules import Rules
from fengsheng.configuration import Configuration
from fengsheng.language import language, say
from fengsheng.output import fail


def parse_sweep(written: str) -> tuple[str, list[float]]:
    """Return field and values of ``FIELD=A,B,…``.

    Raises
    ------
    typer.BadParameter
        It is not of that form.
    """
    field, sign, values = written.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        numbers = []
    if not field.strip() or not sign or not numbers or not all(map(isfinite, numbers)):
        raise typer.BadParameter(
            say(
                f"--sweep {written!r}：应为规则字段与几个数，如 z=3,4,5",
                f"--sweep {written!r}; expected a rule field and numbers, as z=3,4,5",
            )
        )
    return field.strip(), numbers


def swept_rules(
    configuration: Configuration, field: str, values: list[float]
) -> dict[float, dict[str, Rules]]:
    """Return the rule sets by value, or end the command with what can't be tried.

    A watch's own value for the field (`override`) stays what it is.
    """
    used = {watch.rules for watch in configuration.watches.watches}
    swept: dict[float, dict[str, Rules]] = {}
    for value in values:
        swept[value] = dict(configuration.rules.rules)
        for name in used:
            rules = configuration.rules.rules[name]
            try:
                swept[value][name] = with_value(rules, field, value)
            except MisplacedError as error:
                fail(_problem(name, field, value, error.found, error.expected))
            except ValidationError as error:
                for problem in problems_of(error, {}, "", Rules):
                    fail(_problem(name, field, value, problem.found, problem.expected))
            except ValueError as error:
                known = ", ".join(numbers_of(rules))
                fail(
                    say(
                        f"--sweep {field}：规则 {name} 没有这个可试的数；可用：{known}",
                        f"--sweep {field}, rules {name}: {error}; expected one of {known}",
                    )
                )
    return swept


def _problem(rules: str, field: str, value: float, found: str, expected: str) -> str:
    where = f"--sweep {field}={value:g}, rules {rules}"
    return Problem(where, None, "", found, expected).told(language())
