"""Reposts and comments belong to the watches of their parent and root, in whatever order they come."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from config.records import Match, MatchReason


@dataclass
class Member:
    """What is remembered of one mention of a thread."""

    parent_id: str | None
    matches: tuple[Match, ...]


@dataclass
class Thread:
    """One root and what is known of those below it."""

    members: dict[str, Member] = field(default_factory=dict)
    children: dict[str, set[str]] = field(default_factory=dict)
    story: str | None = None


@dataclass(frozen=True)
class Joined:
    """What adding one mention to its thread gave.

    Attributes
    ----------
    matches : the mention's own and inherited matches.
    story : the root's story, where the root is known.
    adopted : mentions that came earlier and gain watches by this one, with all their matches now.
    """

    matches: tuple[Match, ...]
    story: str | None
    adopted: dict[str, tuple[Match, ...]]


def _inherit(own: Iterable[Match], *relatives: tuple[MatchReason, Member | None]) -> tuple[Match, ...]:
    matches = {match.watch: match for match in own}
    for reason, relative in relatives:
        for match in relative.matches if relative else ():
            if match.watch not in matches:
                matches[match.watch] = Match(watch=match.watch, reason=reason)
    return tuple(matches.values())


class ThreadMemory:
    """A bounded memory of recent threads, oldest forgotten first.

    It is only a cache: what falls out, or is lost with the process, is loaded again
    from the index by `load` when the thread is next heard of (`missing` says which).
    """

    def __init__(self, most_threads: int = 20_000, most_members: int = 2_000) -> None:
        self._threads: OrderedDict[str, Thread] = OrderedDict()
        self._most_threads = most_threads
        self._most_members = most_members

    def __len__(self) -> int:
        return len(self._threads)

    def missing(self, thread_ids: Iterable[str]) -> set[str]:
        """Return those of `thread_ids` that are not in memory."""
        return {thread_id for thread_id in thread_ids if thread_id not in self._threads}

    def forget(self) -> None:
        """Drop everything, as when the partitions go to another worker."""
        self._threads.clear()

    def load(
        self, thread_id: str, members: Iterable[tuple[str, str | None, Iterable[Match], str | None]]
    ) -> None:
        """Remember a thread from the index: ids, parents, matches and stories of its members."""
        thread = self._thread(thread_id)
        for mention_id, parent_id, matches, story in members:
            if mention_id not in thread.members:
                self._remember(thread, thread_id, mention_id, parent_id, tuple(matches))
            if mention_id == thread_id:
                thread.story = story

    def _thread(self, thread_id: str) -> Thread:
        thread = self._threads.get(thread_id)
        if thread is None:
            thread = self._threads[thread_id] = Thread()
            while len(self._threads) > self._most_threads:
                self._threads.popitem(last=False)
        self._threads.move_to_end(thread_id)
        return thread

    def _remember(
        self,
        thread: Thread,
        thread_id: str,
        mention_id: str,
        parent_id: str | None,
        matches: tuple[Match, ...],
    ) -> None:
        if mention_id not in thread.members and len(thread.members) >= self._most_members:
            # Never the root, though it may have come last: it is what later members inherit from.
            oldest = next((known for known in thread.members if known != thread_id), thread_id)
            parent = thread.members.pop(oldest).parent_id or ""
            siblings = thread.children.get(parent, set())
            siblings.discard(oldest)
            if not siblings:
                thread.children.pop(parent, None)
        thread.members[mention_id] = Member(parent_id, matches)
        if parent_id:
            thread.children.setdefault(parent_id, set()).add(mention_id)

    def join(
        self,
        thread_id: str,
        mention_id: str,
        parent_id: str | None,
        own: Iterable[Match],
        story: str | None = None,
    ) -> Joined:
        """Add a mention to its thread and return its watches, and who gains watches by it.

        Joining the same mention twice changes nothing and adopts nobody anew.
        """
        thread = self._thread(thread_id)
        before = thread.members.get(mention_id)
        matches = self._effective(thread, thread_id, mention_id, parent_id, own)
        if before is not None:
            matches = _inherit(matches, (MatchReason.PARENT, before))
        self._remember(thread, thread_id, mention_id, parent_id, matches)
        if mention_id == thread_id:
            thread.story = story
        adopted: dict[str, tuple[Match, ...]] = {}
        if matches and (before is None or len(before.matches) < len(matches)):
            self._adopt(thread, thread_id, mention_id, adopted)
        return Joined(matches, thread.story, adopted)

    def heirs(self, thread_id: str, mention_id: str) -> dict[str, tuple[Match, ...]]:
        """Return those below a mention (all of the thread, for its root) that inherited a watch, with their matches."""
        thread = self._threads.get(thread_id)
        found: dict[str, tuple[Match, ...]] = {}
        if thread is None:
            return found
        waiting = [*thread.members] if mention_id == thread_id else [*thread.children.get(mention_id, ())]
        seen = {mention_id}
        while waiting:
            heir = waiting.pop()
            if heir in seen:
                continue
            seen.add(heir)
            member = thread.members.get(heir)
            if member and any(match.reason is not MatchReason.KEYWORD for match in member.matches):
                found[heir] = member.matches
            waiting += thread.children.get(heir, ())
        return found

    @staticmethod
    def _effective(
        thread: Thread, thread_id: str, mention_id: str, parent_id: str | None, own: Iterable[Match]
    ) -> tuple[Match, ...]:
        if mention_id == thread_id:
            return tuple(own)
        parent = thread.members.get(parent_id) if parent_id and parent_id != thread_id else None
        root = thread.members.get(thread_id)
        if parent_id == thread_id:
            return _inherit(own, (MatchReason.PARENT, root))
        return _inherit(own, (MatchReason.PARENT, parent), (MatchReason.ROOT, root))

    def _adopt(
        self, thread: Thread, thread_id: str, source: str, adopted: dict[str, tuple[Match, ...]]
    ) -> None:
        waiting = [source]
        while waiting:
            current = waiting.pop()
            heirs = thread.children.get(current, set()) if current != thread_id else set(thread.members)
            for heir in heirs - {thread_id}:
                member = thread.members.get(heir)
                if member is None:
                    continue
                matches = self._effective(thread, thread_id, heir, member.parent_id, member.matches)
                if len(matches) > len(member.matches):
                    member.matches = adopted[heir] = matches
                    waiting.append(heir)
