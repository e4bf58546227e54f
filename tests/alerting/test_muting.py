"""Muting touches pages and nothing else; one decision, one named reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerting.incidents import Incidents
from alerting.muting import MuteReason, Muting
from alerting.silences import covers
from config.muting import Maintenance, MutingRules, QuietHours
from config.records import Evidence, Incident, IncidentState, Level, Silence, Term, Transition, decode, encode
from tests.alerting.sample_incident import FIRED
from tests.alerting.test_incidents import EVIDENCE, RULES, Run, scene, ticks
from tests.alerting.timeline import START, WATCH

changed = msgspec.structs.replace
SILENCE = Silence(
    id="s-1", author="@lead", reason="已在处理", starts_at=0.0, ends_at=START * 2, created_at=0.0,
    watches=["qingshan-tea"],
)  # fmt: skip
NIGHT = MutingRules(quiet_hours=[QuietHours(hours="22:00-08:00")])


def beijing(clock: str) -> float:
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


@pytest.mark.parametrize(
    ("matchers", "covered"),
    [
        ({}, False),
        ({"watches": ["qingshan-tea", "other"]}, True),
        ({"watches": ["other"]}, False),
        ({"levels": [Level.II]}, True),
        ({"levels": [Level.IV]}, False),
        ({"intent": "exposure"}, True),
        ({"intent": "boycott"}, False),
        ({"keyword": "异物"}, True),
        ({"keyword": "火灾"}, False),
        ({"incident_id": FIRED.id}, True),
        ({"incident_id": "another"}, False),
        ({"watches": ["qingshan-tea"], "levels": [Level.IV]}, False),
    ],
)
def test_a_silence_covers_what_passes_all_its_matchers(matchers: dict[str, object], covered: bool) -> None:
    assert covers(changed(SILENCE, watches=[], **{}) if not matchers else changed(SILENCE, **{"watches": [], **matchers}), FIRED) is covered  # fmt: skip


@pytest.mark.parametrize(("at", "muted"), [(99.0, False), (100.0, True), (199.0, True), (200.0, False)])
def test_a_silence_has_a_start_and_an_end(at: float, muted: bool) -> None:
    muting = Muting(silences=[changed(SILENCE, starts_at=100.0, ends_at=200.0)])
    decided = muting.decide(FIRED, at)
    assert (decided is not None) is muted
    if decided is not None:
        assert decided.reason is MuteReason.SILENCE
        for part in ("s-1", "@lead", "已在处理"):
            assert part in decided.why


@pytest.mark.parametrize(
    ("clock", "level", "muted"),
    [
        ("2026-11-20 21:59", Level.IV, False),
        ("2026-11-20 22:00", Level.IV, True),
        ("2026-11-21 03:00", Level.III, True),
        ("2026-11-21 03:00", Level.II, False),
        ("2026-11-21 03:00", Level.I, False),
        ("2026-11-21 07:59", Level.IV, True),
        ("2026-11-21 08:00", Level.IV, False),
    ],
)
def test_only_the_two_highest_levels_break_quiet_hours(clock: str, level: Level, muted: bool) -> None:
    decided = Muting(NIGHT).decide(changed(FIRED, level=level), beijing(clock))
    assert (decided.reason if decided else None) == (MuteReason.QUIET_HOURS if muted else None)


def test_quiet_hours_belong_to_the_day_on_which_they_begin() -> None:
    friday = QuietHours(hours="22:00-08:00", days=["fri"])
    assert friday.hold(datetime.fromisoformat("2026-11-21 03:00"))  # Saturday morning
    assert not friday.hold(datetime.fromisoformat("2026-11-20 03:00"))  # Friday morning


def test_a_maintenance_window_mutes_every_level_of_its_watches() -> None:
    window = Maintenance.model_validate(
        {"name": "演练", "start": "2026-11-20 22:00", "end": "2026-11-20 23:00", "watches": [FIRED.watch]}
    )
    muting = Muting(MutingRules(maintenance=[window]))
    inside = muting.decide(changed(FIRED, level=Level.I), beijing("2026-11-20 22:30"))
    assert inside is not None
    assert (inside.reason, "演练" in inside.why) == (MuteReason.MAINTENANCE, True)
    assert muting.decide(FIRED, beijing("2026-11-20 23:00")) is None
    assert muting.decide(changed(FIRED, watch="other"), beijing("2026-11-20 22:30")) is None


COMPANY = changed(FIRED, id="company-1", watch="company", watch_name="青山集团")


@pytest.mark.parametrize(
    ("other", "muted"),
    [
        (COMPANY, True),
        (changed(COMPANY, level=Level.III), False),  # lower than the product's own
        (changed(COMPANY, state=IncidentState.RECOVERING), False),
        (changed(COMPANY, muted="silence"), False),  # nobody has heard of it
        (changed(COMPANY, watch="stranger"), False),
        (changed(FIRED, id="own", level=Level.I), True),
        (FIRED, False),  # itself
    ],
)
def test_a_company_mutes_its_products_and_red_mutes_the_rest_of_its_watch(
    other: Incident, muted: bool
) -> None:
    decided = Muting(parent="company", others=[other]).decide(FIRED, START)
    assert (decided.reason if decided else None) == (MuteReason.INHIBITED if muted else None)


def muted_run(muting: Muting) -> Run:
    run = Run()
    run.incidents.muting = muting
    return run


def until(end: float) -> Muting:
    return Muting(silences=[changed(SILENCE, ends_at=end)])


def test_what_still_fires_when_its_silence_ends_is_paged_once() -> None:
    run = muted_run(until(START + 40))
    assert run(Level.IV, 3) == [Transition.FIRED]
    assert (run.now.muted, run.now.pages) == ("silence", 0)
    assert run(Level.IV, 6) == [Transition.UNMUTED]
    assert (run.now.muted, run.now.pages) == (None, 1)
    assert run(Level.IV, 20) == []
    assert [e.change for e in run.now.audit] == ["fired", "muted", "unmuted"]


def test_what_is_over_when_its_silence_ends_pages_nobody_and_its_end_is_known() -> None:
    run = muted_run(until(START + 400))
    run(Level.IV, 3)
    run(None, 40)
    assert (run.now.state, run.now.pages) == (IncidentState.RESOLVED, 0)
    assert run(None, 100) == []


def test_what_recovers_when_its_silence_ends_waits_for_a_second_wave() -> None:
    run = muted_run(until(START + 90))
    run(Level.IV, 3)
    assert run(None, 16) == [Transition.RECOVERING, Transition.UPDATED]
    assert (run.now.muted, run.now.pages) == (None, 0)
    assert run(Level.IV, 3) == [Transition.REOPENED]
    assert run.now.pages == 1


def test_a_level_that_breaks_quiet_hours_pages_as_it_is_reached() -> None:
    run = muted_run(Muting(NIGHT))
    run.at = beijing("2026-11-21 02:00:00")
    run(Level.III, 3)
    assert (run.now.muted, run.now.pages) == ("quiet_hours", 0)
    assert run(Level.II, 5) == [Transition.ESCALATED]
    assert (run.now.muted, run.now.pages) == (None, 1)


def test_a_silence_that_begins_while_it_fires_is_in_the_audit() -> None:
    run = Run()
    run(Level.IV, 3)
    run.incidents.muting = until(START + 60)
    assert run(Level.IV) == [Transition.UPDATED]
    assert (run.now.audit[-1].change, "s-1" in run.now.audit[-1].why) == ("muted", True)
    assert run(Level.IV, 12) == [Transition.UNMUTED]
    assert run.now.pages == 1


MUTE_ONLY = {"muted", "unmuted"}


@settings(deadline=None, max_examples=60)
@given(ticks, st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200)), max_size=4))
@example([(Level.IV, 3), (None, 5), (None, 25)], [(0, 15)])  # it ends while the incident recovers
def test_silence_never_delays_or_changes_what_happens(
    story: list[tuple[Level | None, int]], silent: list[tuple[int, int]]
) -> None:
    """The same ticks with and without silences: the same levels, states and ends at the same times."""
    silences = [
        changed(SILENCE, id=f"s-{n}", starts_at=START + 5 * start, ends_at=START + 5 * (start + length))
        for n, (start, length) in enumerate(silent)
    ]
    plain, muted = Run(), muted_run(Muting(silences=silences))
    for level, times in story:
        plain(level, times)
        muted(level, times)
    lives = [
        [
            (i.id, e.at, e.change, e.level, e.state)
            for i in {i.id: i for i in run.told}.values()
            for e in i.audit
            if e.change not in MUTE_ONLY
        ]
        for run in (plain, muted)
    ]
    assert lives[0] == lives[1]
    ends = [{i.id: i.resolved_at for i in run.told} for run in (plain, muted)]
    assert ends[0] == ends[1]


@settings(deadline=None, max_examples=60)
@given(ticks, st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200)), max_size=4))
def test_nothing_pages_while_it_is_muted_and_each_incident_at_most_once(
    story: list[tuple[Level | None, int]], silent: list[tuple[int, int]]
) -> None:
    silences = [
        changed(SILENCE, id=f"s-{n}", starts_at=START + 5 * start, ends_at=START + 5 * (start + length))
        for n, (start, length) in enumerate(silent)
    ]
    run = muted_run(Muting(silences=silences))
    for level, times in story:
        run(level, times)
    paged: dict[str, int] = {}
    for incident in run.told:
        silenced = any(s.starts_at <= incident.updated_at < s.ends_at for s in silences)
        if incident.pages > paged.get(incident.id, 0):
            assert not silenced
            paged[incident.id] = paged.get(incident.id, 0) + 1
    assert all(count == 1 for count in paged.values())
    # A fall of the level and the end of a silence may share a tick: the last word of it counts.
    for incident in {(i.id, i.updated_at): i for i in run.told}.values():
        if incident.state is IncidentState.FIRING:
            silenced = any(s.starts_at <= incident.updated_at < s.ends_at for s in silences)
            assert (incident.muted == "silence") is silenced
    newest = {i.id: i for i in run.told}
    for incident in newest.values():  # never lost: what fires unmuted has been paged
        if incident.state is IncidentState.FIRING and incident.muted is None:
            assert incident.pages == 1


def test_muting_is_a_value() -> None:
    muting = Muting(NIGHT)
    assert replace(muting, silences=[SILENCE]) != muting


FITS = changed(EVIDENCE, terms=[Term(word="异物", count=3, lift=2.0)], intents={"exposure": 1.0})
TURNED = changed(EVIDENCE, terms=[Term(word="退款", count=3, lift=2.0)], intents={"complaint": 1.0})
BY_TALK = [{"keyword": "异物"}, {"intent": "exposure"}]


class Talk(Run):
    """A run whose evidence turns; the numbers change enough to be told, so it is renewed."""

    def turn(self, evidence: Evidence, times: int = 1, met: Level | None = Level.IV) -> list[Transition]:
        fresh = []
        for _ in range(times):
            velocity = self.at - START + 1.0
            made = replace(scene(self.at, met, velocity), evidence=lambda _, __: evidence)
            fresh += self.incidents.step(made)
            self.at += 5
        self.told += fresh
        return [i.transition for i in fresh]

    def audited(self) -> list[tuple[float, str]]:
        return [(e.at - START, e.change) for e in self.now.audit if e.change in MUTE_ONLY]


def silenced_by(*silences: Silence) -> Talk:
    run = Talk()
    run.incidents.muting = Muting(silences=silences)
    return run


def of_talk(name: str, end: float, **matchers: object) -> Silence:
    return changed(SILENCE, id=name, ends_at=START + end, **{"watches": [], **matchers})


@pytest.mark.parametrize("matcher", BY_TALK)
def test_a_silence_by_what_is_said_holds_to_its_end_though_the_talk_turns(matcher: dict[str, str]) -> None:
    run = silenced_by(of_talk("s-1", 200, **matcher))
    run.turn(FITS, 3)
    for _ in range(4):
        run.turn(TURNED, 4)
        run.turn(FITS, 4)
    assert run.audited() == [(10, "muted")]
    run.turn(TURNED, 20)
    assert run.audited() == [(10, "muted"), (200, "unmuted")]
    assert [i.transition for i in run.told].count(Transition.UNMUTED) == 1
    assert run.now.pages == 1


def test_one_that_is_lifted_holds_no_longer() -> None:
    run = silenced_by(of_talk("s-1", 900, keyword="异物"))
    run.turn(FITS, 3)
    run.turn(TURNED, 9)
    assert run.now.muted == "silence"
    run.incidents.muting = Muting(silences=[of_talk("s-1", 60, keyword="异物")])
    assert run.turn(FITS) == [Transition.UNMUTED]
    run.turn(FITS, 30)
    assert run.audited() == [(10, "muted"), (60, "unmuted")]


def test_it_is_held_to_the_matchers_that_do_not_change_with_the_talk() -> None:
    run = silenced_by(of_talk("s-1", 900, keyword="异物", levels=[Level.IV]))
    run.turn(FITS, 3)
    run.turn(TURNED, 9)
    assert run.now.muted == "silence"
    assert run.turn(TURNED, 3, Level.III) == [Transition.ESCALATED]
    assert (run.told[-1].muted, run.told[-1].pages) == (None, 1)


def test_what_has_never_fitted_mutes_nothing_of_the_turned_talk() -> None:
    run = silenced_by(of_talk("s-1", 900, keyword="异物"))
    run.turn(TURNED, 20)
    assert (run.now.muted, run.now.silenced_by, run.now.pages) == (None, [], 1)


@pytest.mark.parametrize("longer", [0, 1])
def test_of_two_that_overlap_each_holds_by_itself(longer: int) -> None:
    """One is over at 100, or lifted; the other, which fitted while both held, goes on to 200."""
    ends = [100.0, 100.0]
    ends[longer] = 200.0
    run = silenced_by(of_talk("s-0", ends[0], keyword="异物"), of_talk("s-1", ends[1], intent="exposure"))
    run.turn(FITS, 3)
    run.turn(TURNED, 60)
    assert run.audited() == [(10, "muted"), (200, "unmuted")]
    assert sorted(run.now.silenced_by) == ["s-0", "s-1"]


def test_a_second_one_that_begins_while_it_is_muted_is_remembered_and_named() -> None:
    run = silenced_by(
        of_talk("s-0", 100, keyword="异物"), of_talk("s-1", 200, intent="exposure", starts_at=START + 50)
    )
    run.turn(FITS, 12)
    assert [e.why[:6] for e in run.now.audit if e.change == "muted"] == ["静默 s-0", "静默 s-1"]
    run.turn(TURNED, 50)
    assert run.audited() == [(10, "muted"), (50, "muted"), (200, "unmuted")]


def test_who_takes_over_knows_it_from_the_record_alone() -> None:
    silences: Sequence[Silence] = [of_talk("s-1", 200, keyword="异物")]
    first = silenced_by(*silences)
    first.turn(FITS, 3)
    first.turn(TURNED, 4)
    second = silenced_by(*silences)
    second.incidents = Incidents(WATCH, RULES)
    second.incidents.muting = Muting(silences=silences)
    second.incidents.restore([decode(encode(first.now), Incident)])
    second.incidents.holds, second.at = first.incidents.holds, first.at
    second.turn(TURNED, 40)
    assert second.audited() == [(10, "muted"), (200, "unmuted")]


def test_a_second_wave_of_the_same_incident_is_silenced_too() -> None:
    run = silenced_by(of_talk("s-1", 2000, keyword="异物"))
    run.turn(FITS, 3)
    run.turn(TURNED, 40, None)
    assert run.now.state is IncidentState.RESOLVED
    assert Transition.REOPENED in run.turn(TURNED, 3)
    assert (run.now.muted, run.now.pages) == ("silence", 0)


def test_the_end_of_a_muting_is_decided_on_the_evidence_that_is_told_with_it() -> None:
    """A silence that fits what is told in the same breath keeps it muted: nobody is called for nothing."""
    run = silenced_by(of_talk("s-0", 15, keyword="异物"), of_talk("s-1", 200, keyword="退款"))
    run.turn(FITS, 3)
    told = run.turn(TURNED, 20)
    assert Transition.UNMUTED not in told
    assert run.audited() == [(10, "muted"), (15, "muted")]
