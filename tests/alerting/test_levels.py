"""Which level is met, and the part of its condition that decided it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.levels import explain, facts_of, judge
from config.expressions import All, AnyOf, Compare, alternatives, comparisons
from config.records import Level, Signal
from config.rules import Rules
from config.signal_fields import FIELDS
from tests.alerting.sample_incident import FIRED
from tests.alerting.timeline import DEFAULT, RULE_SETS

FAR_ABOVE = msgspec.structs.replace(
    FIRED.signal,
    velocity=1e4,
    evidence_negative=10**5,
    negative_authors=10**5,
    negative_texts=10**5,
    coordination=0.0,
    sustained_share=1.0,
    negative_share=1.0,
    factor=1e4,
    z=1e3,
)
OF_SIGNAL = {"mentions": "evidence_negative", "authors": "negative_authors", "texts": "negative_texts"}


any_signal = st.builds(
    lambda **numbers: msgspec.structs.replace(FIRED.signal, **numbers),
    velocity=st.floats(0, 400),
    evidence_negative=st.integers(0, 3000),
    negative_authors=st.integers(0, 2000),
    negative_share=st.floats(0, 1),
    factor=st.floats(0, 50),
    z=st.floats(-5, 30),
    ramp=st.floats(0, 30),
)


def with_value(signal: Signal, bar: Compare, value: float) -> Signal:
    name = bar.field.name
    return msgspec.structs.replace(signal, **{OF_SIGNAL.get(name, name): value})


def bars(level: Level) -> list[Compare]:
    """The comparisons that the level always asks for, and those of its burst test."""
    condition = DEFAULT.levels[level].condition
    parts = condition.parts if isinstance(condition, All) else (condition,)
    asked = [part for part in parts if isinstance(part, Compare)]
    burst = next((alternatives(part)[0] for part in parts if isinstance(part, AnyOf)), None)
    return [*asked, *(comparisons(burst) if burst is not None else ())]


def at_the_bars_of(level: Level) -> Signal:
    signal = FIRED.signal
    for bar in bars(level):
        signal = with_value(signal, bar, bar.value)
    return signal


@pytest.mark.parametrize("level", list(Level))
def test_the_bars_themselves_are_enough(level: Level) -> None:
    assert judge(DEFAULT, at_the_bars_of(level)).level is level


@pytest.mark.parametrize("level", list(Level))
def test_every_bar_can_refuse(level: Level) -> None:
    alone = Rules(levels={level: DEFAULT.levels[level]})
    assert judge(alone, FAR_ABOVE).level is level
    assert len(bars(level)) >= 6
    for bar in bars(level):
        beyond = bar.value + 0.001 if bar.sign == "<=" else bar.value - 0.001
        verdict = judge(alone, with_value(FAR_ABOVE, bar, beyond))
        assert verdict.level is None
        assert f"{bar.field.zh} " in explain(alone, verdict)


@given(any_signal, st.sampled_from(sorted(RULE_SETS)))
def test_the_highest_level_whose_condition_holds_is_met(signal: Signal, name: str) -> None:
    rules = RULE_SETS[name]
    verdict = judge(rules, signal)
    for level, rule in rules.levels.items():
        if verdict.level is None or level.rank > verdict.level.rank:
            assert not rule.condition.met(facts_of(signal))
    if verdict.level is not None:
        assert rules.levels[verdict.level].condition.met(facts_of(signal))


@given(any_signal, st.sampled_from(sorted(RULE_SETS)))
def test_no_level_is_met_below_the_bounds_that_let_a_tick_be_skipped(signal: Signal, name: str) -> None:
    rules = RULE_SETS[name]
    facts = facts_of(signal)
    if facts["velocity"] < rules.least("velocity") or facts["mentions"] < rules.least("mentions"):
        assert judge(rules, signal).level is None


@given(any_signal)
def test_every_field_of_the_language_has_a_value(signal: Signal) -> None:
    assert set(facts_of(signal)) == set(FIELDS)


def test_the_reason_names_what_was_met_and_what_is_missing() -> None:
    verdict = judge(DEFAULT, msgspec.structs.replace(at_the_bars_of(Level.III), velocity=13.0))
    assert explain(DEFAULT, verdict) == (
        "Ⅲ级：负面条数 35 ≥ 35，负面作者 25 ≥ 25，负面声量/分 13 ≥ 12，负面占比 35% ≥ 35%，倍数 8 ≥ 8，z 6 ≥ 6；"
        "未到Ⅱ级：负面条数 35 < 100"
    )
    assert "not level II: negative mentions 35 < 100" in explain(DEFAULT, verdict, english=True)
    assert "未到" not in explain(DEFAULT, judge(DEFAULT, FAR_ABOVE))


def test_a_known_event_is_said() -> None:
    verdict = judge(DEFAULT, msgspec.structs.replace(FAR_ABOVE, event="春季新品"))
    assert explain(DEFAULT, verdict).endswith("；日历中的已知事件：春季新品")
    assert explain(DEFAULT, verdict, english=True).endswith("; known event: 春季新品")


def test_the_shipped_rules_know_three_kinds_of_brand() -> None:
    assert {"default", "sensitive", "busy"} <= set(RULE_SETS)
    order = [RULE_SETS[name].levels[Level.IV] for name in ("sensitive", "default", "busy")]
    bars_of = [{bar.field.name: bar.value for bar in comparisons(rule.condition)} for rule in order]
    for name in ("velocity", "authors"):
        assert [found[name] for found in bars_of] == sorted(found[name] for found in bars_of)
