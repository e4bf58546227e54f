"""Which watches a text belongs to: one Aho-Corasick pass over the folded text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import ahocorasick

from config.records import Match, MatchReason
from config.watches import Watch
from streams.folding import fold


def _is_word(character: str) -> bool:
    """Whether a neighbour of a Latin keyword would make it part of a longer word."""
    return character.isascii() and character.isalnum()


class Matcher:
    """Finds the watches of a text, however many keywords there are.

    A watch matches when one of `any` and every one of `all` occur and none of `none`
    does. Keywords and text are folded alike, so 蘋果 finds 苹果. A keyword that begins
    or ends in a Latin letter or digit must stand alone there: ``mi`` is not in ``mini``.

    Examples
    --------
    >>> phone = Watch(id="apple", name="苹果", any=["苹果"], all=["手机"], none=["水果"])
    >>> [m.watch for m in Matcher([phone]).match("蘋果新手機")]
    ['apple']
    >>> Matcher([phone]).match("水果店的苹果和手机")
    []
    """

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._any: list[dict[str, str]] = []
        self._all: list[frozenset[str]] = []
        self._none: list[frozenset[str]] = []
        self._ids = [watch.id for watch in watches]
        users: dict[str, set[int]] = defaultdict(set)
        self._automaton = ahocorasick.Automaton()
        for number, watch in enumerate(watches):
            self._any.append({fold(word): word for word in watch.any})
            self._all.append(frozenset(map(fold, watch.all)))
            self._none.append(frozenset(map(fold, watch.none)))
            for word in (*self._any[-1], *self._all[-1]):
                users[word].add(number)
        self._users = {word: frozenset(numbers) for word, numbers in users.items()}
        for word in {*self._users, *(w for words in self._none for w in words)} - {""}:
            self._automaton.add_word(word, word)
        if len(self._automaton):
            self._automaton.make_automaton()

    def _found(self, text: str) -> set[str]:
        found: set[str] = set()
        if not len(self._automaton):
            return found
        for end, word in self._automaton.iter(text):
            if word in found:
                continue
            start = end - len(word) + 1
            if _is_word(word[0]) and start > 0 and _is_word(text[start - 1]):
                continue
            if _is_word(word[-1]) and end + 1 < len(text) and _is_word(text[end + 1]):
                continue
            found.add(word)
        return found

    def match(self, text: str) -> list[Match]:
        """Return a match with its keyword for each watch of `text`, in the watches' order."""
        found = self._found(fold(text))
        candidates = sorted({n for word in found for n in self._users.get(word, ())})
        matches = []
        for number in candidates:
            if not self._all[number] <= found or self._none[number] & found:
                continue
            hits = [word for folded, word in self._any[number].items() if folded in found]
            if self._any[number] and not hits:
                continue
            keyword = hits[0] if hits else sorted(self._all[number])[0]
            matches.append(Match(watch=self._ids[number], reason=MatchReason.KEYWORD, keyword=keyword))
        return matches
