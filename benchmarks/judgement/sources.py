"""Real posts to make timelines of: cascades, and the control stream in which nothing bad happened.

Read from a folder with ``ced_cascades.jsonl.xz``, ``covid_cascades.jsonl.xz`` and
``change3_control.jsonl.xz``; only the cascades that a seeded draw takes are kept.
"""

from __future__ import annotations

import json
import lzma
import random
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.records import Author, Kind

SEED: Final = 20261122
DAY: Final = 86400.0
CED_CASCADES: Final = 75
COVID_CASCADES: Final = 15
LEAST_TEXTS: Final = 150
"""Distinct texts of its own that a cascade needs, to be drawn."""
ANGRIEST: Final = 25
"""Cascades that are taken beside the drawn ones, because anger is written in most of their posts."""
ANGER: Final = re.compile("\\[(?:怒|怒骂|抓狂|吐|鄙视|弱|哼)\\]|愤怒|无耻|可恶|畜生|黑心|垃圾|恶心|严惩")
"""Signs that choose cascades without asking a classifier; which posts are negative it alone says."""
SHORTEST: Final = 2
"""Characters below which a repost has no words of its own."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One real post: when (epoch seconds), by whom, in which words; no words is a plain repost."""

    at: float
    text: str
    author: str
    kind: Kind
    profile: Author | None = None


@dataclass(frozen=True)
class Cascade:
    """A post with all that answered it, in order of time."""

    name: str
    posts: tuple[Saying, ...]


@dataclass(frozen=True)
class Sources:
    """What timelines are made of.

    Attributes
    ----------
    control : the busiest stretch of the control stream.
    control_times : when anything was said in all of it.
    """

    cascades: tuple[Cascade, ...]
    control: tuple[Saying, ...]
    control_times: tuple[float, ...]

    def texts(self) -> list[str]:
        """Return the distinct texts, cascades' first."""
        seen = dict.fromkeys(post.text for cascade in self.cascades for post in cascade.posts)
        seen |= dict.fromkeys(post.text for post in self.control)
        return list(seen)


def read(folder: Path, control_days: int) -> Sources:
    """Return what is in `folder`; of the control stream the `control_days` with most posts, in a row.

    Raises
    ------
    FileNotFoundError
        One of the three files is not there.
    """
    cascades = [
        *_drawn(folder / "ced_cascades.jsonl.xz", CED_CASCADES, ANGRIEST),
        *_drawn(folder / "covid_cascades.jsonl.xz", COVID_CASCADES, 0),
    ]
    control = sorted(
        (_saying(row) for row in _rows(folder / "change3_control.jsonl.xz")), key=lambda post: post.at
    )
    times = [post.at for post in control]

    def within(start: float) -> tuple[int, int]:
        return bisect_left(times, start), bisect_left(times, start + control_days * DAY)

    first, end = max(map(within, {at - at % DAY for at in times}), key=lambda span: span[1] - span[0])
    return Sources(tuple(cascades), tuple(control[first:end]), tuple(times))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if not isinstance(row["created_at"], str):  # 43 rows have a date in words
                yield row


def _drawn(path: Path, many: int, angriest: int) -> list[Cascade]:
    """Two passes, for the whole file takes a gigabyte as objects: first what to draw, then that."""
    words: defaultdict[str, set[int]] = defaultdict(set)
    angry: Counter[str] = Counter()
    for row in _rows(path):
        text = row.get("text", "")
        if len(text) >= SHORTEST:
            words[row["root"]].add(hash(text))
            angry[row["root"]] += ANGER.search(text) is not None
    able = sorted(root for root, texts in words.items() if len(texts) >= LEAST_TEXTS)
    roots = set(random.Random(SEED).sample(able, min(many, len(able))))
    roots |= {root for root, _ in sorted(angry.items(), key=lambda item: (-item[1], item[0]))[:angriest]}
    posts: defaultdict[str, list[Saying]] = defaultdict(list)
    for row in _rows(path):
        if row["root"] in roots:
            posts[row["root"]].append(_saying(row))
    return [Cascade(root, tuple(sorted(posts[root], key=lambda post: post.at))) for root in sorted(roots)]


def _saying(row: dict[str, Any]) -> Saying:
    author = row.get("author") or f"author-of-{row['id']}"
    profile = None
    if row.get("followers") is not None:
        profile = Author(id=author, followers=row["followers"], verified_type=row.get("verified_type"))
    text = row.get("text", "")
    return Saying(
        float(row["created_at"]), text if len(text) >= SHORTEST else "", author, Kind(row["kind"]), profile
    )
