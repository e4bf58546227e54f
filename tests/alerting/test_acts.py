"""What people do to incidents: acknowledge, close, call it a false alarm; each once, each in the audit."""

from __future__ import annotations

import msgspec
import pytest

from alerting.detector import Detector
from alerting.false_alarms import false_alarm_spans, is_false_alarm
from config.records import Act, ActKind, IncidentState, Level, Transition
from tests.alerting.test_incidents import RULES, Run
from tests.alerting.timeline import DEFAULT, START, WATCH, Story, incidents, mention, play


def by_hand(run: Run, kind: ActKind, who: str = "@lead", number: int = 1) -> Act:
    return Act(
        id=f"act-{number}",
        kind=kind,
        incident_id=run.now.id,
        watch=WATCH.id,
        by=who,
        at=run.at + 7,
        why="看过了",
    )


def do(run: Run, kind: ActKind, who: str = "@lead", number: int = 1) -> list[Transition]:
    told = run.incidents.act(by_hand(run, kind, who, number), run.at)
    run.told += told
    return [i.transition for i in told]


def test_an_acknowledgement_is_kept_through_later_transitions() -> None:
    run = Run()
    run(Level.IV, 3)
    assert do(run, ActKind.ACKNOWLEDGE) == [Transition.UPDATED]
    assert (run.now.acknowledged_by, run.now.sequence) == ("@lead", 2)
    run(Level.II, 5)
    assert run.now.acknowledged_by == "@lead"


def test_each_act_is_one_audit_entry_of_who_when_from_to_and_why() -> None:
    run = Run()
    run(Level.IV, 3)
    do(run, ActKind.RESOLVE)
    entry = run.now.audit[-1]
    assert (entry.who, entry.at, entry.change, entry.why) == ("@lead", run.at + 7, "resolve", "看过了")
    assert (entry.state_before, entry.state) == (IncidentState.FIRING, IncidentState.RESOLVED)
    assert (entry.level_before, entry.level, entry.act) == (Level.IV, Level.IV, "act-1")


@pytest.mark.parametrize("kind", list(ActKind))
def test_an_act_that_comes_again_changes_nothing(kind: ActKind) -> None:
    run = Run()
    run(Level.IV, 3)
    do(run, kind)
    known = run.now
    assert do(run, kind) == []  # the same id
    assert do(run, kind, number=2) == [Transition.UPDATED]  # the same thing again
    changed = msgspec.structs.replace(
        run.now, transition=known.transition, sequence=known.sequence, audit=known.audit
    )
    assert changed == known


def test_an_act_on_a_stranger_is_refused() -> None:
    run = Run()
    run(Level.IV, 3)
    with pytest.raises(KeyError, match="no incident 'other'"):
        run.incidents.act(
            msgspec.structs.replace(by_hand(run, ActKind.ACKNOWLEDGE), incident_id="other"), run.at
        )


def test_what_is_over_can_not_be_acknowledged() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    assert run.now.state is IncidentState.RESOLVED
    assert do(run, ActKind.ACKNOWLEDGE) == [Transition.UPDATED]
    assert run.now.acknowledged_by is None
    assert "没有变化" in run.now.audit[-1].why
    run(Level.IV, 3)
    assert do(run, ActKind.ACKNOWLEDGE) == []  # nor does it take effect at the second wave


def test_who_acknowledges_during_the_recovery_does_not_delay_the_end() -> None:
    run = Run()
    run(Level.IV, 3)
    assert run(None, 12) == [Transition.RECOVERING]
    run(None, 10)
    do(run, ActKind.ACKNOWLEDGE)
    assert run(None, 8) == [Transition.RESOLVED]


def test_an_incident_closed_by_hand_stays_closed_while_the_same_wave_goes_on() -> None:
    run = Run()
    run(Level.III, 3)
    assert do(run, ActKind.RESOLVE) == [Transition.RESOLVED]
    assert run.now.resolved_at == run.at
    assert run(Level.III, 100) == []
    assert run(None, 5) == []
    assert run(Level.IV, 50) == []


def test_after_a_calm_a_new_wave_reopens_what_was_closed_by_hand() -> None:
    run = Run()
    run(Level.III, 3)
    do(run, ActKind.RESOLVE)
    assert run(None, 13) == [Transition.UPDATED]
    assert run.now.audit[-1].change == "calm"
    assert run.now.closed_by is None
    assert run(Level.III, 3) == [Transition.REOPENED]


def test_what_rises_above_its_peak_reopens_at_once_though_closed_by_hand() -> None:
    run = Run()
    run(Level.IV, 3)
    do(run, ActKind.RESOLVE)
    assert run(Level.II, 5)[:2] == [Transition.REOPENED, Transition.ESCALATED]
    assert run.now.closed_by is None


def test_a_second_wave_has_to_be_acknowledged_anew() -> None:
    run = Run()
    run(Level.IV, 3)
    do(run, ActKind.ACKNOWLEDGE)
    run(None, 32)
    assert run(Level.IV, 3) == [Transition.REOPENED]
    assert run.now.acknowledged_by is None


def test_a_false_alarm_is_closed_and_a_new_wave_is_a_new_incident() -> None:
    run = Run()
    run(Level.IV, 3)
    first = run.now.id
    assert do(run, ActKind.FALSE_ALARM) == [Transition.RESOLVED]
    assert run.now.false_alarm
    run(None, 13)
    assert run(Level.IV, 3) == [Transition.FIRED]
    assert run.now.id != first


def test_the_mark_of_a_false_alarm_can_be_taken_back() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    assert do(run, ActKind.FALSE_ALARM) == [Transition.UPDATED]
    assert do(run, ActKind.NO_FALSE_ALARM, number=2) == [Transition.UPDATED]
    assert not run.now.false_alarm
    assert [e.change for e in run.now.audit][-2:] == ["false_alarm", "no_false_alarm"]


def test_ordinary_talk_that_was_called_a_false_alarm_is_learnt_from_again() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    assert run.incidents.spans == [(run.now.started_at, run.now.resolved_at)]
    do(run, ActKind.FALSE_ALARM)
    assert run.incidents.spans == []


def test_a_detector_closes_at_the_event_time_it_has_reached() -> None:
    made = Detector(WATCH, DEFAULT)
    story = Story(1).ordinary(1).talk(10, 40, 0.7)
    fired = incidents(play(made, story.mentions))[-1]
    years_later = Act(
        id="a", kind=ActKind.RESOLVE, incident_id=fired.id, watch=WATCH.id, by="@lead", at=START + 4e8
    )
    [closed] = incidents(made.act(years_later))
    assert closed.resolved_at is not None
    assert abs(closed.resolved_at - story.now) < 30
    assert made.open is None
    assert incidents(play(made, [mention("next", story.now + 1)])) == []


def test_false_alarms_are_given_to_the_backtest_without_the_crises_among_them() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    marked = msgspec.structs.replace(run.now, false_alarm=True, started_at=100.0, resolved_at=200.0)
    true = msgspec.structs.replace(run.now, started_at=150.0, resolved_at=170.0)
    other = msgspec.structs.replace(marked, watch="other")
    spans = false_alarm_spans([marked, true, other])
    assert spans == {WATCH.id: [(100.0, 150.0), (170.0, 200.0)], "other": [(100.0, 200.0)]}
    assert is_false_alarm(WATCH.id, 140.0, 145.0, spans)
    assert not is_false_alarm(WATCH.id, 151.0, 169.0, spans)
    assert not is_false_alarm("nobody", 140.0, 145.0, spans)
    assert RULES.recover_hold == 60
