"""The benchmark of judgement on posts made up here: what it lays in is what it says it laid in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.judgement import kinds, making
from benchmarks.judgement.driving import Result, drive
from benchmarks.judgement.growing import as_told, moments, scores
from benchmarks.judgement.kinds import KINDS, Timeline, truth_of
from benchmarks.judgement.making import START, Brand
from benchmarks.judgement.material import HOUR, Material, Post
from benchmarks.judgement.reading import UNREAD, Reading, fingerprint, key_of, readings
from benchmarks.judgement.rivals import rivals
from benchmarks.judgement.tables import by_kind, by_size, compared
from config.records import Kind as PostKind
from config.settings import ScoringSettings
from tests.alerting.timeline import NUMERALS, RULE_SETS

ANGRY = Reading("angry", "complaint", "negative", 1.2)
CALM = Reading("happy", "other", "positive", 0.02)
NOON = 12 * HOUR


def post(number: int, at: float, negative: bool, where: str = "c") -> Post:
    text = (
        f"{where} 第{str(number).translate(NUMERALS)}条：这家店的奶茶里喝出了虫子太恶心"
        if negative
        else f"{where} 第{str(number).translate(NUMERALS)}条：今天也很好"
    )
    return Post(at, text, f"{where}-{number}", PostKind.POST, ANGRY if negative else CALM, 1.0, negative)


def cascade(name: str, many: int, seconds: float) -> tuple[Post, ...]:
    return tuple(post(n, seconds * (n / many) ** 2, n % 5 != 0, name) for n in range(many))


@pytest.fixture(scope="module")
def material() -> Material:
    control = tuple(post(n, 60.0 * n, negative=False, where="calm") for n in range(3000))
    cascades = tuple(cascade(f"k{n}", 100 + 40 * n, 2400) for n in range(16))
    return Material(
        control, tuple(p.at for p in control), cascades, tuple(post(n, 0, True, "x") for n in range(200))
    )


def made(material: Material, name: str, brand: Brand, days: int = 4, seed: int = 1) -> Timeline:
    kind = next(k for k in KINDS if k.name == name)
    return kinds._compose(material, kind, 0, brand, days, np.random.default_rng(seed))


MIDDLE = Brand(2.0, 0.05, "default")


def test_a_large_crisis_is_found_and_counted_from_its_true_onset(material: Material) -> None:
    timeline = made(material, "crisis of 10-15 cascades, warm", MIDDLE)
    (truth,) = timeline.truth
    assert truth.counts
    assert truth.start <= truth.onset < truth.end
    result = drive(timeline, RULE_SETS)
    assert (result.judged.found, result.judged.crises, list(result.found)) == (1, 1, [True])
    assert 0 <= result.judged.delays[0] < HOUR
    assert result.judged.false_pages == 0


@pytest.mark.parametrize("name", ["quiet, cold start", "quiet, warm", "feed outage", "one loud account"])
def test_what_is_no_crisis_has_no_truth_and_pages_nobody(material: Material, name: str) -> None:
    timeline = made(material, name, MIDDLE, days=3)
    result = drive(timeline, RULE_SETS)
    assert timeline.truth == []
    assert (result.judged.incidents, result.judged.false_pages, result.highest) == (0, 0, None)
    assert result.judged.days == 3


def test_every_kind_can_be_made_in_order_of_time_and_the_same_from_the_same_seed(material: Material) -> None:
    for kind in KINDS:
        one = made(material, kind.name, MIDDLE, days=3)
        assert [p.at for p in one.posts] == sorted(p.at for p in one.posts)
        assert one.posts[0].at >= 0
        assert one.posts[-1].at < 3 * 24 * HOUR
        assert bool(one.history) == kind.warm
        assert made(material, kind.name, MIDDLE, days=3) == one
    assert made(material, "quiet, warm", MIDDLE, seed=2) != made(material, "quiet, warm", MIDDLE, seed=1)


def test_there_are_two_hundred_timelines_or_more() -> None:
    assert sum(kind.many for kind in KINDS) * len(kinds.BRANDS) >= 200
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_the_onset_is_the_first_of_ten_within_half_an_hour() -> None:
    slow = [post(n, n * 600.0, True) for n in range(20)]  # four within half an hour
    fast = [post(n, 40_000 + n * 60.0, True) for n in range(10)]
    truth = truth_of([*slow, *fast])
    assert truth.onset == 40_000
    assert truth.start == 0
    assert truth_of(slow).onset == 0


def test_an_outage_leaves_no_post_and_begins_hours_before_what_follows(material: Material) -> None:
    timeline = made(material, "crisis after a feed outage", MIDDLE)
    start = timeline.truth[0].start
    gap = [p.at for p in timeline.posts if start - 2.5 * HOUR <= p.at < start - 0.5 * HOUR]
    assert gap == []


def test_a_history_is_what_the_brand_would_have_had(material: Material) -> None:
    hours = making.history(material, MIDDLE, 2, np.random.default_rng(3))
    assert all(h.hour_start < making.START and h.minutes <= 60 for h in hours)
    mean = sum(h.mass_sum for h in hours) / (2 * 7 * 24 * 60)
    assert mean == pytest.approx(2.0 * 0.05 * 1.2, rel=0.15)


@pytest.fixture(scope="module")
def results(material: Material) -> list[Result]:
    small = Brand(0.3, 0.05, "sensitive")
    names = ["crisis of 10-15 cascades, warm", "quiet, warm", "spam burst"]
    return [drive(made(material, n, b, days=3), RULE_SETS) for n in names for b in (MIDDLE, small)]


def test_the_rules_of_today_are_judged_on_the_same_timelines(results: list[Result]) -> None:
    as_it_is, best, *_ = rivals(results)
    assert as_it_is.judged.crises == best.judged.crises == 2
    assert as_it_is.large.recall == 1.0
    assert as_it_is.judged.false_pages >= best.judged.false_pages


def test_tables_have_a_row_for_what_there_is(results: list[Result]) -> None:
    assert len(by_kind(results).splitlines()) == 2 + 6
    assert "Fengsheng" in compared(results, rivals(results))
    assert "1.00" in by_size(results)


def test_projections_are_measured_on_crises_that_gave_no_constants(material: Material) -> None:
    folds = moments(material, 5)
    assert len(folds) == 5
    assert len({len(fold) for fold in folds}) == 1
    found = scores([fold[:70] for fold in folds])  # ten crises of each, asked seven times
    assert [(s.name, s.asked) for s in found[:2]] == [("scaling", 200), ("self-exciting", 200)]
    for score in found:
        assert 0 <= score.coverage <= 1 < score.width
    assert any(one.came > one.last > 0 for one in folds[0])


def test_a_text_is_read_once_and_a_stopped_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Counting:
        def __init__(self, model: Path) -> None:
            self.model = model

        def classify(self, texts: list[str]) -> list[object]:
            from models.dummy import DummyClassifier

            asked.extend(texts)
            return list(DummyClassifier().classify(texts))

        def close(self) -> None:
            return None

    monkeypatch.setattr("benchmarks.judgement.reading.Classifier", Counting)
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text(name)
    cache = tmp_path / "cache"
    first = readings(["很好喝", "太恶心了", ""], tmp_path, cache, ScoringSettings())
    assert first[""] == UNREAD
    assert asked == ["很好喝", "太恶心了"]
    kept = cache / f"{fingerprint(tmp_path)}.jsonl"
    assert "很好喝" not in kept.read_text(encoding="utf-8")
    lines = kept.read_text(encoding="utf-8").splitlines()
    kept.write_text(lines[0] + "\n" + lines[1][:30], encoding="utf-8")
    again = readings(["很好喝", "太恶心了", "还行"], tmp_path, cache, ScoringSettings())
    assert asked[2:] == ["太恶心了", "还行"]
    assert again["太恶心了"] == first["太恶心了"]
    assert key_of("还行") != key_of("很好喝")


def test_what_incidents_told_of_their_next_hour_is_held_against_what_came(material: Material) -> None:
    timeline = made(material, "crisis of 10-15 cascades, warm", MIDDLE)
    result = drive(timeline, RULE_SETS)
    assert result.growth
    for told, came in result.growth:
        between = [p for p in timeline.posts if told.until - HOUR <= START + p.at < told.until]
        assert came == sum(p.negative for p in between)
    found = as_told(result.growth)
    assert found is not None
    held = [told.low <= came <= told.high for told, came in result.growth]
    assert found.coverage == pytest.approx(sum(held) / len(held))
    assert as_told([]) is None
