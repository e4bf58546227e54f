"""Nobody acknowledges: the next person is called, and the next, down to the last."""

from __future__ import annotations

import pytest

from alerting.incidents import Incidents
from alerting.routing import route
from config.records import ActKind, Level, Transition
from config.routes import Routes
from tests.alerting.test_acts import do
from tests.alerting.test_incidents import RULES, TICK, Run
from tests.alerting.test_muting import until
from tests.alerting.timeline import START, WATCH

DEADLINE = 50.0


@pytest.fixture
def run() -> Run:
    watch = WATCH.model_copy(update={"owners": ["@head", "@director"]})
    made = Run()
    made.incidents = Incidents(watch, RULES.model_copy(update={"ack_within": DEADLINE}))
    return made


def calls(run: Run) -> list[tuple[float, str | None]]:
    return [(i.updated_at - START, i.owner) for i in run.told if i.transition is Transition.HANDED_ON]


def test_each_has_the_deadline_to_acknowledge_in_and_the_chain_has_an_end(run: Run) -> None:
    run(Level.IV, 100)
    assert calls(run) == [(10 + DEADLINE, "@head"), (10 + 2 * DEADLINE, "@director")]
    assert run.now.called == 2
    why = run.now.audit[-1].why
    assert "@head" in why
    assert "@director" in why


@pytest.mark.parametrize("after", [0, 9])
def test_who_acknowledges_stops_it(run: Run, after: int) -> None:
    run(Level.IV, 3)
    run(Level.IV, after)
    do(run, ActKind.ACKNOWLEDGE)
    run(Level.IV, 100)
    assert calls(run) == []


def test_an_escalation_gives_the_owner_the_deadline_again(run: Run) -> None:
    run(Level.IV, 8)
    run(Level.II, 5)
    assert run.now.transition is Transition.ESCALATED
    escalated = run.now.updated_at - START
    run(Level.II, 30)
    assert calls(run)[0] == (escalated + DEADLINE, "@head")


def test_nobody_is_called_while_it_is_muted_and_the_deadline_begins_at_its_end(run: Run) -> None:
    run.incidents.muting = until(START + 200)
    run(Level.IV, 80)
    assert calls(run)[0] == (200 + DEADLINE, "@head")


def test_nobody_is_called_for_what_recovers(run: Run) -> None:
    run(Level.IV, 4)
    run(None, 13)
    run.told.clear()
    run(None, 100)
    assert calls(run) == []


def test_a_second_wave_begins_with_the_owner_again(run: Run) -> None:
    run(Level.IV, 30)
    assert run.now.owner == "@director"
    run(None, 40)
    assert run(Level.IV, 3) == [Transition.REOPENED]
    assert (run.now.owner, run.now.called) == (WATCH.owner, 0)
    again = run.now.updated_at - START
    run.told.clear()
    run(Level.IV, 100)  # a reply in the thread calls nobody, so the owner is not to be skipped
    assert calls(run) == [
        (again + DEADLINE, WATCH.owner),
        (again + 2 * DEADLINE, "@head"),
        (again + 3 * DEADLINE, "@director"),
    ]


def test_the_owner_is_not_called_twice_where_the_second_wave_has_called_already(run: Run) -> None:
    run(Level.IV, 30)
    run(None, 40)
    assert run(Level.III, 3) == [Transition.REOPENED, Transition.ESCALATED]
    run.told.clear()
    run(Level.III, 20)
    assert calls(run)[0][1] == "@head"


def test_a_second_wave_that_is_the_first_to_page_has_called_the_owner(run: Run) -> None:
    run.incidents.muting = until(START + 200)
    run(Level.IV, 3)
    run(None, 40)
    assert run(Level.IV, 3) == [Transition.REOPENED]
    assert run.now.pages == 1
    run(Level.IV, 20)
    assert calls(run)[0][1] == "@head"


def test_a_second_wave_that_begins_muted_calls_the_owner_when_the_muting_ends(run: Run) -> None:
    run(Level.IV, 3)
    run(None, 40)
    run.incidents.muting = until(run.at + 60)
    assert run(Level.IV, 20)[0] is Transition.REOPENED
    run(Level.IV, 20)
    assert Transition.UNMUTED in [i.transition for i in run.told]
    assert calls(run)[0][1] == "@head"


def test_without_a_deadline_or_others_to_call_nobody_is() -> None:
    for owners, within in ([], DEADLINE), (["@head"], 0.0):
        made = Run()
        watch = WATCH.model_copy(update={"owners": owners})
        made.incidents = Incidents(watch, RULES.model_copy(update={"ack_within": within}))
        made(Level.IV, 100)
        assert calls(made) == []


def test_it_depends_on_the_trail_alone(run: Run) -> None:
    """A worker that takes over in between calls at the same moment."""
    run(Level.IV, 8)
    other = Run()
    other.incidents = Incidents(
        WATCH.model_copy(update={"owners": ["@head", "@director"]}),
        RULES.model_copy(update={"ack_within": DEADLINE}),
    )
    other.incidents.restore([run.now])
    other.at = run.at
    other.incidents.holds = run.incidents.holds
    other(Level.IV, 20)
    assert calls(other)[0] == (10 + DEADLINE, "@head")
    assert TICK == 5


def test_the_one_who_is_called_next_is_not_overridden_by_the_route(run: Run) -> None:
    routes = Routes.model_validate(
        {
            "receivers": [{"type": "terminal", "name": "console"}],
            "routes": [{"receivers": ["console"], "owner": "@route"}],
        }
    )
    run(Level.IV, 3)
    assert dict(route(run.now, routes).owners) == {"console": "@route"}
    run(Level.IV, 10)
    assert dict(route(run.now, routes).owners) == {"console": "@head"}
