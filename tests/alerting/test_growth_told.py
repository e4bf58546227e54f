"""What an incident says of its next hour: right times, right count, the same after a restart, never a page."""

from __future__ import annotations

from collections.abc import Sequence
from math import sin

import pytest
from msgspec.structs import replace

from alerting.detector import Detector
from alerting.growth import HORIZON, SHOWN_FROM, SHOWN_UNTIL, WINDOW, outlook
from alerting.message.build import full, reply
from alerting.message.content import Presentation
from alerting.message.text import plain_text
from config.records import Growth, Incident, ScoredMention, Transition
from tests.alerting.sample_incident import FIRED
from tests.alerting.test_detector import index_of
from tests.alerting.timeline import DEFAULT, MINUTE, WATCH, Story, detector, incidents, play


def crisis(minutes: float = 80) -> Story:
    """Talk that rises and falls all the time, as it does: what stays as it is is not told again."""
    return Story().ordinary(0.5).talk(minutes, lambda minute: 60 + 40 * sin(minute / 4), 0.7)


def told(mentions: Sequence[ScoredMention], until: float) -> list[Incident]:
    made = detector()
    return incidents([*play(made, mentions), *made.advance(until)])


def test_it_is_told_from_twenty_to_sixty_minutes_after_the_onset_by_what_was_said_then() -> None:
    story = crisis()
    life = told(story.mentions, story.now)
    shown = [i for i in life if i.growth is not None]
    assert len(shown) >= 2
    for incident in life:
        since = incident.updated_at - incident.started_at
        assert (incident.growth is not None) is (SHOWN_FROM <= since <= SHOWN_UNTIL), incident.transition
    for incident in shown:
        at = incident.updated_at
        recent = [m for m in story.mentions if m.score.negative and at - WINDOW <= m.created_at < at]
        assert incident.growth == outlook(at, at - incident.started_at, len(recent))
        assert incident.growth is not None
        assert incident.growth.until == at + HORIZON


def test_a_second_wave_has_no_onset_to_count_from() -> None:
    story = Story().ordinary(0.5).talk(8, 60, 0.7).silence(12).talk(35, 60, 0.7)
    life = told(story.mentions, story.now)
    again = next(n for n, i in enumerate(life) if i.transition is Transition.REOPENED)
    later = [i for i in life[again:] if i.updated_at - i.started_at >= SHOWN_FROM]
    assert later
    assert [i.growth for i in later] == [None] * len(later)


def test_what_is_over_has_no_next_hour() -> None:
    story = crisis(minutes=5).silence(60)
    end = told(story.mentions, story.now)[-1]
    assert end.transition is Transition.RESOLVED
    assert end.growth is None


def test_rules_that_look_back_less_than_it_counts_tell_none() -> None:
    short = DEFAULT.model_copy(update={"evidence_window": 300.0})
    story = crisis(minutes=40)
    life = incidents(play(detector(short), story.mentions))
    assert any(i.updated_at - i.started_at >= SHOWN_FROM for i in life)
    assert [i.growth for i in life] == [None] * len(life)


def test_it_changes_nothing_that_is_told_and_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    story = crisis(minutes=45).silence(60)
    with_it = told(story.mentions, story.now)
    monkeypatch.setattr("alerting.incidents.outlook", lambda *_: None)
    without = told(story.mentions, story.now)
    assert any(i.growth is not None for i in with_it)
    assert [replace(i, growth=None) for i in with_it] == without
    assert [i.notification_key for i in with_it] == [i.notification_key for i in without]


@pytest.mark.parametrize("stop", [3, 17, 31, 44, 59])
def test_a_worker_that_takes_over_tells_the_same(stop: int) -> None:
    story = crisis(minutes=65)
    at = story.mentions[0].created_at + 30 * MINUTE + stop * MINUTE
    cut = sum(m.created_at < at for m in story.mentions)
    first = detector()
    before = play(first, story.mentions[:cut])
    never_stopped = play(first, story.mentions[cut:])
    second = Detector(WATCH, DEFAULT)
    hours, known, last = index_of(before)
    second.restore(hours, known, story.mentions[:cut], last)
    assert play(second, story.mentions[cut:]) == never_stopped
    assert any(i.growth is not None for i in incidents([*before, *never_stopped]))


def test_the_message_and_the_reply_say_it() -> None:
    growth = Growth(until=FIRED.updated_at + HORIZON, median=120, low=60, high=1310)
    said = "未来 1 小时（至 2025-10-09 18:01:00）预计再有 120 条负面（90% 区间 60–1,310）"
    for build in (full, reply):
        assert said in plain_text(build(replace(FIRED, growth=growth), Presentation()))
        assert "预计走势" not in plain_text(build(FIRED, Presentation()))
