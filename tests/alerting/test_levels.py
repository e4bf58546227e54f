"""Which level is met, and the bar that decided it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.levels import Bar, Facts, explain, first_missed, judge
from config.records import Level
from tests.alerting.timeline import DEFAULT, RULE_SETS

FAR_ABOVE = Facts(velocity=1e4, mentions=10**5, authors=10**5, negative_share=1.0, factor=1e4, z=1e3)


def at_the_bars_of(level: Level) -> Facts:
    rule = DEFAULT.levels[level]
    return Facts(rule.velocity, rule.mentions, rule.authors, rule.negative_share, rule.factor, rule.z)


@pytest.mark.parametrize("level", list(Level))
def test_the_bars_themselves_are_enough(level: Level) -> None:
    assert judge(DEFAULT, at_the_bars_of(level)).level is level


@pytest.mark.parametrize("bar", list(Bar))
@pytest.mark.parametrize("level", list(Level))
def test_every_bar_can_refuse(level: Level, bar: Bar) -> None:
    facts = replace(FAR_ABOVE, **{bar.value: getattr(DEFAULT.levels[level], bar.value) - 0.001})
    assert first_missed(DEFAULT.levels[level], facts) is bar
    verdict = judge(DEFAULT, facts)
    assert verdict.level is None or verdict.level.rank < level.rank
    assert verdict.missed is bar


facts = st.builds(
    Facts,
    velocity=st.floats(0, 100),
    mentions=st.integers(0, 500),
    authors=st.integers(0, 300),
    negative_share=st.floats(0, 1),
    factor=st.floats(0, 50),
    z=st.floats(-5, 30),
)


@given(facts, st.sampled_from(sorted(RULE_SETS)))
def test_a_level_is_met_only_with_all_its_bars(found: Facts, name: str) -> None:
    rules = RULE_SETS[name]
    verdict = judge(rules, found)
    for level, rule in rules.levels.items():
        if verdict.level is None or level.rank > verdict.level.rank:
            assert first_missed(rule, found) is not None
    if verdict.level is not None:
        assert first_missed(rules.levels[verdict.level], found) is None


def test_the_reason_names_what_was_met_and_what_is_missing() -> None:
    verdict = judge(DEFAULT, replace(at_the_bars_of(Level.III), velocity=13.0))
    assert explain(DEFAULT, verdict) == (
        "Ⅲ级：负面声量/分 13 ≥ 12，负面条数 35 ≥ 35，负面作者 25 ≥ 25，负面占比 35% ≥ 35%，倍数 8 ≥ 8，z 6 ≥ 6；"
        "未到Ⅱ级：负面声量/分 13 < 25"
    )
    assert "not level II: negative mass/min 13 < 25" in explain(DEFAULT, verdict, english=True)
    assert "未到" not in explain(DEFAULT, judge(DEFAULT, FAR_ABOVE))


def test_the_shipped_rules_know_three_kinds_of_brand() -> None:
    assert {"default", "sensitive", "busy"} <= set(RULE_SETS)
    order = [RULE_SETS[name].levels[Level.IV] for name in ("sensitive", "default", "busy")]
    assert [rule.velocity for rule in order] == sorted(rule.velocity for rule in order)
    assert [rule.authors for rule in order] == sorted(rule.authors for rule in order)
