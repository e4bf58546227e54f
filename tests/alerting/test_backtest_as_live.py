"""A backtest mutes as a live worker does, and knows what people marked as false alarms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from alerting.backtest import Backtest, WatchReport
from alerting.detector import Detector
from config.calendar import KnownEvent
from config.muting import Maintenance, MutingRules, QuietHours
from config.records import Level, ScoredMention
from tests.alerting.timeline import DEFAULT, HOUR, MINUTE, RULE_SETS, WATCH, Story, incidents, play

COMPANY = WATCH.model_copy(update={"id": "qingshan-group", "name": "青山集团"})
PRODUCT = WATCH.model_copy(update={"parent": COMPANY.id})


def crisis() -> Story:
    return Story().ordinary(1).crisis(rise=4, peak=60, plateau=3).silence(60)


def run(story: Story, muting: MutingRules | None = None, **more: object) -> WatchReport:
    test = Backtest([WATCH], RULE_SETS, muting=muting, **more)  # type: ignore[arg-type]
    for mention in story.mentions:
        test.observe(mention)
    test.advance(story.now)
    return test.report()[WATCH.id]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def maintenance(start: float, end: float) -> MutingRules:
    return MutingRules(maintenance=[Maintenance(name="系统切换", start=at(start), end=at(end))])


def test_without_muting_nothing_is_muted() -> None:
    found = run(crisis())
    assert (found.pages, found.muted, found.incidents[0].muted) == (1, 0, [])


def test_maintenance_pages_nobody_and_is_reported_but_the_incident_is_the_same() -> None:
    story = crisis()
    loud, quiet = run(story), run(story, maintenance(story.mentions[0].created_at, story.now))
    assert (quiet.pages, quiet.pages_a_day, quiet.muted) == (0, 0, 1)
    assert quiet.incidents[0].muted == ["维护：系统切换"]
    assert [replace(i, pages=1, muted=[]) for i in quiet.incidents] == loud.incidents


def test_what_outlasts_its_muting_pages_then_and_is_not_counted_as_muted() -> None:
    story = crisis()
    detected = run(story).incidents[0].detected_at
    found = run(story, maintenance(detected - MINUTE, detected + 5 * MINUTE))
    assert (found.pages, found.muted) == (1, 0)
    assert found.incidents[0].muted == ["维护：系统切换"]


def test_the_pages_are_those_of_a_live_detector_with_the_same_quiet_hours() -> None:
    night = MutingRules(quiet_hours=[QuietHours(hours="00:00-23:59", broken_by=[])])
    story = crisis()
    live = Detector(WATCH, DEFAULT, muting=night)
    last = incidents([*play(live, story.mentions), *live.advance(story.now)])[-1]
    found = run(story, night)
    assert (last.pages, last.resolved_at) == (found.pages, found.incidents[0].resolved_at)
    assert found.muted == 1


def two_watches(mentions: Iterable[ScoredMention]) -> dict[str, WatchReport]:
    test = Backtest([PRODUCT, COMPANY], RULE_SETS)
    last = 0.0
    for mention in mentions:
        test.observe(replace(mention, watch=COMPANY.id))
        test.observe(replace(mention, watch=PRODUCT.id))
        last = mention.created_at
    test.advance(last + HOUR)
    return test.report()


def test_a_companys_incident_mutes_its_product() -> None:
    found = two_watches(crisis().mentions)
    assert found[COMPANY.id].pages == 1
    assert (found[PRODUCT.id].pages, found[PRODUCT.id].muted) == (0, 1)
    assert found[PRODUCT.id].incidents[0].muted[0].startswith("已由 青山集团 的事件")


def test_a_company_that_is_calm_mutes_nobody() -> None:
    test = Backtest([PRODUCT, COMPANY], RULE_SETS)
    for mention in crisis().mentions:
        test.observe(replace(mention, watch=PRODUCT.id))
    assert test.report()[PRODUCT.id].pages == 1


def test_the_calendar_is_no_example_of_what_is_normal() -> None:
    highest = {Level.I: DEFAULT.levels[Level.I]}  # so that no incident leaves these hours out
    story = Story().ordinary(2).talk(60, 8, 0.5).ordinary(2)
    event = KnownEvent(name="新品", start=story.mentions[0].created_at + 2 * HOUR, end=story.now - 2 * HOUR)
    bands = []
    for calendar in ((), (event,)):
        rules = {"default": DEFAULT.model_copy(update={"calendar": calendar, "levels": highest})}
        test = Backtest([WATCH], rules, timelines=True)
        for mention in story.mentions:
            test.observe(mention)
        bands.append(test.timeline(WATCH.id)[-1].high)
    assert bands[1] < bands[0]


def marked(story: Story) -> dict[str, list[tuple[float, float]]]:
    first = run(story).incidents[0]
    assert first.resolved_at is not None
    return {WATCH.id: [(first.started_at, first.resolved_at)]}


def test_what_people_marked_is_told_as_a_false_page() -> None:
    story = crisis()
    plain, found = run(story), run(story, false_alarms=marked(story))
    assert (plain.false_alarms, plain.false_pages) == (0, 0)
    assert (found.false_alarms, found.false_pages) == (1, 1)
    assert found.incidents[0].false_alarm
    assert [replace(i, false_alarm=False) for i in found.incidents] == plain.incidents


def test_a_mark_at_another_time_or_of_another_watch_changes_nothing() -> None:
    story = crisis()
    end = story.now + HOUR
    for marks in ({WATCH.id: [(end, end + HOUR)]}, {"other": [(0.0, end)]}):
        assert run(story, false_alarms=marks) == run(story)


def test_what_was_marked_is_learnt_as_ordinary_and_swallows_no_later_wave() -> None:
    story = crisis()
    marks = marked(story)
    story.ordinary(1).crisis(rise=6, peak=150, plateau=15)
    plain, found = run(story), run(story, false_alarms=marks)
    assert len(plain.incidents) == 1  # regrouped
    assert [i.false_alarm for i in found.incidents] == [True, False]
    highs = []
    for known in (None, marks):
        test = Backtest([WATCH], RULE_SETS, timelines=True, false_alarms=known)
        for mention in story.mentions:
            test.observe(mention)
        later = marks[WATCH.id][0][1] + 30 * MINUTE
        highs.append(next(m.high for m in test.timeline(WATCH.id) if m.at > later))
    assert highs[1] > highs[0]
