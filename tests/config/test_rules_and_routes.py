"""A rule set whose levels are out of order, or a route to nobody, never starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError, load
from config.records import Level
from config.routes import Routes
from config.rules import RuleSets, rules_for
from config.watches import Model, Watch
from fengsheng.configuration import load_configuration

PACKAGED = Path(__file__).parents[2] / "config"
LEVELS = """\
rules:
  default:
    window: 120
    levels:
      IV: {authors: 5, mentions: 6, when: z >= 3 and factor >= 4 and velocity >= 2}
      III: {authors: 5, mentions: 6, when: z >= 3 and factor >= 4 and velocity >= 2}
      I: {authors: 50, mentions: 60, when: z >= 6 and factor >= 8 and velocity >= 20}
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
    ("bar", "lower", "key", "found"),
    [
        ("z >= 3", "z >= 2", "when", "z 2"),
        ("factor >= 4", "factor >= 3.5", "when", "factor 3.5"),
        ("velocity >= 2", "velocity > 1", "when", "velocity 1"),
        ("authors: 5", "authors: 4", "authors", "4"),
        ("mentions: 6", "mentions: 5", "mentions", "5"),
    ],
)
def test_a_higher_level_must_not_be_easier(
    tmp_path: Path, bar: str, lower: str, key: str, found: str
) -> None:
    lines = LEVELS.splitlines()
    lines[5] = lines[5].replace(bar, lower)
    message = refused(tmp_path, "\n".join(lines), RuleSets)
    least = bar.split()[-1]
    assert f"it.yaml:6: rules.default.levels.III.{key}: found {found}, expected at least {least}" in message
    assert "level IV" in message


@pytest.mark.parametrize(
    ("low", "high", "refused_for"),
    [
        ("z >= 3 or ramp >= 4", "z >= 5 or ramp >= 5", None),
        ("z >= 3 or ramp >= 4", "z >= 2 or ramp >= 5", "z 2"),
        ("z >= 3 or ramp >= 4", "z >= 5 or ramp >= 3", "ramp 3"),
        ("z >= 3 and factor >= 4", "authority", None),
        ("z >= 3 or z >= 2 and ramp >= 4", "z >= 2 and ramp >= 4", None),
        ("z >= 3 and negative_share >= 40%", "z >= 3 and negative_share >= 30%", None),
    ],
)
def test_alternatives_are_compared_each_with_its_like(
    tmp_path: Path, low: str, high: str, refused_for: str | None
) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(
        "rules:\n default:\n  levels:\n"
        f"   IV: {{mentions: 5, authors: 5, when: {low}}}\n   III: {{mentions: 5, authors: 5, when: {high}}}\n"
    )
    if refused_for is None:
        load(path, RuleSets)
    else:
        message = refused(tmp_path, path.read_text(), RuleSets)
        assert f":5: rules.default.levels.III.when: found {refused_for}, expected at least" in message


def test_levels_are_compared_across_a_gap(tmp_path: Path) -> None:
    message = refused(tmp_path, LEVELS.replace("z >= 6", "z >= 1"), RuleSets)
    assert "it.yaml:7: rules.default.levels.I.when: found z 1, expected at least 3" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("window: 120", "window: 7", ":3: rules.default.window: found 7, expected a multiple of bucket (5 s)"),
        ("window: 120", "window: 0", ":3: rules.default.window: found 0, expected a number more than 0"),
        ("window: 120", "author_cap: 2", ":3: rules.default.author_cap: found 2, expected a number no more than 1"),
        ("  default:", "  other:", "a rule set named 'default'"),
        ("      I: {", "      V: {", ":7: rules.default.levels.V: found 'V', expected one of IV, III"),
        ("factor >= 8", "facter >= 8",
         ":7: rules.default.levels.I.when: found 'facter' at position 12, expected a field: did you mean factor?"),
        ("factor >= 8", "factor < 8 and factor > 9", ":7: rules.default.levels.I.when: found 'z >= 6 and factor < 8"),
        ("factor >= 8", "mentions < 30", ":7: rules.default.levels.I.when: found 'z >= 6 and mentions < 30"),
        ("when: z >= 6 and factor >= 8 and velocity >= 20", "when: 6", "expected a condition, for instance"),
        ("I: {authors: 50, ", "I: {", ":7: rules.default.levels.I.authors: found nothing, expected the key 'authors'"),
        ("I: {authors", "I: {z: 3, authors", ":7: rules.default.levels.I.z: found the unknown key 'z', expected one"),
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
        ("levels: [I]", "levels: [V]", ":6: routes.0.levels.0: found 'V', expected one of IV, III, II, I"),
        (', channel: "#pr"', "", ":2: receivers.0.channel: found nothing"),
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


def test_a_watch_overrides_single_values(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(LEVELS)
    sets = load(path, RuleSets).rules
    override = {"window": 60, "levels": {"IV": {"z": 2, "mentions": 3}, "I": {"hold": 90, "when": "z >= 9"}}}
    plain = Watch(id="a", name="a", any=["a"])
    own = rules_for(plain.model_copy(update={"override": override}), sets)
    assert rules_for(plain, sets) == sets["default"]
    assert own.window == 60
    assert str(own.levels[Level.IV].when) == "z >= 2 and factor >= 4 and velocity >= 2"
    assert (own.levels[Level.IV].mentions, own.levels[Level.IV].authors) == (3, 5)
    assert (str(own.levels[Level.I].when), own.levels[Level.I].hold) == ("z >= 9", 90)
    assert own.levels[Level.III] == sets["default"].levels[Level.III]
    assert own.least("mentions") == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("window: 7", ":6: watches.0.override.window: found 7, expected a multiple of bucket (5 s)"),
        ("windows: 7", ":6: watches.0.override.windows: found the unknown key 'windows', expected one of window"),
        ("levels: {IV: {zz: 3}}", ":6: watches.0.override.levels.IV.zz: found the unknown key 'zz'"),
        ("levels: {IV: {stories: 3}}", ":6: watches.0.override.levels.IV.stories: found 'stories', expected a field of the"),
        ("levels: {IV: {z: high}}", ":6: watches.0.override.levels.IV.z: found 'high', expected a number"),
        ("levels: {IV: {negative_share: 30}}", ":6: watches.0.override.levels.IV.negative_share: found 30, expected"),
        ("levels: {IV: {when: z > > 1}}", ":6: watches.0.override.levels.IV.when: found '>' at position 5, expected"),
        ("levels: {III: {z: 50}}", "found z 8, expected at least 50, as level III has"),
        ("levels: {V: {z: 50}}", ":6: watches.0.override.levels.V: found 'V', expected one of IV, III, II, I"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_pointed_at(tmp_path: Path, override: str, message: str) -> None:
    (tmp_path / "watches.yaml").write_text(
        "watches:\n- id: a\n  name: a\n  any: [a]\n  override:\n    " + override + "\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_every_level_that_is_too_easy_is_told_at_once(tmp_path: Path) -> None:
    wrong = LEVELS.replace("window: 120", "window: 7").replace("III: {authors: 5", "III: {authors: 4")
    message = refused(tmp_path, wrong.replace("z >= 6", "z >= 1"), RuleSets)
    for key in ("rules.default.window", "levels.III.authors", "levels.I.when"):
        assert key in message
