"""What the calendar knows is said in the alert and teaches nothing."""

from __future__ import annotations

from config.calendar import KnownEvent
from config.records import Transition
from config.rules import Rules
from tests.alerting.timeline import DEFAULT, HOUR, START, Story, detector, incidents, play, signals


def with_event(start_hour: float, end_hour: float) -> Rules:
    event = KnownEvent(name="周年庆", start=START + start_hour * HOUR, end=START + end_hour * HOUR)
    return DEFAULT.model_copy(update={"calendar": (event,)})


def test_a_crisis_during_a_known_event_is_told_with_the_event() -> None:
    outputs = play(detector(with_event(2, 5)), Story(1).ordinary(3).crisis(plateau=5).mentions)
    fired = next(i for i in incidents(outputs) if i.transition is Transition.FIRED)
    assert fired.signal.event == "周年庆"
    assert fired.evidence.reason.endswith("；日历中的已知事件：周年庆")
    assert fired.audit[0].why.endswith("；日历中的已知事件：周年庆")
    assert {s.event for s in signals(outputs) if s.at < START + 2 * HOUR} == {None}


def test_the_hours_of_a_known_event_are_not_learnt_as_normal() -> None:
    story = Story(2).ordinary(4).talk(180, 60, 0.1).ordinary(0.2)
    after = START + 7 * HOUR
    unaware = next(s for s in signals(play(detector(), story.mentions)) if s.at >= after)
    aware = next(s for s in signals(play(detector(with_event(4, 7)), story.mentions)) if s.at >= after)
    assert aware.velocity == unaware.velocity
    assert aware.expected < unaware.expected / 3
