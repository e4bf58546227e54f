"""In whatever order a thread's mentions come, each ends with the watches of itself, its parent and root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.records import Match, MatchReason
from streams.threads import ThreadMemory

ROOT = "weibo:0"
WATCHES = ["a", "b", "c"]


@dataclass(frozen=True)
class Post:
    id: str
    parent: str | None
    own: tuple[Match, ...]


def keyword(*watches: str) -> tuple[Match, ...]:
    return tuple(Match(watch=w, reason=MatchReason.KEYWORD, keyword=w) for w in watches)


@st.composite
def trees(draw: st.DrawFn) -> list[Post]:
    """A thread in order: each post's parent is one before it, or (like some feeds) not told."""
    size = draw(st.integers(1, 9))
    posts = [Post(ROOT, None, keyword(*draw(st.lists(st.sampled_from(WATCHES), unique=True, max_size=2))))]
    for number in range(1, size):
        parent = draw(st.none() | st.integers(0, number - 1))
        own = keyword(*draw(st.lists(st.sampled_from(WATCHES), unique=True, max_size=1)))
        posts.append(Post(f"weibo:{number}", None if parent is None else posts[parent].id, own))
    return posts


class Store:
    """What the index stage keeps: each mention with its newest matches."""

    def __init__(self, memory: ThreadMemory | None = None) -> None:
        self.memory = memory or ThreadMemory()
        self.matches: dict[str, tuple[Match, ...]] = {}
        self.stories: dict[str, str | None] = {}
        self.parents: dict[str, str | None] = {}
        self.adoptions: list[str] = []

    def take(self, post: Post) -> None:
        if self.memory.missing([ROOT]) and self.matches:
            kept = [(i, self.parents[i], self.matches[i], self.stories[i]) for i in self.matches]
            self.memory.load(ROOT, kept)
        joined = self.memory.join(ROOT, post.id, post.parent, post.own, f"story-{post.id}")
        self.matches[post.id] = joined.matches
        self.parents[post.id] = post.parent
        self.stories[post.id] = joined.story or f"story-{post.id}"
        for mention_id, matches in joined.adopted.items():
            assert {m.watch for m in matches} > {m.watch for m in self.matches[mention_id]}
            self.matches[mention_id] = matches
            self.adoptions.append(mention_id)

    def take_all(self, posts: Iterable[Post]) -> Store:
        for post in posts:
            self.take(post)
        return self

    def watches(self) -> dict[str, set[str]]:
        for matches in self.matches.values():
            assert len({m.watch for m in matches}) == len(matches)
        return {mention_id: {m.watch for m in matches} for mention_id, matches in self.matches.items()}


def expected(posts: Sequence[Post]) -> dict[str, set[str]]:
    """The definition: one's own, one's parent's and the root's; a parent's include its own parent's."""
    found: dict[str, set[str]] = {}
    for post in posts:
        own = {match.watch for match in post.own}
        found[post.id] = own | found.get(post.parent or "", set()) | found.get(ROOT, set())
    return found


@given(trees())
def test_in_order_each_has_its_own_its_parents_and_the_roots_watches(posts: list[Post]) -> None:
    assert Store().take_all(posts).watches() == expected(posts)


@given(trees(), st.randoms())
def test_any_order_of_arrival_ends_in_the_same_watches(posts: list[Post], random: Random) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)
    assert Store().take_all(shuffled).watches() == expected(posts)


@given(trees(), st.randoms())
def test_a_keyword_stays_the_reason_and_inherited_watches_say_from_whom(
    posts: list[Post], random: Random
) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)
    store = Store().take_all(shuffled)
    named = {post.id: {m.watch for m in post.own} for post in posts}
    for mention_id, matches in store.matches.items():
        for match in matches:
            assert (match.reason is MatchReason.KEYWORD) == (match.watch in named[mention_id])
            assert (match.keyword is not None) == (match.watch in named[mention_id])


@given(trees(), st.randoms(), st.data())
def test_a_restart_anywhere_loses_no_watch(posts: list[Post], random: Random, data: st.DataObject) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)
    store = Store()
    restarts = data.draw(st.sets(st.integers(0, len(posts) - 1)))
    for number, post in enumerate(shuffled):
        if number in restarts:
            store.memory.forget()
        store.take(post)
    assert store.watches() == expected(posts)


