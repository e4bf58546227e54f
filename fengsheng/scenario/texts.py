"""Sentences from templates: what is said, in the tone it is said in."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fengsheng.scenario.dice import Dice

FILES: Final = ("ordinary", "launch", "crisis", "wave", "noise")
NEGATIVE: Final = frozenset({"angry", "fear", "sad", "sarcasm", "mild"})
"""Tones that a reader would call negative."""

EMOTES: Final = {
    "angry": ["[怒]", "[怒]", "[怒骂]", "[吐]", "[弱]", "[傻眼]", "😡", "😡", "🤮", "💢", "👎", "🤬"],
    "fear": ["[泪]", "[失望]", "[衰]", "😱", "😨", "😰"],
    "sad": ["[泪]", "[伤心]", "[悲伤]", "[失望]", "💔", "😭"],
    "sarcasm": ["[微笑]", "[吐]", "[拜拜]", "[白眼]", "🤮", "🙃"],
    "mild": ["[失望]", "[衰]", "[抓狂]", "[生病]", "😤", "😒"],
    "neutral": ["[思考]", "[吃瓜]", "[doge]", "[并不简单]", "👀", "🤔"],
    "happy": [
        "[哈哈]",
        "[爱你]",
        "[心]",
        "[太开心]",
        "[鲜花]",
        "[good]",
        "[馋嘴]",
        "[赞]",
        "😋",
        "🥰",
        "✨",
        "🍂",
        "🧋",
        "😍",
    ],
}
# One-to-one characters only, so that a reader's conversion gives the very same text back.
SIMPLIFIED: Final = "们说这么还没喝过个吗来对给买卖员态骂诉评让从时间门万视频证发钱处问请谁吓爱乐奖车东饮标签换虫恶与为会后里气"
TRADITIONAL: Final = "們說這麼還沒喝過個嗎來對給買賣員態罵訴評讓從時間門萬視頻證發錢處問請誰嚇愛樂獎車東飲標籤換蟲惡與為會後裡氣"
_TO_TRADITIONAL: Final = str.maketrans(SIMPLIFIED, TRADITIONAL)
_TO_WIDE: Final = str.maketrans({n: n + 0xFEE0 for n in range(ord("0"), ord("9") + 1)})
_SLOT: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Line:
    """One thing said, with the tone and the intent it was written with."""

    text: str
    tone: str
    intent: str


@dataclass(frozen=True)
class Template:
    """One sentence with slots."""

    text: str
    tone: str
    intent: str


class Texts:
    """The shipped templates, filled by chance.

    Templates are found by strand (the file's name, or the word before a dash in the section's
    kind, such as ``rival-reply``), kind (``post`` or ``reply``) and tone.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._slots = _read_slots()
        self._templates: dict[tuple[str, str, str], list[Template]] = defaultdict(list)
        for name in FILES:
            for place, kind, template in _read_templates(name):
                self._templates[place, kind, template.tone].append(template)

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of templates by (strand, kind)."""
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for (strand, kind, _), templates in self._templates.items():
            totals[strand, kind] += len(templates)
        return dict(totals)

    def tones(self, strand: str, kind: str) -> set[str]:
        """Return the tones that a strand has templates for."""
        return {tone for s, k, tone in self._templates if (s, k) == (strand, kind)}

    def say(self, strand: str, kind: str, tone: str) -> Line:
        """Return one filled and dressed sentence.

        Raises
        ------
        KeyError
            No template of that strand, kind and tone.
        """
        if (strand, kind, tone) not in self._templates:
            raise KeyError(f"no template for {strand} {kind} {tone}")
        template = self._dice.pick(self._templates[strand, kind, tone])
        text = self.fill(template.text)
        more = kind == "post" and tone != "neutral" and (strand, "reply", tone) in self._templates
        if more and self._dice.chance(0.3):
            text += self._dice.pick("。 ，  ") + self.fill(
                self._dice.pick(self._templates[strand, "reply", tone]).text
            )
        return Line(self._dress(text, tone), template.tone, template.intent)

    def fill(self, text: str) -> str:
        """Return `text` with each {slot} filled, the same word not twice.

        Raises
        ------
        KeyError
            A slot that ``slots.txt`` does not have.
        """
        used: set[str] = set()

        def choose(match: re.Match[str]) -> str:
            choices = self._slots[match[1]]
            word = self._dice.pick(choices)
            for _ in range(4):
                if word not in used:
                    break
                word = self._dice.pick(choices)
            used.add(word)
            return word

        return _SLOT.sub(choose, text)

    def _dress(self, text: str, tone: str) -> str:
        dice = self._dice
        if tone in ("angry", "happy") and text.endswith(("！", "!")) and dice.chance(0.4):
            text += "！" * dice.whole(1, 3)
        if dice.chance(0.42 if tone != "neutral" else 0.15):
            emote = dice.pick(EMOTES[tone])
            text += emote * dice.weighted((1, 2, 3), (7, 1, 2))
        if tone == "happy" and dice.chance(0.06):
            text += "~" * dice.whole(1, 2)
        if dice.chance(0.025):
            text = text.translate(_TO_TRADITIONAL)
        if dice.chance(0.012):
            text = text.translate(_TO_WIDE)
        return text


def _read(name: str) -> list[str]:
    text = files("fengsheng.scenario").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("# ")]


def _read_slots() -> dict[str, list[str]]:
    slots = {}
    for line in _read("slots"):
        name, choices = line.split(": ", 1)
        slots[name] = [choice.strip() for choice in choices.split(" | ")]
    return slots


def _read_templates(name: str) -> list[tuple[str, str, Template]]:
    found = []
    place, kind, tone, intent = name, "", "", ""
    for line in _read(name):
        if line.startswith("= "):
            head, tone, intent = line[2:].split()
            place, kind = name, head
            if "-" in head:
                place, kind = head.split("-", 1)
            elif head not in ("post", "reply", "title"):
                place, kind = head, "post"
        else:
            found.append((place, kind, Template(line, tone, intent)))
    return found
