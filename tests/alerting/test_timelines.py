"""Short stories of a brand, told in simulated time, and what its PR team hears of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from alerting.detector import Detector
from config.records import Incident, IncidentState, Level, Signal, Transition, decode, encode
from tests.alerting.test_detector import index_of
from tests.alerting.timeline import (
    HOUR,
    MINUTE,
    RULE_SETS,
    START,
    WATCH,
    Story,
    detector,
    incidents,
    mention,
    play,
    signals,
    told,
)


def hear(story: Story) -> list[Incident | Signal]:
    made = detector()
    return play(made, story.mentions) + made.advance(story.now)


def test_an_ordinary_week_is_silent() -> None:
    outputs = hear(Story(11).ordinary(24 * 7))
    assert incidents(outputs) == []
    assert signals(outputs)[-1].cold_start


def test_the_daily_rhythm_of_a_brand_with_much_to_complain_about_is_silent_once_it_is_known() -> None:
    story = Story(12)
    begun = story.now
    heard = incidents(hear(story.ordinary(30, per_minute=12, negative=0.4)))
    assert (
        len({incident.id for incident in heard}) == 1
    )  # who knows nothing yet takes five complaints a minute for news
    assert heard[-1].state is IncidentState.RESOLVED
    assert heard[-1].updated_at - begun < 4 * HOUR


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crisis_that_a_new_watch_begins_with_is_told_within_ten_minutes(seed: int) -> None:
    story = Story(seed)
    begun = story.now
    heard = incidents(hear(story.crisis().ordinary(1)))
    assert heard[0].detected_at is not None
    assert heard[0].detected_at - begun <= 600
    assert len({incident.id for incident in heard}) == 1


@pytest.mark.parametrize("name", ["default", "sensitive"])
def test_a_busy_launch_is_no_crisis(name: str) -> None:
    story = Story(13).ordinary(12).talk(90, lambda minute: min(80, 4 + 5 * minute), 0.075).ordinary(1)
    made = Detector(WATCH, RULE_SETS[name])
    assert incidents(play(made, story.mentions)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crisis_is_told_within_three_minutes_and_ends(seed: int) -> None:
    story = Story(seed).ordinary(6)
    onset = story.now
    outputs = hear(story.crisis().ordinary(2))
    heard = incidents(outputs)
    first, last = heard[0], heard[-1]
    assert told(outputs)[0] is Transition.FIRED
    assert first.detected_at is not None
    assert first.detected_at - onset <= 180
    assert abs(first.started_at - onset) <= 90
    assert last.peak_level in (Level.II, Level.I)
    assert last.state is IncidentState.RESOLVED
    assert len({i.id for i in heard}) == 1
    assert told(outputs).count(Transition.FIRED) == 1


def test_the_evidence_is_that_of_the_crisis() -> None:
    outputs = hear(Story(1).ordinary(6).crisis(plateau=5))
    fired = next(i for i in incidents(outputs) if i.transition is Transition.FIRED)
    evidence = fired.evidence
    assert evidence.first is not None
    assert evidence.first.created_at == fired.started_at
    assert 1 <= len(evidence.quotes) <= 5
    assert all(q.emotion == "angry" for q in evidence.quotes)
    assert len({q.text for q in evidence.quotes}) == len(evidence.quotes)
    assert next(iter(evidence.emotions)) == "angry"
    assert next(iter(evidence.intents)) == "complaint"
    assert len(evidence.amplifiers) == 3
    escalated = next(i for i in incidents(outputs) if i.transition is Transition.ESCALATED)
    words = {t.word for t in escalated.evidence.terms}
    assert words & {"异物", "虫子", "拉肚子", "恶心", "曝光", "投诉", "退款", "客服"}
    assert not words & {"奶茶", "门店", "好喝"}
    assert escalated.evidence.first == evidence.first


def test_a_second_wave_reopens_the_incident_and_does_not_page_again() -> None:
    story = Story(2).ordinary(4).crisis(peak=90).ordinary(2)
    again = story.now
    story.crisis(rise=5, peak=40, plateau=5).ordinary(2)
    outputs = hear(story)
    heard = incidents(outputs)
    assert len({i.id for i in heard}) == 1
    transitions = told(outputs)
    assert transitions.count(Transition.FIRED) == 1
    ended = [
        before.state is IncidentState.RESOLVED and now.transition is Transition.REOPENED
        for before, now in pairwise(heard)
    ]
    assert ended.count(True) == 1
    resolved = next(i for i in heard if i.state is IncidentState.RESOLVED)
    firsts = [i.evidence.first for i in heard]
    wave = ended.index(True) + 1
    assert all(first == firsts[0] for first in firsts[:wave])
    assert all(first == firsts[wave] for first in firsts[wave:])
    own = firsts[wave]
    assert own is not None
    assert abs(own.created_at - again) <= 90  # each wave tells its own first post
    assert Transition.ESCALATED not in transitions[transitions.index(Transition.REOPENED) :]
    assert heard[-1].pages == resolved.pages
    assert heard[-1].state is IncidentState.RESOLVED


def test_one_loud_account_is_heard_but_pages_nobody() -> None:
    story = Story(3).ordinary(3)
    loud = [
        mention(
            f"loud-{n}", story.now + n, negative=True, author="loud", mass=9.6, text=f"第{n}遍说他们的坏话"
        )
        for n in range(300)
    ]
    story.mentions += loud
    story.now += 300
    outputs = hear(story)
    assert incidents(outputs) == []
    assert signals(outputs)[-1].top_author_share > 0.9


def test_one_text_pasted_by_dozens_pages_nobody_but_a_flood_of_it_does() -> None:
    def pasted(count: int) -> Story:
        story = Story(4).ordinary(3)
        paste = [
            mention(
                f"paste-{n}", story.now + n * 120 / count, negative=True, text="统一口径：这个品牌早晚要倒闭"
            )
            for n in range(count)
        ]
        story.mentions += paste
        story.now += 180
        return story

    dozens, flood = hear(pasted(60)), hear(pasted(600))
    assert incidents(dozens) == []
    assert max(s.coordination for s in signals(dozens)) > 0.9
    assert incidents(flood)[0].transition is Transition.FIRED


def test_posts_that_come_late_and_out_of_order_fire_all_the_same() -> None:
    story = Story(5).ordinary(3).crisis(plateau=10)
    delayed = sorted(
        story.mentions, key=lambda m: m.created_at + (60 if int(m.mention_id.split(":")[1]) % 3 else 0)
    )
    in_order, late = detector(), detector()
    prompt = incidents(play(in_order, story.mentions))
    tardy = incidents(play(late, delayed))
    assert prompt[0].detected_at is not None
    assert tardy[0].detected_at is not None
    assert tardy[0].detected_at - prompt[0].detected_at <= 120
    assert tardy[-1].peak_level is prompt[-1].peak_level


def test_a_crisis_followed_by_silence_is_resolved_by_the_passing_of_time() -> None:
    story = Story(6).ordinary(3).talk(15, lambda minute: 4 + 6 * minute, 0.7)
    made = detector()
    play(made, story.mentions)
    assert made.open is not None
    ending = incidents(made.advance(story.now + 2 * HOUR))
    assert [i.state for i in ending][-1] is IncidentState.RESOLVED
    assert made.open is None


def test_a_restart_in_the_middle_of_a_crisis_tells_nothing_twice() -> None:
    story = Story(7).ordinary(3).crisis(plateau=10).ordinary(1)
    uninterrupted = hear(story)
    cut = START + 3 * HOUR + 12 * MINUTE
    stop = next(n for n, m in enumerate(story.mentions) if m.created_at > cut)
    first = detector()
    before = play(first, story.mentions[:stop])
    assert first.open is not None
    hours, known, last = index_of(before)
    assert last is not None
    second = detector()
    recent = [m for m in story.mentions[:stop] if m.created_at >= last.at - Detector.lookback(second.rules)]
    second.restore(hours, known, recent, last)
    after = play(second, story.mentions[stop - 50 :]) + second.advance(story.now)
    keys = [i.notification_key for i in incidents(before + after)]
    assert len(keys) == len(set(keys))
    assert keys == [i.notification_key for i in incidents(uninterrupted)]
    assert [s.velocity for s in signals(before + after)] == [s.velocity for s in signals(uninterrupted)]


def test_every_output_survives_its_json() -> None:
    for output in hear(Story(8).ordinary(1).crisis(plateau=5)):
        assert decode(encode(output), type(output)) == output
