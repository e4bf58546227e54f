"""A mention becomes what the index keeps: masked, matched, weighed, its story and place in its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Author, Kind, Mention, WeightSource
from config.settings import ScoringSettings
from models.classification import Classification
from models.dummy import DummyClassifier
from streams.enriching import merged, whole_text
from streams.masking import Pseudonymiser
from streams.weighing import negativity
from tests.streams.stages.making import NOW, enricher, mention, scored


async def test_an_angry_complaint_is_negative_with_a_mass_of_weight_and_strength() -> None:
    [angry] = await scored(mention(1, author=Author(id="42", followers=1_000_000)))
    strength = negativity(angry.score.emotions, angry.score.intents, ScoringSettings())
    assert angry.score.negative
    assert angry.score.weight_source is WeightSource.PROFILE
    assert angry.score.mass == pytest.approx(angry.score.weight * strength, rel=1e-3)
    assert angry.score.mass > 5.0


async def test_praise_has_no_mass_at_all() -> None:
    [happy] = await scored(mention(1, "青山茶饮真好喝", author=Author(id="42", followers=10**8)))
    assert (happy.score.negative, happy.score.mass) == (False, 0.0)
    assert (happy.score.emotion, happy.score.intent, happy.score.polarity) == ("happy", "praise", "positive")


async def test_distributions_keep_every_label_and_sum_to_one() -> None:
    [found] = await scored(mention(1))
    for scores in (found.score.emotions, found.score.intents, found.score.polarities):
        assert sum(scores.values()) == pytest.approx(1.0, abs=1e-3)


async def test_nothing_private_is_left() -> None:
    author = Author(id="42", name="王丽", followers=5)
    [found] = await scored(mention(1, "找我13800138000", title="我是王丽，wl@example.com", author=author))
    assert found.text == "我是王丽，〔邮箱〕\n找我〔手机号〕"
    assert (found.author_name, found.author_id) == (None, Pseudonymiser(b"key").id("weibo", "42"))


async def test_the_title_is_matched_too() -> None:
    [found] = await scored(mention(1, "味道不错", title="青山茶飲測評"))
    assert found.watches == ["tea"]


@pytest.mark.parametrize(
    ("title", "text", "whole"),
    [
        (None, "正文", "正文"),
        ("", "正文", "正文"),
        ("标题", "正文", "标题\n正文"),
        ("标题", "标题和正文", "标题和正文"),
        (" 标题 ", "", "标题"),
    ],
)
def test_title_and_text_are_one_and_nothing_is_said_twice(title: str | None, text: str, whole: str) -> None:
    assert whole_text(mention(1, text, title=title)) == whole


@pytest.mark.parametrize(
    ("kind", "parent", "root", "thread_id", "parent_id"),
    [
        (Kind.POST, None, None, "weibo:1", None),
        (Kind.COMMENT, "2", None, "weibo:2", "weibo:2"),
        (Kind.COMMENT, "2", "3", "weibo:3", "weibo:2"),
        (Kind.COMMENT, None, "3", "weibo:3", "weibo:3"),
        (Kind.REPOST, None, "3", "weibo:3", "weibo:3"),
    ],
)
async def test_thread_and_parent_are_identities(
    kind: Kind, parent: str | None, root: str | None, thread_id: str, parent_id: str | None
) -> None:
    [found] = await scored(mention(1, parent=parent, root=root, kind=kind))
    assert (found.thread_id, found.parent_id) == (thread_id, parent_id)


async def test_copies_share_a_story_and_a_comment_has_its_threads() -> None:
    text = "青山茶饮喝出虫子，太恶心了"
    first, copy, comment = await scored(
        mention(1, text), mention(2, f"{text}！ https://t.cn/1"), mention(3, text, parent="1")
    )
    assert first.story == copy.story
    assert comment.story == "weibo:1"


async def test_the_order_is_kept_and_an_empty_batch_is_empty() -> None:
    found = await scored(*(mention(n, "哈" * n) for n in (5, 1, 3)))
    assert [m.mention_id for m in found] == ["weibo:5", "weibo:1", "weibo:3"]
    assert await scored() == []


async def test_enriching_what_was_private_already_changes_only_nothing() -> None:
    author = Author(id="42", platform="weibo", name="青山日报", verified_type=3)
    plain = mention(1, "电话13800138000", author=author)
    assert await scored(Pseudonymiser(b"key").mention(plain)) == await scored(plain)


async def test_a_known_profile_fills_what_the_mention_does_not_say() -> None:
    pseudonym = Pseudonymiser(b"key").id("weibo", "42")
    known = {pseudonym: Author(id=pseudonym, platform="weibo", followers=77, verified_type=3)}
    [found] = await enricher().enrich([mention(1, author=Author(id="42"))], known, NOW)
    assert (found.followers, found.verified_type) == (77, 3)


async def test_an_author_without_an_id_is_nobody() -> None:
    [found] = await scored(mention(1, author=Author(id="", followers=5)))
    assert (found.author_id, found.score.weight_source) == (None, WeightSource.NEUTRAL)


PROFILES = st.builds(
    Author, id=st.just("a"), platform=st.sampled_from(["", "weibo"]), name=st.none() | st.just("n"),
    followers=st.none() | st.integers(0, 9), verified=st.none() | st.booleans(), updated_at=st.none() | st.just(1.0),
)  # fmt: skip


@given(st.none() | PROFILES, PROFILES)
def test_merging_lets_the_new_win_and_erases_nothing(old: Author | None, new: Author) -> None:
    both = merged(old, new)
    for name in Author.__struct_fields__:
        told = getattr(new, name)
        before = getattr(old, name) if old else told
        assert getattr(both, name) == (told if told not in (None, "") else before)
    assert merged(both, new) == both


def test_a_mention_is_decoded_with_the_same_identity_it_is_indexed_under() -> None:
    post = Mention(platform="weibo", id="1", text="x", created_at=NOW)
    assert post.mention_id == post.thread_id == "weibo:1"


async def test_what_cannot_be_read_has_no_mass_whatever_its_scores_say() -> None:
    class Certain(DummyClassifier):
        async def classify_async(self, texts: Sequence[str]) -> list[Classification]:
            return [replace(one, readable=False) for one in self.classify(texts)]

    post = mention("1", text="恶心死了，投诉，抵制")
    (read,) = await enricher().enrich([post], {}, NOW)
    (unread,) = await enricher(Certain()).enrich([post], {}, NOW)
    assert read.score.negative
    assert read.score.mass > 0
    assert unread.score.emotions == read.score.emotions
    assert not unread.score.negative
    assert unread.score.mass == 0


async def test_an_entry_of_a_hot_list_matches_and_is_nobodys_complaint() -> None:
    said = "青山茶饮喝出虫子太恶心"
    [post, entry] = await scored(mention(1, said), mention(2, said, kind=Kind.HOT, rank=8))
    assert post.score.negative
    assert (entry.watches, entry.rank, entry.kind) == (["tea"], 8, Kind.HOT)
    assert (entry.score.negative, entry.score.mass, entry.parent_id) == (False, 0.0, None)
    assert entry.story == post.story