@given(trees(), st.randoms())
def test_joining_twice_changes_nothing_and_adopts_nobody(posts: list[Post], random: Random) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)
    store = Store().take_all(shuffled)
    before, adopted = store.watches(), len(store.adoptions)
    store.take_all(posts)
    assert store.watches() == before
    assert len(store.adoptions) == adopted


@given(trees(), st.randoms())
def test_nobody_is_adopted_for_the_same_watch_twice(posts: list[Post], random: Random) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)
    store = Store().take_all(shuffled)
    for mention_id in store.adoptions:
        gained = store.watches()[mention_id] - {
            match.watch for post in posts if post.id == mention_id for match in post.own
        }
        assert store.adoptions.count(mention_id) <= len(gained)


def test_a_parent_that_comes_after_its_comments_gives_them_its_watch_down_to_the_last() -> None:
    memory = ThreadMemory()
    assert memory.join(ROOT, "weibo:2", "weibo:1", ()).matches == ()
    assert memory.join(ROOT, "weibo:1", ROOT, ()).matches == ()
    joined = memory.join(ROOT, ROOT, None, keyword("a"), "story")
    assert joined.matches == keyword("a")
    assert set(joined.adopted) == {"weibo:1", "weibo:2"}
    assert joined.adopted["weibo:1"] == (Match(watch="a", reason=MatchReason.PARENT),)


def test_the_reason_of_a_comments_comment_on_a_silent_parent_is_the_root() -> None:
    memory = ThreadMemory()
    memory.join(ROOT, ROOT, None, keyword("a"))
    [match] = memory.join(ROOT, "weibo:2", "weibo:unseen", ()).matches
    assert match == Match(watch="a", reason=MatchReason.ROOT)


def test_the_roots_story_is_the_threads_once_the_root_is_known() -> None:
    memory = ThreadMemory()
    assert memory.join(ROOT, "weibo:1", ROOT, (), "mine").story is None
    assert memory.join(ROOT, ROOT, None, (), "the story").story == "the story"
    assert memory.join(ROOT, "weibo:2", ROOT, (), "mine").story == "the story"
    memory.forget()
    memory.load(ROOT, [(ROOT, None, (), "the story")])
    assert memory.join(ROOT, "weibo:3", ROOT, (), "mine").story == "the story"


@given(st.lists(st.integers(0, 30), max_size=80), st.integers(1, 5))
def test_no_more_threads_are_remembered_than_allowed_and_the_latest_stay(
    threads: list[int], most: int
) -> None:
    memory = ThreadMemory(most_threads=most)
    for number in threads:
        memory.join(f"weibo:{number}", f"weibo:{number}", None, ())
        assert len(memory) <= most
    latest = list(dict.fromkeys(reversed(threads)))[:most]
    assert memory.missing(f"weibo:{n}" for n in latest) == set()


@given(st.integers(3, 10), st.integers(1, 40))
def test_no_more_members_are_remembered_than_allowed_and_the_root_stays(most: int, members: int) -> None:
    memory = ThreadMemory(most_members=most)
    memory.join(ROOT, ROOT, None, keyword("a"))
    for number in range(1, members + 1):
        joined = memory.join(ROOT, f"weibo:{number}", f"weibo:{number - 1}", ())
        assert {m.watch for m in joined.matches} == {"a"}
        thread = memory._threads[ROOT]
        assert len(thread.members) <= most
        assert ROOT in thread.members
        assert sum(map(len, thread.children.values())) <= most
        assert len(thread.children) <= most


def test_a_late_root_of_a_full_thread_is_not_the_first_to_be_forgotten() -> None:
    memory = ThreadMemory(most_members=3)
    for number in range(1, 4):
        memory.join(ROOT, f"weibo:{number}", ROOT, ())
    memory.join(ROOT, ROOT, None, keyword("a"))
    for number in range(4, 20):
        joined = memory.join(ROOT, f"weibo:{number}", ROOT, ())
        assert [match.watch for match in joined.matches] == ["a"]


@pytest.mark.parametrize("known", [[], [ROOT], [ROOT, "weibo:9"]])
def test_missing_names_the_threads_to_load(known: list[str]) -> None:
    memory = ThreadMemory()
    for thread_id in known:
        memory.join(thread_id, thread_id, None, ())
    assert memory.missing([ROOT, "weibo:9"]) == {ROOT, "weibo:9"} - set(known)
    memory.forget()
    assert memory.missing([ROOT, "weibo:9"]) == {ROOT, "weibo:9"}
