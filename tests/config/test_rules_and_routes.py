"""A rule set whose levels are out of order, or a route to nobody, never starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError, load
from config.routes import Routes
from config.rules import RuleSets
from config.watches import Model

PACKAGED = Path(__file__).parents[2] / "config"
LEVELS = """\
rules:
  default:
    window: 120
    levels:
      IV: {z: 3, factor: 4, authors: 5, mentions: 6, velocity: 2}
      III: {z: 3, factor: 4, authors: 5, mentions: 6, velocity: 2}
      I: {z: 6, factor: 8, authors: 50, mentions: 60, velocity: 20}
"""
ROUTES = """\
receivers:
  - {name: team, type: slack, channel: "#pr"}
  - {name: console, type: terminal}
routes:
  - receivers: [team]
    levels: [I]
    continue: true
  - receivers: [console]
"""


def refused(folder: Path, content: str, model: type[Model]) -> str:
    path = folder / "it.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load(path, model)
    return str(caught.value)


def test_equal_bars_and_left_out_levels_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(LEVELS)
    rules = load(path, RuleSets).rules["default"]
    assert {level.value for level in rules.levels} == {"IV", "III", "I"}


@pytest.mark.parametrize(
    ("bar", "lower"), [("z", 2), ("factor", 3), ("authors", 4), ("mentions", 5), ("velocity", 1)]
)
def test_a_higher_level_must_not_be_easier(tmp_path: Path, bar: str, lower: int) -> None:
    lines = LEVELS.splitlines()
    before = lines[5].split(f"{bar}: ")[1][0]
    lines[5] = lines[5].replace(f"{bar}: {before}", f"{bar}: {lower}")
    message = refused(tmp_path, "\n".join(lines), RuleSets)
    assert f"it.yaml:6: rules.default.levels.III.{bar}: found {lower}, expected at least {before}" in message
    assert "level IV" in message


def test_levels_are_compared_across_a_gap(tmp_path: Path) -> None:
    message = refused(tmp_path, LEVELS.replace("z: 6,", "z: 1,"), RuleSets)
    assert "it.yaml:7: rules.default.levels.I.z: found 1, expected at least 3" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("window: 120", "window: 7", ":3: rules.default.window: found 7, expected a multiple of bucket (5 s)"),
        ("window: 120", "window: 0", ":3: rules.default.window: found 0, expected greater than 0"),
        ("window: 120", "author_cap: 2", ":3: rules.default.author_cap: found 2, expected less than or equal"),
        ("  default:", "  other:", "a rule set named 'default'"),
        ("      I: {", "      V: {", ":7: rules.default.levels.V.[key]: found 'V', expected 'IV', 'III'"),
        ("factor: 8", "factor: 0.5", ":7: rules.default.levels.I.factor: found 0.5, expected greater than"),
        ("    window: 120\n", "    windows: 120\n", ":3: rules.default.windows: found the unknown key"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_pointed_at(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refused(tmp_path, LEVELS.replace(old, new), RuleSets)


def test_routes_load_with_their_alias(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES)
    first, second = load(path, Routes).routes
    assert (first.continue_, second.continue_) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("receivers: [console]", "receivers: [nobody]", ":8: routes.1.receivers.0: found 'nobody', expected"
         " one of the receivers: team, console"),
        ("name: console", "name: team", ":3: receivers.1.name: found 'team', expected a name of its own"),
        ("type: terminal", "type: pager", ":3: receivers.1"),
        ("levels: [I]", "levels: [V]", ":6: routes.0.levels.0: found 'V', expected 'IV', 'III', 'II' or 'I'"),
        (', channel: "#pr"', "", ":2: receivers.0.slack.channel: found nothing"),
    ],
)  # fmt: skip
def test_a_wrong_route_is_pointed_at(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refused(tmp_path, ROUTES.replace(old, new), Routes)


def test_the_shipped_rule_sets_bar_every_level() -> None:
    sets = load(PACKAGED / "rules.yaml", RuleSets).rules
    assert set(sets) >= {"default", "sensitive", "busy"}
    for rules in sets.values():
        assert [level.value for level in sorted(rules.levels, key=lambda level: level.rank)] == [
            "IV", "III", "II", "I",
        ]  # fmt: skip
