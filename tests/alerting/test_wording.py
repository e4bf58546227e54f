"""Conditions in words, in both languages."""

from __future__ import annotations

import pytest

from alerting.levels import facts_of
from alerting.wording import asked, asked_of, met, missing
from config.expressions import parse
from config.records import Level
from tests.alerting.sample_incident import FIRED
from tests.alerting.timeline import DEFAULT

FACTS = facts_of(FIRED.signal)  # z 9.8, factor 10.25, 83 authors, share 80 %, cold start


def test_a_level_is_told_with_its_evidence_and_hold() -> None:
    assert asked_of(DEFAULT.levels[Level.II]) == (
        "负面条数 ≥ 100，负面作者 ≥ 60，负面声量/分 ≥ 25，负面占比 ≥ 40%，倍数 ≥ 12，且 z ≥ 8；持续 60 秒"
    )
    assert asked_of(DEFAULT.levels[Level.II], english=True).endswith(
        "negative share ≥ 40%, factor ≥ 12 and z ≥ 8; for 60 s"
    )


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("z >= 4 or authority", "z ≥ 4 或 有政府或媒体账号负面发声",
         "z ≥ 4 or a government or media account among the negative authors"),
        ("not cold_start", "并非：历史不足两周", "not: less than two weeks of history"),
        ("z >= 4 and (factor > 3 or intent.redress >= 12.5%)", "z ≥ 4，且（倍数 > 3 或 维权索赔意图占比 ≥ 12.5%）",
         "z ≥ 4 and (factor > 3 or share of redress ≥ 12.5%)"),
        ("(z >= 4 and authority) or factor >= 3", "（z ≥ 4，且 有政府或媒体账号负面发声） 或 倍数 ≥ 3",
         "(z ≥ 4 and a government or media account among the negative authors) or factor ≥ 3"),
    ],
)  # fmt: skip
def test_what_is_asked(text: str, zh: str, en: str) -> None:
    assert asked(parse(text)) == zh
    assert asked(parse(text), english=True) == en


def test_what_made_it_true_is_told_of_alternatives_the_first() -> None:
    condition = parse("z >= 4 and (authority or authors >= 20 or factor >= 2)")
    assert met(condition, FACTS) == ["z 9.8 ≥ 4", "负面作者 83 ≥ 20"]


def test_what_is_missing_is_the_first_part_and_of_alternatives_all() -> None:
    assert missing(parse("z >= 4 and factor >= 20 and authority"), FACTS) == "倍数 10.25 < 20"
    both_lack = parse("z >= 4 and (authority or authors >= 200)")
    assert missing(both_lack, FACTS) == "并非：有政府或媒体账号负面发声，且 负面作者 83 < 200"
    assert missing(both_lack, FACTS, english=True).endswith(", and negative authors 83 < 200")
    assert missing(parse("not cold_start"), FACTS) == "历史不足两周"
