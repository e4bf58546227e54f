"""What the scenario claims to be true is true of its posts: rates, tones, authors, watches."""

from __future__ import annotations

import pytest

from config.loading import load as load_yaml
from config.watches import Watches
from fengsheng.scenario import CALM_FROM, END, SCENARIO_WATCHES, START, TRUTH
from fengsheng.scenario.cast import SCENES
from fengsheng.scenario.dice import Dice
from fengsheng.scenario.generate import Written
from fengsheng.scenario.strands import STRANDS
from fengsheng.scenario.texts import NEGATIVE, Texts
from streams.matching import Matcher

BRAND = frozenset({"ordinary", "launch", "crisis", "after", "wave"})
HOUR = 3600.0


@pytest.fixture(name="written", scope="module")
def fixture_written(written: list[Written]) -> list[Written]:
    """Each mention once, in the order in which they were said."""
    unique = {one.mention.mention_id: one for one in written}
    return sorted(unique.values(), key=lambda one: (one.mention.created_at, one.mention.id))


@pytest.fixture(scope="module")
def ours(written: list[Written]) -> list[Written]:
    return [one for one in written if one.strand in BRAND]


def within(some: list[Written], start: float, end: float) -> list[Written]:
    return [one for one in some if start <= one.mention.created_at < end]


def rate(some: list[Written], start: float, end: float) -> float:
    return len(within(some, start, end)) / ((end - start) / 60)


def negative_share(some: list[Written]) -> float:
    return sum(one.tone in NEGATIVE for one in some) / len(some)


def people(some: list[Written]) -> int:
    return len({one.mention.author.id for one in some if one.mention.author})


def test_the_ordinary_day_has_its_rhythm(written: list[Written]) -> None:
    day = [one for one in written if one.strand == "ordinary"]
    night = rate(day, START + 19 * HOUR, START + 23 * HOUR)
    morning = rate(day, START + 3 * HOUR, START + 4.5 * HOUR)
    lunch = rate(day, START + 6 * HOUR, START + 7 * HOUR)
    evening = rate(day, START + 14 * HOUR, START + 15.5 * HOUR)
    assert night < 0.15 < morning < 1 < min(lunch, evening)
    assert max(lunch, evening) < 6
    assert 0.05 <= negative_share(day) <= 0.10
    assert {one.mention.platform for one in day} == {"weibo", "xhs", "douyin", "zhihu", "bili"}


def test_the_launch_is_busy_and_glad(ours: list[Written]) -> None:
    truth = TRUTH["launch"]
    assert not truth.page
    rush = within(ours, truth.start + 240, truth.start + 34 * 60)
    assert 40 <= len(rush) / 30 <= 80
    assert negative_share(rush) < 0.08
    assert people(rush) > 800


def test_the_crisis_breaks_out_within_a_quarter_of_an_hour(ours: list[Written]) -> None:
    truth = TRUTH["crisis"]
    assert truth.page
    assert rate(ours, truth.start - HOUR, truth.start) < 1.5
    assert rate(ours, truth.start, truth.start + 120) < 10
    height = within(ours, truth.start + 14 * 60, truth.start + 22 * 60)
    assert 60 <= len(height) / 8 <= 120
    assert 0.6 <= negative_share(height) <= 0.8
    assert people(height) > 400
    first = next(one for one in ours if one.strand == "crisis")
    assert first.mention.created_at == truth.start
    assert first.mention.author is not None
    assert (first.mention.author.followers or 0) < 1000


def test_the_crisis_is_spread_by_the_great(ours: list[Written]) -> None:
    followers = [
        (one.mention.author.followers or 0, one.mention.author.verified_type)
        for one in within(ours, TRUTH["crisis"].start, TRUTH["crisis"].start + 15 * 60)
        if one.mention.author
    ]
    assert any(count >= 600_000 and kind == 0 for count, kind in followers)
    assert any(kind == 3 for _, kind in followers)


def test_it_calms_down_between_the_waves(ours: list[Written]) -> None:
    crisis, wave = TRUTH["crisis"], TRUTH["second-wave"]
    assert 4 * HOUR <= wave.start - crisis.start <= 5 * HOUR
    hours = [rate(ours, crisis.start + h * HOUR, crisis.start + (h + 1) * HOUR) for h in range(4)]
    assert hours[0] > hours[1] > hours[2]
    assert negative_share(within(ours, wave.start - HOUR, wave.start)) < 0.3


def test_the_second_wave_is_smaller(ours: list[Written]) -> None:
    crisis, wave = TRUTH["crisis"], TRUTH["second-wave"]
    height = within(ours, wave.start + 8 * 60, wave.start + 13 * 60)
    first = rate(ours, crisis.start + 15 * 60, crisis.start + 21 * 60)
    assert 20 <= len(height) / 5 < 0.7 * first
    assert 0.55 <= negative_share(height) <= 0.85


def test_it_ends_in_a_calm_long_enough_to_resolve(ours: list[Written]) -> None:
    calm = within(ours, CALM_FROM, END)
    assert END - CALM_FROM >= 100 * 60
    assert len(calm) > 50
    assert negative_share(calm) <= 0.12
    assert {one.strand for one in calm} == {"ordinary"}


def test_the_watches_find_what_belongs_to_them_and_nothing_else(written: list[Written]) -> None:
    matcher = Matcher(load_yaml(SCENARIO_WATCHES, Watches).watches)
    found = {
        one.mention.mention_id: {match.watch for match in matcher.match(one.mention.text)} for one in written
    }
    unnamed = 0
    for one in written:
        mention = one.mention
        names = found[mention.mention_id]
        root = found[mention.thread_id] | names
        if one.strand in BRAND:
            assert "qingshan-tea" in root, mention.text
            unnamed += "qingshan-tea" not in names
        elif one.strand == "rival":
            assert root == {"yunling-tea"}, mention.text
        elif one.strand == "sugar":
            assert names == {"tea-and-sugar"}, mention.text
        else:
            assert not names, mention.text
    answers = sum(one.mention.parent_id is not None and one.strand in BRAND for one in written)
    assert unnamed > 0.7 * answers
    assert sum("青山绿水" in one.mention.text and "青山茶饮" in one.mention.text for one in written) >= 2


def test_the_other_watches_stay_quiet_in_the_crisis(written: list[Written]) -> None:
    start = TRUTH["crisis"].start
    others = [one for one in written if one.strand not in BRAND]
    assert rate(others, start, start + HOUR) < 2
    assert negative_share([one for one in others if one.strand == "rival"]) < 0.1


def test_every_tone_a_strand_speaks_in_has_templates() -> None:
    texts = Texts(Dice(1))
    for name, strand in STRANDS.items():
        assert set(strand.posts) == texts.tones(name, "post"), name
        assert set(strand.replies) <= texts.tones(name, "reply"), name
    counts = texts.counts()
    for name, least in {"crisis": 60, "ordinary": 60, "launch": 50}.items():
        assert counts[name, "post"] + counts[name, "reply"] >= least
    with pytest.raises(KeyError, match="no template for launch post angry"):
        texts.say("launch", "post", "angry")


def test_scenes_are_told_in_order_and_repost_earlier_ones() -> None:
    minutes = {scene.key: scene.minute for scene in SCENES}
    assert len(minutes) == len(SCENES)
    assert all(minutes[scene.of] < scene.minute for scene in SCENES if scene.of)
    assert {scene.strand for scene in SCENES} <= BRAND


def test_weights_that_sum_to_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="more than zero"):
        Dice(1).weighted(("a",), (0.0,))
