"""The life of an incident, step by step and as laws."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.holds import Holds
from alerting.incidents import Incidents, Scene, incident_id
from alerting.levels import Facts, Verdict
from config.expressions import parse
from config.records import Evidence, Incident, IncidentState, Level, Signal, Transition
from config.rules import LevelRule, Rules
from tests.alerting.timeline import START, WATCH

TICK = 5.0
RULES = Rules(
    recover_hold=60,
    resolve_hold=90,
    downgrade_hold=40,
    regroup=600,
    update_every=15,
    levels={
        level: LevelRule(when=parse("z >= 0 and factor >= 1"), authors=1, mentions=1, hold=hold)
        for level, hold in ((Level.IV, 10), (Level.III, 10), (Level.II, 20), (Level.I, 30))
    },
)
FACTS = Facts(velocity=1, mentions=1, authors=1, negative_share=1, factor=1, z=1)
EVIDENCE = Evidence(
    mentions=1, negative=1, negative_share=1, authors=1, platforms={}, emotions={}, intents={}
)


def scene(at: float, met: Level | None, velocity: float = 1.0) -> Scene:
    signal = Signal(
        watch=WATCH.id,
        at=at,
        window_s=120,
        mentions=1,
        negative=1,
        mass=1,
        velocity=velocity,
        velocity_raw=1,
        acceleration=0,
        expected=1,
        band_low=0,
        band_high=2,
        z=1,
        factor=1,
        negative_share=1,
        authors=1,
        negative_authors=1,
        top_author_share=1,
        platforms=1,
    )
    return Scene(
        at, Verdict(met, None, None, FACTS), signal, lambda: at - 30, lambda _, __: EVIDENCE, lambda: 40
    )


class Run:
    """Ticks one after another: `run(Level.IV, 4)` means level Ⅳ is met at four ticks."""

    def __init__(self) -> None:
        self.incidents = Incidents(WATCH, RULES)
        self.at = START
        self.told: list[Incident] = []

    def __call__(self, met: Level | None, ticks: int = 1, velocity: float = 1.0) -> list[Transition]:
        fresh = []
        for _ in range(ticks):
            fresh += self.incidents.step(scene(self.at, met, velocity))
            self.at += TICK
        self.told += fresh
        return [i.transition for i in fresh]

    @property
    def now(self) -> Incident:
        return self.told[-1]


def test_it_fires_only_after_its_hold() -> None:
    run = Run()
    assert run(Level.IV, 2) == []
    assert run.incidents.open is None
    assert run.incidents.hot
    assert run(Level.IV) == [Transition.FIRED]
    assert (run.now.started_at, run.now.detected_at, run.now.pages) == (START - 20, START + 10, 1)
    assert run.now.id == incident_id(WATCH.id, START - 20)


def test_a_break_starts_the_hold_anew() -> None:
    run = Run()
    run(Level.IV, 2)
    run(None)
    assert run(Level.IV, 2) == []
    assert run(Level.IV) == [Transition.FIRED]


def test_each_new_peak_is_told_once_and_only_the_first_pages() -> None:
    run = Run()
    assert run(Level.I, 7) == [Transition.FIRED, Transition.ESCALATED, Transition.ESCALATED]
    assert [i.level for i in run.told] == [Level.III, Level.II, Level.I]
    assert run.now.pages == 1


def test_it_falls_after_the_hold_and_its_climb_back_is_an_update() -> None:
    run = Run()
    run(Level.II, 5)
    assert run(Level.IV, 7) == []
    assert run(Level.IV) == [Transition.DOWNGRADED]
    assert (run.now.level, run.now.peak_level) == (Level.IV, Level.II)
    pages = run.now.pages
    assert Transition.ESCALATED not in run(Level.II, 5)
    assert (run.now.level, run.now.pages) == (Level.II, pages)
    assert run.now.transition is Transition.UPDATED
    assert run.now.audit[-1].level is Level.II


def test_it_recovers_resolves_and_a_second_wave_reopens_it_without_a_page() -> None:
    run = Run()
    run(Level.III, 3)
    assert run(None, 12) == [Transition.DOWNGRADED, Transition.RECOVERING]
    assert run(None, 18) == [Transition.RESOLVED]
    assert run.now.resolved_at == run.now.updated_at
    assert run(Level.III, 3) == [Transition.REOPENED]
    reopened = run.told[-1]
    assert (reopened.id, reopened.pages) == (run.told[0].id, 1)
    assert reopened.resolved_at is None


def test_a_second_wave_above_the_first_reopens_and_then_escalates() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    assert run(Level.III, 3) == [Transition.REOPENED, Transition.ESCALATED]
    assert (run.now.level, run.now.pages) == (Level.III, 1)
    assert run.now.sequence == run.told[-2].sequence + 1


def test_after_regroup_it_is_a_new_incident() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 32)
    first = run.now
    run.at += RULES.regroup
    assert run(Level.IV, 3) == [Transition.FIRED]
    assert run.now.id != first.id
    assert run.now.sequence == 1


def test_a_flare_during_recovery_delays_its_end() -> None:
    run = Run()
    run(Level.IV, 3)
    run(None, 12)
    assert run.now.state is IncidentState.RECOVERING
    run(None, 10)
    run(Level.IV)
    assert run(None, 17) == []
    assert run(None) == [Transition.RESOLVED]


def test_updates_come_only_with_news_and_not_too_often() -> None:
    run = Run()
    run(Level.IV, 3)
    assert run(Level.IV, 10) == []
    assert run(Level.IV, 1, velocity=9.0) == [Transition.UPDATED]
    assert run(Level.IV, 1, velocity=20.0) == []
    assert run(Level.IV, 2, velocity=20.0) == [Transition.UPDATED]


met = st.sampled_from([None, *Level])
ticks = st.lists(st.tuples(met, st.integers(1, 25)), max_size=30)


def play(story: list[tuple[Level | None, int]]) -> tuple[Run, dict[Level, list[float]]]:
    run = Run()
    met_at: dict[Level, list[float]] = {level: [] for level in Level}
    for level, times in story:
        for _ in range(times):
            for lower in Level:
                if level is not None and lower.rank <= level.rank:
                    met_at[lower].append(run.at)
            run(level)
    return run, met_at


@settings(deadline=None, max_examples=60)
@given(ticks)
def test_laws_of_an_incidents_life(story: list[tuple[Level | None, int]]) -> None:
    run, met_at = play(story)
    by_id: dict[str, list[Incident]] = {}
    for incident in run.told:
        by_id.setdefault(incident.id, []).append(incident)
    for life in by_id.values():
        assert [i.sequence for i in life] == list(range(1, len(life) + 1))
        assert [i.transition for i in life].count(Transition.FIRED) == 1
        assert life[0].transition is Transition.FIRED
        escalations = [i.level for i in life if i.transition is Transition.ESCALATED]
        assert len(set(escalations)) == len(escalations)
        assert life[-1].pages == 1
        for before, after in pairwise(life):
            assert after.peak_level.rank >= max(before.peak_level.rank, after.level.rank)
            if after.level.rank < before.level.rank:  # a level never falls without its hold
                since = after.updated_at - RULES.downgrade_hold
                assert not [t for t in met_at[before.level] if since < t <= after.updated_at]
            if after.level.rank > before.level.rank:  # nor rises without its own
                held_from = after.updated_at - RULES.levels[after.level].hold
                ticks_held = [t for t in met_at[after.level] if held_from <= t <= after.updated_at]
                assert len(ticks_held) == RULES.levels[after.level].hold / TICK + 1
            if after.transition is Transition.RESOLVED:
                assert before.state is IncidentState.RECOVERING
                since = after.updated_at - RULES.resolve_hold
                assert not [t for t in met_at[Level.IV] if since < t <= after.updated_at]


def test_holds_are_a_function_of_the_last_ticks() -> None:
    long, short = Holds(RULES), Holds(RULES)
    levels = [Level.I, None, Level.III, Level.III, Level.IV, Level.IV, Level.II, Level.II]
    for n, level in enumerate(levels):
        long.note(n * TICK, level)
        if n >= 1:
            short.note(n * TICK, level)
    for at in (35.0, 40.0, 100.0):
        assert long.held(at) == short.held(at)
        assert long.supported(at, 20) == short.supported(at, 20)
