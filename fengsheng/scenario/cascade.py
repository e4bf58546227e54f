"""Threads that grow: each mention starts a thread or answers one, the hot ones most often."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from config.records import Author, Kind
from fengsheng.scenario.cast import Scene
from fengsheng.scenario.dice import Dice
from fengsheng.scenario.people import Crowd
from fengsheng.scenario.strands import STRANDS, Strand
from fengsheng.scenario.texts import Line, Texts

LONGEST: Final = 400
"""Characters that no text exceeds."""
_CHAIN: Final = 240
_BARE_REPOSTS: Final = ("转发微博", "转发微博", "Repost", "轉發微博", "转")


@dataclass(eq=False)
class Said:
    """One mention in the making; `at` in minutes since the start, `delay` in seconds."""

    at: float
    strand: str
    platform: str
    kind: Kind
    line: Line
    author: Author
    heat: float = 1.0
    title: str | None = None
    parent: Said | None = None
    root: Said | None = None
    delay: float | None = None
    key: str | None = None
    answers: list[Said] = field(default_factory=list)


class Cascade:
    """Grows the threads of all strands; feed it in order of time."""

    def __init__(self, texts: Texts, crowd: Crowd, dice: Dice) -> None:
        self._texts, self._crowd, self._dice = texts, crowd, dice
        self._roots: dict[tuple[str, str], list[Said]] = defaultdict(list)
        self._stars: dict[str, Author] = {}
        self._scenes: dict[str, Said] = {}

    def act(self, scene: Scene) -> Said:
        """Return a written post of the story, ready to draw answers."""
        author = self._stars.get(scene.name)
        if author is None:
            author = self._stars[scene.name] = self._crowd.star(
                scene.platform, scene.name, scene.followers, scene.verified_type, scene.badge
            )
        parent = self._scenes[scene.of] if scene.of else None
        said = Said(
            at=scene.minute,
            strand=scene.strand,
            platform=scene.platform,
            kind=Kind.REPOST if parent else Kind.POST,
            line=Line(scene.text, scene.tone, scene.intent),
            author=author,
            heat=scene.heat,
            title=scene.title,
            parent=parent,
            root=parent,
            delay=scene.delay,
            key=scene.key,
        )
        self._scenes[scene.key] = said
        if parent:
            parent.answers.append(said)
            parent.heat += scene.heat
        else:
            self._roots[scene.strand, scene.platform].append(said)
        return said

    def parrot(self, minute: float, strand: str, line: Line) -> Said:
        """Return one bot's post: the same words from an empty account."""
        author = self._crowd.nobody("weibo")
        return Said(minute, strand, "weibo", Kind.POST, line, author, heat=0.05)

    def speak(self, minute: float, strand: str) -> Said:
        """Return the next mention of a strand: an answer where something draws one, else a post."""
        rules, dice = STRANDS[strand], self._dice
        platform = dice.weighted(tuple(rules.platforms), tuple(rules.platforms.values()))
        root = None if dice.chance(rules.alone) else self._draw(minute, rules, strand, platform)
        if root is None:
            return self._post(minute, strand, rules, platform)
        return self._answer(minute, strand, rules, root)

    def _draw(self, minute: float, rules: Strand, strand: str, platform: str) -> Said | None:
        roots = [root for root in self._roots[strand, platform] if root.at < minute - 0.1]
        pull = [root.heat * math.exp(-(minute - root.at) / rules.fades) for root in roots]
        if sum(pull) < 1e-3:
            return None
        return self._dice.weighted(roots, pull)

    def _post(self, minute: float, strand: str, rules: Strand, platform: str) -> Said:
        dice = self._dice
        line = self._line(strand, "post", rules, minute)
        text, title = line.text, None
        if platform in ("zhihu", "xhs") and rules.brand and dice.chance(0.8 if platform == "zhihu" else 0.35):
            title = self._texts.say(strand, "title", "neutral").text
        if rules.tags and dice.chance(rules.tagged) and platform != "zhihu":
            tag = dice.pick(rules.tags)
            if platform == "weibo":
                text = f"#{tag}#{text}" if dice.chance(0.5) else f"{text} #{tag}#"
            else:
                text = f"{text} #{tag.replace(' ', '')}"
        author = self._crowd.someone(platform, rules.busy)
        heat = 0.6 + 0.5 * math.log10(10 + (author.followers or 0)) * dice.lognormal(0.6, 0.8)
        said = Said(
            minute, strand, platform, Kind.POST, Line(text, line.tone, line.intent), author, heat, title
        )
        self._roots[strand, platform].append(said)
        return said

    def _answer(self, minute: float, strand: str, rules: Strand, root: Said) -> Said:
        dice = self._dice
        line = self._line(strand, "reply", rules, minute)
        kind = Kind.REPOST if root.platform == "weibo" and dice.chance(0.42) else Kind.COMMENT
        earlier = [a for a in root.answers if a.kind is kind and a.at < minute - 0.05]
        parent = root
        if earlier and dice.chance(0.3):
            parent = dice.weighted(earlier, [a.heat for a in earlier])
        text = line.text
        if kind is Kind.REPOST:
            if dice.chance(0.05) and parent is root:
                line, text = Line("", "neutral", "other"), dice.pick(_BARE_REPOSTS)
            elif parent is not root:
                text = f"{text}//@{parent.author.name}:{parent.line.text}"
                text = text if len(text) <= _CHAIN else text[: _CHAIN - 1] + "…"
        elif parent is not root and dice.chance(0.6):
            text = f"回复@{parent.author.name}:{text}"
        author = self._crowd.someone(root.platform, rules.busy)
        heat = 0.3 + 0.2 * math.log10(10 + (author.followers or 0))
        said = Said(
            minute, strand, root.platform, kind, Line(text, line.tone, line.intent), author, heat,
            parent=parent, root=root,
        )  # fmt: skip
        root.answers.append(said)
        return said

    def _line(self, strand: str, kind: str, rules: Strand, minute: float) -> Line:
        shares = rules.shares(kind, minute)
        tone = self._dice.weighted(tuple(shares), tuple(shares.values()))
        return self._texts.say(strand, kind, tone)
