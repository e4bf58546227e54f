"""The language of rules: what it means, what it refuses, and what its bounds promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.bounds import box_of, never_met
from config.expressions import (
    DEEPEST,
    LONGEST,
    AnyOf,
    Compare,
    Condition,
    ExpressionError,
    both,
    comparisons,
    parse,
    with_bar,
)
from config.signal_fields import FIELDS, FieldKind
from models.labels import LABEL_ZH

NUMBERS = ["z", "factor", "authors", "negative_share"]
FLAGS = ["authority", "cold_start"]

values = st.fixed_dictionaries(
    {name: st.integers(0, 6).map(lambda n: n / 6) for name in NUMBERS}
    | {name: st.booleans() for name in FLAGS}
).map(lambda found: found | {"authors": round(found["authors"] * 6)})
written_bars = st.tuples(
    st.sampled_from(NUMBERS), st.sampled_from([">=", ">", "<", "<="]), st.integers(0, 6)
).map(lambda b: f"{b[0]} {b[1]} {b[2] if b[0] == 'authors' else round(b[2] / 6, 6)}")
written = st.recursive(
    written_bars | st.sampled_from(FLAGS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) and ({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) or ({p[1]})"),
        inner.map(lambda p: f"not ({p})"),
    ),
    max_leaves=8,
)


@given(written, values)
def test_it_means_what_python_would_mean(text: str, found: dict[str, float]) -> None:
    assert parse(text).met(found) is bool(eval(text, {}, dict(found)))


@given(written, values)
def test_what_it_says_of_itself_means_the_same(text: str, found: dict[str, float]) -> None:
    condition = parse(text)
    assert parse(str(condition)).met(found) is condition.met(found)


@given(written, values)
def test_nothing_outside_its_bounds_meets_it(text: str, found: dict[str, float]) -> None:
    condition = parse(text)
    box = box_of(condition)
    if box is None:
        assert never_met(condition) is not None
        assert not condition.met(found)
        return
    for name, interval in box.items():
        value = found[name]
        below = value < interval.low or (value == interval.low and interval.low_open)
        above = value > interval.high or (value == interval.high and interval.high_open)
        if below or above:
            assert not condition.met(found)


@pytest.mark.parametrize(
    ("text", "field", "low"),
    [
        ("z >= 4 and velocity >= 6", "velocity", 6),
        ("z >= 4 and velocity >= 6 or velocity >= 3 and authority", "velocity", 3),
        ("z >= 4 or velocity >= 3", "velocity", None),
        ("not (velocity < 3)", "velocity", 3),
        ("velocity >= 3 and (velocity >= 9 or velocity >= 7)", "velocity", 7),
        ("z > 9 and (velocity >= 9 or z < 3)", "velocity", None),
        ("authors != 3", "authors", None),
    ],
)
def test_bounds_are_as_tight_as_the_condition_lets_them_be(text: str, field: str, low: float | None) -> None:
    box = box_of(parse(text))
    assert box is not None
    if low is None:
        assert field not in box or box[field].low == float("-inf")
    else:
        assert box[field].low == low


def test_and_binds_closer_than_or() -> None:
    condition = parse("z >= 1 or z >= 2 and authority")
    assert isinstance(condition, AnyOf)
    assert str(condition) == "z >= 1 or z >= 2 and authority"
    assert str(parse("(z >= 1 or z >= 2) and authority")) == "(z >= 1 or z >= 2) and authority"


def test_shares_may_be_written_in_percent() -> None:
    assert parse("negative_share >= 33%") == parse("negative_share >= 0.33")
    assert parse("intent.redress >= 5%") == parse("intent.redress>=0.05")


@pytest.mark.parametrize(
    ("text", "found", "expected", "position"),
    [
        ("velocty >= 6", "'velocty'", "a field: did you mean velocity?", 1),
        ("z >= 4 and intent.redres >= 10%", "'intent.redres'", "did you mean intent.redress?", 12),
        ("z >= 4 and qqqqqq > 1", "'qqqqqq'", "a field: one of velocity, ", 12),
        ("z", "the end", "a comparison, for instance z >= 4", 2),
        ("negative_share and z >= 1", "'and'", "for instance negative_share >= 30%", 16),
        ("negative_share >= 30", "'30'", "a share, 0 to 1 or 0% to 100%", 19),
        ("z >= 30%", "'30%'", "a number without %: z is no share", 6),
        ("authors >= 2.5", "'2.5'", "a whole number, as authors counts", 12),
        ("mentions >= -1", "'-1'", "a whole number", 13),
        ("authority >= 1", "'>='", "authority is true or false by itself", 11),
        ("z == 4", "'=='", ">= or <: z is measured", 3),
        ("z >= authors", "'authors'", "a number", 6),
        ("4 <= z", "'4'", "a field such as z or authors", 1),
        ("z >= 4 authors >= 3", "'authors'", "'and', 'or' or the end", 8),
        ("(z >= 4", "the end", "')'", 8),
        ("z >= 4)", "')'", "'and', 'or' or the end", 7),
        ("z ≥ 4", "'≥'", "'>=' written for it", 3),
        ("z => 4", "'=>'", "'>=' written for it", 3),
        ("z =< 4", "'=<'", "'<=' written for it", 3),
        ("z >= 4 && authority", "'&&'", "'and' written for it", 8),
        ("z >= 4，authority", "'，'", "'and' written for it", 7),
        ("z >= 4 and", "the end", "a field such as", 11),
        ("__import__('os')", '"\'"', "a field, a number, a comparison or a bracket", 12),
        ("__import__(z)", "'__import__'", "a field: one of velocity", 1),
        ("", "the end", "a field such as", 1),
        ("not", "the end", "a field such as", 4),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, found: str, expected: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.found, caught.value.position) == (found, position)
    assert expected in caught.value.expected


@given(st.text(st.sampled_from("z>=<4%() .authors notandor!&-_"), max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    position = 1
    try:
        parse(text)
    except ExpressionError as error:
        position = error.position
    assert 1 <= position <= len(text) + 1


@pytest.mark.parametrize("text", ["(" * 5000 + "z >= 1" + ")" * 5000, "not " * (DEEPEST + 5) + "authority"])
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)
    assert len("(" * 5000) > LONGEST


def test_a_contradiction_is_found_where_it_is() -> None:
    assert never_met(parse("z >= 4 or authors >= 9 and authors < 9")) == parse("authors >= 9 and authors < 9")
    assert never_met(parse("authority and not authority")) is not None
    assert never_met(parse("authors >= 9 and authors <= 9")) is None


def test_the_first_bar_of_a_field_is_replaced() -> None:
    changed = with_bar(parse("factor >= 2 and (authority or z >= 4) and z >= 9"), "z", 5)
    assert str(changed) == "factor >= 2 and (authority or z >= 5) and z >= 9"
    assert [bar.value for bar in comparisons(changed)] == [2, 5, 9]
    assert with_bar(changed, "ramp", 1) == changed


def test_conditions_are_joined_flat() -> None:
    joined: Condition = both(Compare(FIELDS["z"], ">=", 1), parse("factor >= 2 and authors >= 3"))
    assert str(joined) == "z >= 1 and factor >= 2 and authors >= 3"


def test_the_labels_are_those_of_the_models() -> None:
    for head in ("emotion", "intent"):
        known = {name: field.zh for name, field in FIELDS.items() if name.startswith(f"{head}.")}
        labels = LABEL_ZH[head]
        assert list(known) == [f"{head}.{label}" for label in labels]
        assert all(labels[name.split(".")[1]] in zh for name, zh in known.items())
    assert {field.kind for field in FIELDS.values()} == set(FieldKind)
