"""Rules tried on past signals find what the detector told, and nothing that was not held."""

from __future__ import annotations

import msgspec
import pytest

from alerting.trying import GAP, try_on
from config.records import Level, Signal, Transition
from config.rules import Rules
from tests.alerting.sample_incident import FIRED
from tests.alerting.timeline import DEFAULT, RULE_SETS, Story, detector, incidents, play, signals

FAR_ABOVE = msgspec.structs.replace(
    FIRED.signal, velocity=1e4, evidence_negative=10**5, negative_authors=10**5, negative_texts=10**5, coordination=0.0, sustained_share=1.0, negative_share=1.0, factor=1e4,
    z=1e3,
)  # fmt: skip


def at(*seconds: float, signal: Signal = FAR_ABOVE) -> list[Signal]:
    return [msgspec.structs.replace(signal, at=1e9 + second) for second in seconds]


def test_the_same_rules_find_the_incident_that_was_told() -> None:
    outputs = play(detector(), Story(1).ordinary(3).crisis(plateau=10).ordinary(1).mentions)
    fired = next(i for i in incidents(outputs) if i.transition is Transition.FIRED)
    (firing,) = try_on(DEFAULT, signals(outputs)).firings
    assert firing.started_at == fired.detected_at
    assert firing.level is incidents(outputs)[-1].peak_level
    assert firing.told is firing.level
    assert firing.incidents == (fired.id,)
    assert firing.reason.startswith("Ⅰ级" if firing.level is Level.I else "Ⅱ级")


def test_stricter_rules_fire_later_or_not_at_all() -> None:
    past = signals(play(detector(), Story(1).ordinary(3).crisis(plateau=10).mentions))
    stricter = DEFAULT.overridden({"levels": {"IV": {"velocity": 11.5, "hold": 120}}})
    never = DEFAULT.overridden({"levels": {level.value: {"when": "z >= 900"} for level in Level}})
    normal = try_on(DEFAULT, past).firings[0]
    assert try_on(stricter, past).firings[0].started_at > normal.started_at
    assert try_on(never, past).firings == []


@pytest.mark.parametrize(
    ("seconds", "fires"),
    [((0.0,), False), ((0, 10), False), ((0, 20), True), ((0, GAP), True), ((0, GAP + 1), False)],
)
def test_a_hold_runs_over_signals_that_are_at_most_a_minute_apart(
    seconds: tuple[float, ...], fires: bool
) -> None:
    trial = try_on(Rules(levels={Level.IV: DEFAULT.levels[Level.IV]}), at(*seconds))
    assert bool(trial.firings) is fires
    assert trial.nearly == len(seconds)


def test_firings_far_apart_are_two_and_near_ones_are_one() -> None:
    apart = DEFAULT.recover_hold + DEFAULT.resolve_hold + DEFAULT.regroup
    near, far = [0, 30, 60, 60 + apart - 60, 60 + apart - 1], [0, 30, 60, 60 + 2 * apart, 90 + 2 * apart]
    assert len(try_on(DEFAULT, at(*near)).firings) == 1
    assert [f.started_at - 1e9 for f in try_on(DEFAULT, at(*far)).firings] == [30, 90 + 2 * apart]


def test_signals_that_the_rules_cannot_judge_are_counted() -> None:
    old = msgspec.structs.replace(FAR_ABOVE, evidence_negative=0)
    trial = try_on(RULE_SETS["sensitive"], at(0, 30, signal=old))
    assert (trial.signals, trial.outdated, trial.other_window, trial.firings) == (2, 2, 2, [])
