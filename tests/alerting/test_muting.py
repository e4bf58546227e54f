"""Muting touches pages and nothing else; one decision, one named reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerting.muting import MuteReason, Muting
from alerting.silences import covers
from config.muting import Maintenance, MutingRules, QuietHours
from config.records import Incident, IncidentState, Level, Silence, Transition
from tests.alerting.sample_incident import FIRED
from tests.alerting.test_incidents import Run, ticks
from tests.alerting.timeline import START

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
