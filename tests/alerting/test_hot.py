"""Hot lists: told and ruled by, and nothing else; the laws hold with entries anywhere among the posts."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerting.backtest import Backtest
from alerting.detector import Detector, Output
from alerting.hot import HotList
from alerting.levels import facts_of
from alerting.message.build import full
from alerting.message.content import Presentation
from alerting.message.text import plain_text
from config.records import HotPlace, Incident, Kind, ScoredMention, Signal
from config.rules import RuleSets
from tests.alerting.sample_incident import FIRED
from tests.alerting.test_detector import QUICK, index_of
from tests.alerting.timeline import HOUR, START, WATCH, Story, incidents, mention, play


def entry(number: int, at: float, rank: int | None, platform: str = "weibo") -> ScoredMention:
    """An entry of a hot list about the brand."""
    made = mention(f"hot:{number}", at, text="青山茶饮 异物", platform=platform, kind=Kind.HOT)
    return replace(made, rank=rank, author_id=None, url="https://s.weibo.example/top")


def crisis() -> Story:
    return Story(2).talk(10, 4, 0.1).talk(6, 60, 0.7).talk(10, 4, 0.1)


STORY = crisis()
END = STORY.now + HOUR
places = st.lists(
    st.tuples(
        st.floats(START - 60, STORY.now + 60),
        st.integers(1, 50),
        st.sampled_from(["weibo", "zhihu", "baidu"]),
    ),
    max_size=30,
)


def entries(drawn: Sequence[tuple[float, int, str]]) -> list[ScoredMention]:
    return [entry(n, at, rank, platform) for n, (at, rank, platform) in enumerate(drawn)]


def run(mentions: Sequence[ScoredMention], detector: Detector | None = None) -> list[Output]:
    made = detector or Detector(WATCH, QUICK)
    return [*play(made, mentions), *made.advance(END)]


def unseen(output: Output) -> Output:
    """The output without what hot lists added to it."""
    if isinstance(output, Signal):
        return replace(output, hot_rank=0)
    evidence = replace(output.evidence, hot=[])
    return replace(output, signal=replace(output.signal, hot_rank=0), evidence=evidence)


PLAIN = run(STORY.mentions)


@settings(deadline=None, max_examples=25)
@given(places, st.randoms(use_true_random=False))
def test_entries_change_no_level_no_count_and_no_page(
    drawn: list[tuple[float, int, str]], dice: random.Random
) -> None:
    mixed: list[ScoredMention] = list(STORY.mentions)
    for one in entries(drawn):
        mixed.insert(dice.randint(0, len(mixed)), one)  # in any order, late or early
    assert [unseen(output) for output in run(mixed)] == PLAIN
    assert incidents(PLAIN)


@settings(deadline=None, max_examples=25)
@given(places)
def test_entries_alone_tell_nothing(drawn: list[tuple[float, int, str]]) -> None:
    assert run(entries(drawn)) == []


def test_the_best_place_of_the_evidence_window_is_told() -> None:
    hot = HotList(600)
    for number, (at, rank) in enumerate([(START, 30), (START + 60, 8), (START + 120, 12)]):
        hot.add(entry(number, at, rank))
    hot.add(entry(9, START + 130, 3, "zhihu"))
    assert hot.best(START) == 0  # a tick sees what was before it
    assert hot.best(START + 30) == 30
    assert hot.best(START + 125) == 8
    assert [(p.platform, p.rank) for p in hot.places(START + 140)] == [("zhihu", 3), ("weibo", 8)]
    assert hot.best(START + 665) == 3
    assert hot.best(START + 731) == 0


def test_an_entry_counts_once_and_one_without_a_rank_not_at_all() -> None:
    hot = HotList(600)
    hot.add(entry(1, START, 5))
    hot.add(entry(1, START, 5))
    hot.add(entry(2, START, None))
    hot.add(entry(3, START, 0))
    assert len(hot.places(START + 1)) == 1


def seen_in_crisis() -> list[ScoredMention]:
    hot = [entry(n, STORY.mentions[0].created_at + 600 + 60 * n, 20 - n) for n in range(10)]
    return sorted([*STORY.mentions, *hot], key=lambda m: m.created_at)


def test_signal_incident_and_message_say_it() -> None:
    told = incidents(run(seen_in_crisis()))
    hot = [i for i in told if i.signal.hot_rank]
    assert hot
    for incident in hot:
        assert incident.evidence.hot[0].rank == incident.signal.hot_rank
        facts = facts_of(incident.signal)
        assert (facts["hot"], facts["hot_rank"]) == (True, incident.signal.hot_rank)
    place = HotPlace(
        platform="weibo", rank=8, title="青山茶饮 异物", at=START, url="https://s.weibo.example/top"
    )
    content = full(replace(FIRED, evidence=replace(FIRED.evidence, hot=[place])), Presentation())
    said = "微博热搜第 8 位（2023-11-15 08:00:00）：青山茶饮 异物 · 热搜 https://s.weibo.example/top"
    assert said in plain_text(content)


def test_a_rule_may_ask_for_it() -> None:
    level = {"mentions": 15, "authors": 12, "hold": 0, "when": "hot and hot_rank <= 20 and velocity >= 3"}
    rules = RuleSets.model_validate({"rules": {"default": {"levels": {"IV": level}}}}).rules["default"]
    without = incidents(run(STORY.mentions, Detector(WATCH, rules)))
    assert without == []
    fired = incidents(run(seen_in_crisis(), Detector(WATCH, rules)))[0]
    assert "热搜" in fired.evidence.reason


def test_a_restarted_worker_sees_the_same_places() -> None:
    mixed = seen_in_crisis()
    cut = len(mixed) // 2
    first = Detector(WATCH, QUICK)
    before = play(first, mixed[:cut])
    never_stopped = [*play(first, mixed[cut:]), *first.advance(END)]
    second = Detector(WATCH, QUICK)
    hours, known, last = index_of(before)
    second.restore(hours, known, mixed[:cut], last)
    assert [*play(second, mixed[cut:]), *second.advance(END)] == never_stopped
    assert any(isinstance(o, Incident) and o.evidence.hot for o in [*before, *never_stopped])


def test_a_backtest_does_not_count_them_as_posts() -> None:
    test = Backtest([WATCH], {"default": QUICK})
    for one in seen_in_crisis():
        test.observe(one)
    assert test.report()[WATCH.id].posts == len(STORY.mentions)
