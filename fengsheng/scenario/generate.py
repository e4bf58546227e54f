"""The whole scenario, from its seed to the shipped file."""

from __future__ import annotations

import lzma
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from config.records import Mention, encode
from fengsheng.scenario.cascade import LONGEST, Cascade, Said
from fengsheng.scenario.cast import BOTS, SCENES
from fengsheng.scenario.dice import Dice
from fengsheng.scenario.people import Crowd
from fengsheng.scenario.strands import STRANDS
from fengsheng.scenario.texts import Line, Texts
from fengsheng.scenario.timeline import START, moments

SEED: Final = 20261017
DATA: Final = Path(__file__).with_name("qingshan.jsonl.xz")
LATEST: Final = 88.0
"""Seconds by which a mention arrives late at most."""
AGAIN: Final = 0.007
"""Share of the mentions that arrive a second time, as feeds that read again send them."""


@dataclass(frozen=True)
class Written:
    """One mention with what its author meant: the strand, tone and intent it was written with."""

    mention: Mention
    strand: str
    tone: str
    intent: str


def generate(seed: int = SEED) -> list[Written]:
    """Return the scenario's mentions in the order of their arrival, duplicates included.

    Raises
    ------
    ValueError
        A template makes a text longer than `LONGEST`.
    """
    texts, crowd, dice = Texts(Dice(seed)), Crowd(Dice(seed + 1)), Dice(seed + 2)
    said = list(_conversation(Cascade(texts, crowd, dice), dice))
    ids = {id(s): f"qs{number:05d}" for number, s in enumerate(said, start=1)}
    arrivals: list[tuple[float, str, int, Written]] = []
    for one in said:
        written = Written(_mention(one, ids, dice), one.strand, one.line.tone, one.line.intent)
        created = written.mention.created_at
        arrives = created + _delay(one, dice)
        arrivals.append((arrives, written.mention.id, 0, written))
        if dice.chance(AGAIN):
            again = min(arrives + dice.between(2, 40), created + LATEST)
            arrivals.append((again, written.mention.id, 1, written))
    return [written for *_, written in sorted(arrivals, key=lambda item: item[:3])]


def pack(written: Iterable[Written]) -> bytes:
    """Return the mentions as JSON Lines, as the shipped file holds them, not yet compressed."""
    return b"".join(encode(one.mention) + b"\n" for one in written)


def write(path: Path, written: Iterable[Written]) -> int:
    """Write the compressed file and return its size in bytes.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    data = lzma.compress(pack(written), preset=6)
    path.write_bytes(data)
    return len(data)


def read(path: Path = DATA) -> list[Mention]:
    """Return the mentions of a file written by `write`, in its order.

    Raises
    ------
    OSError, lzma.LZMAError, msgspec.DecodeError
        The file is missing, not compressed or not in the mention form.
    """
    decoder = msgspec.json.Decoder(Mention)
    with lzma.open(path) as lines:
        return [decoder.decode(line) for line in lines]


def _conversation(cascade: Cascade, dice: Dice) -> Iterator[Said]:
    """Yield what is said, in order of time: the written scenes, the bots and the strands."""
    cues: list[tuple[float, Callable[[], Said]]] = []
    for scene in SCENES:
        cues.append((scene.minute, partial(cascade.act, scene)))
    for strand, start, length, count, text, tone, intent in BOTS:
        for _ in range(count):
            minute = start + dice.between(0, length)
            cues.append((minute, partial(cascade.parrot, minute, strand, Line(text, tone, intent))))
    for name, rules in STRANDS.items():
        cues += [(minute, partial(cascade.speak, minute, name)) for minute in moments(rules.rate, dice)]
    for _, speak in sorted(cues, key=lambda cue: cue[0]):
        yield speak()


def _delay(said: Said, dice: Dice) -> float:
    """Return the seconds from being said to being fed: a few, for one in fifty up to `LATEST`."""
    if said.delay is not None:
        return said.delay
    if dice.chance(0.02):
        return dice.between(30, LATEST)
    return min(dice.lognormal(3.0, 0.6), 20.0)


def _mention(said: Said, ids: dict[int, str], dice: Dice) -> Mention:
    text = said.line.text
    if len(text) > LONGEST:
        raise ValueError(f"a text of {len(text)} characters where {LONGEST} are allowed: {text[:60]}…")
    number = ids[id(said)]
    reposts, comments, likes = _engagement(said, dice)
    return Mention(
        platform=said.platform,
        id=number,
        text=text,
        created_at=float(math.floor(START + said.at * 60)),
        kind=said.kind,
        parent_id=ids[id(said.parent)] if said.parent else None,
        root_id=ids[id(said.root)] if said.root else None,
        author=said.author,
        title=said.title,
        url=f"https://{said.platform}.example/p/{number}",
        reposts=reposts,
        comments=comments,
        likes=likes,
    )


def _engagement(said: Said, dice: Dice) -> tuple[int | None, int | None, int]:
    """Return reposts, comments and likes as a feed would have seen them: more for the large and hot."""
    reach = (10 + (said.author.followers or 0)) ** 0.35
    draw = reach * (8.0 if said.key else 1.0) * dice.lognormal(0.35, 1.1)
    if said.kind.value == "comment":
        return None, int(draw * 0.08), int(draw * 0.7)
    seen = len(said.answers)
    reposts = int(draw * 0.25) + (3 * seen if said.key else 0)
    comments = int(draw * 0.45) + (4 * seen if said.key else 0)
    return (reposts if said.platform in ("weibo", "douyin") else None), comments, int(draw * 2) + seen
