from collections import Counter
from pathlib import Path

import pytest

from models.labels import EMOTIONS, INTENTS
from models.weak_intents import BRANDS, is_held_out, label_text, read_examples, weak_rows, windows


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("客服态度恶劣，打了三次没人理", "complaint"),
        ("这家店实名举报三次了还在卖", "exposure"),
        ("坚决抵制这个牌子", "boycott"),
        ("已经打12315了，等结果", "redress"),
        ("请问这个哪里有卖", "inquiry"),
        ("建议增加一个大杯", "suggestion"),
        ("味道真不错，太好喝了", "praise"),
        ("忍不住下单了", "purchase"),
        ("转发抽三位送电影票，包邮", "promotion"),
        ("今天早上在河边走了走", "other"),
        ("难道不要再说话", None),
    ],
)
def test_a_rule_speaks_or_is_silent(text: str, intent: str | None) -> None:
    assert label_text(text) == intent


def test_who_demands_money_back_also_complains_and_the_demand_wins() -> None:
    assert label_text("质量太差，要求退款") == "redress"


def test_rules_that_disagree_give_no_label() -> None:
    assert label_text("太好喝了，请问在哪里买的") is None


def test_the_quoted_part_decides_nothing() -> None:
    assert label_text("坚决抵制这个牌子") == "boycott"
    assert label_text("笑死我了啊//@用户:坚决抵制这个牌子") is None


def test_rows_are_unique_short_and_within_the_limit() -> None:
    texts = ["坚决抵制这个牌子", "坚决抵制這個牌子", "坚决抵制那个牌子", "坚决抵制它家", "x" * 500]
    rows = weak_rows(texts, limit=2)
    assert [(row.text, row.intent) for row in rows] == [
        ("坚决抵制这个牌子", "boycott"),
        ("坚决抵制那个牌子", "boycott"),
    ]


def test_about_a_tenth_is_held_out() -> None:
    assert 0.07 < sum(is_held_out(f"第{number}条") for number in range(3000)) / 3000 < 0.13


def test_windows_cut_at_sentence_ends() -> None:
    assert windows("刹车异响很严重。修了四次没修好！", 10) == ["刹车异响很严重。", "修了四次没修好！"]


def test_written_examples_cover_every_intent_and_name_only_known_trades() -> None:
    examples = list(read_examples())
    counts = Counter(example.intent for example in examples)
    assert set(counts) == set(INTENTS)
    assert min(counts.values()) >= 20
    assert len({example.template for example in examples}) == len(examples)
    for example in examples:
        assert example.emotion is None or example.emotion in EMOTIONS
        for place in example.template.split("{")[1:]:
            assert place.partition("}")[0] in BRANDS


def test_a_wrong_example_file_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "examples.txt"
    file.write_text("# note\n## complain\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"examples.txt:2: unknown intent 'complain'"):
        list(read_examples(file))
    file.write_text("难喝\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"examples.txt:1: a text before"):
        list(read_examples(file))
