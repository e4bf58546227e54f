"""The shipped file is what the committed script writes, and is well formed."""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path

import pytest

from config.loading import load as load_yaml
from config.records import Kind, Mention
from config.watches import Watches
from fengsheng.scenario import DATA, END, SCENARIO_WATCHES, START, load
from fengsheng.scenario.__main__ import main
from fengsheng.scenario.generate import Written, generate, pack

CONFIG = Path(__file__).parents[2] / "config" / "watches.yaml"


@pytest.fixture(scope="module")
def mentions() -> list[Mention]:
    return load()


def test_the_script_writes_the_shipped_file_byte_for_byte(written: list[Written]) -> None:
    with lzma.open(DATA) as shipped:
        assert shipped.read() == pack(written)


def test_another_seed_tells_it_otherwise(written: list[Written]) -> None:
    assert pack(generate(1)) != pack(written)


def test_size_fits_the_demo_and_the_repository(mentions: list[Mention]) -> None:
    assert 4_500 <= len(mentions) <= 6_000
    assert DATA.stat().st_size < 400_000


def test_ids_are_unique_but_for_the_intended_duplicates(mentions: list[Mention]) -> None:
    seen: dict[str, Mention] = {}
    again = 0
    for mention in mentions:
        if mention.mention_id in seen:
            assert mention == seen[mention.mention_id]
            again += 1
        seen[mention.mention_id] = mention
    assert 10 <= again <= 80


def test_every_parent_and_root_exists_on_the_same_platform_and_earlier(mentions: list[Mention]) -> None:
    known = {mention.mention_id: mention for mention in mentions}
    for mention in mentions:
        assert (mention.kind is not Kind.POST) == (mention.parent_id is not None)
        for relative in (mention.parent_id, mention.root_id):
            if relative is not None:
                assert known[f"{mention.platform}:{relative}"].created_at <= mention.created_at
        if mention.root_id is not None:
            root = known[f"{mention.platform}:{mention.root_id}"]
            assert root.kind is Kind.POST
            assert known[f"{mention.platform}:{mention.parent_id}"].thread_id == root.mention_id


def test_some_answers_arrive_before_what_they_answer(mentions: list[Mention]) -> None:
    arrived: set[str] = set()
    early = 0
    for mention in mentions:
        early += mention.parent_id is not None and f"{mention.platform}:{mention.parent_id}" not in arrived
        arrived.add(mention.mention_id)
    assert early >= 5


def test_nothing_arrives_more_than_ninety_seconds_late(mentions: list[Mention]) -> None:
    newest, latest = 0.0, []
    for mention in mentions:
        newest = max(newest, mention.created_at)
        latest.append(newest - mention.created_at)
    assert max(latest) <= 90
    assert sum(late > 20 for late in latest) >= 20
    assert all(START <= mention.created_at < END for mention in mentions)


def test_texts_are_varied_short_and_of_the_platforms_style(mentions: list[Mention]) -> None:
    unique = {mention.mention_id: mention for mention in mentions}.values()
    texts = Counter(mention.text for mention in unique)
    assert len(texts) / len(unique) > 0.70
    assert max(map(len, texts)) <= 400
    whole = "\n".join(texts)
    for style in ("//@", "回复@", "[怒]", "[doge]", "😡", "#青山茶饮", "青山茶飲", "哈哈哈", "233"):
        assert style in whole, style
    assert any(digit in whole for digit in "０１２３４５６７８９")
    assert "{" not in whole
    assert "}" not in whole


def test_authors_have_a_realistic_following(mentions: list[Mention]) -> None:
    authors = {m.author.id: m.author for m in mentions if m.author}
    followers = sorted(a.followers for a in authors.values() if a.followers is not None)
    assert len(authors) > 2_500
    assert 80 < followers[len(followers) // 2] < 500
    assert sum(f > 100_000 for f in followers) >= 5
    assert {a.verified_type for a in authors.values()} >= {-1, 0, 1, 2, 3, 220, None}


def test_bots_repeat_themselves_from_empty_accounts(mentions: list[Mention]) -> None:
    unique = {mention.mention_id: mention for mention in mentions}.values()
    same = [m for m in unique if m.text.startswith("青山茶饮滚出市场！黑心商家")]
    assert len(same) >= 20
    assert len({m.author.id for m in same if m.author}) == len(same)
    assert all(m.author and (m.author.followers or 0) < 10 for m in same)


def test_the_shipped_watches_are_those_of_the_scenario() -> None:
    shipped, own = load_yaml(CONFIG, Watches), load_yaml(SCENARIO_WATCHES, Watches)
    assert shipped == own
    qingshan = shipped.by_id()["qingshan-tea"]
    assert (qingshan.any, qingshan.all, qingshan.none) == (["青山茶饮", "青山奶茶"], [], ["青山绿水"])


def test_the_command_writes_file_and_labels(
    tmp_path: Path, written: list[Written], capsys: pytest.CaptureFixture[str]
) -> None:
    out, labels = tmp_path / "again.jsonl.xz", tmp_path / "labels.jsonl"
    assert main(["--out", str(out), "--labels", str(labels)]) == 0
    assert lzma.decompress(out.read_bytes()) == pack(written)
    assert len(labels.read_text(encoding="utf-8").splitlines()) == len(written)
    assert str(len(written)) in capsys.readouterr().err


def test_the_command_explains_a_file_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "missing" / "x.jsonl.xz")]) == 1
    assert "missing" in capsys.readouterr().err
