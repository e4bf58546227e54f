"""A small builder of stories: who said what when, and what the detector told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from math import cos, pi
from pathlib import Path

from alerting.detector import Detector, Output
from config.loading import load
from config.records import (
    Incident,
    Kind,
    Score,
    ScoredMention,
    Signal,
    Transition,
    WeightSource,
)
from config.rules import Rules, RuleSets
from config.watches import Watch

START = 1_700_006_400.0  # Wednesday 2023-11-15 00:00 UTC
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WATCH = Watch(id="qingshan-tea", name="青山茶饮", any=["青山茶饮"], owner="@lead")
RULE_SETS = load(Path(__file__).parents[2] / "config" / "rules.yaml", RuleSets).rules
DEFAULT = RULE_SETS["default"]

# Texts that differ in digits alone are copies; these are of different people.
NUMERALS = str.maketrans("0123456789", "零一二三四五六七八九")
CALM_WORDS = ["今天", "奶茶", "好喝", "推荐", "门店", "排队", "新品", "杯子", "周末", "朋友"]
ANGRY_WORDS = ["奶茶", "异物", "虫子", "拉肚子", "客服", "投诉", "曝光", "恶心", "门店", "退款"]


def mention(
    number: int | str,
    at: float,
    *,
    negative: bool = False,
    mass: float | None = None,
    author: str | None = None,
    text: str | None = None,
    platform: str = "weibo",
    terms: list[str] | None = None,
    kind: Kind = Kind.POST,
) -> ScoredMention:
    """One scored mention of the tea brand; a negative one is an angry complaint."""
    said = (
        text
        if text is not None
        else f"第{str(number).translate(NUMERALS)}条："
        + ("喝出虫子了太恶心" if negative else "今天的奶茶不错")
    )
    return ScoredMention(
        mention_id=f"{platform}:{number}",
        platform=platform,
        kind=kind,
        created_at=at,
        thread_id=f"{platform}:{number}",
        text=said,
        words=said.split(),
        terms=terms if terms is not None else said.split(),
        score=Score(
            emotion="angry" if negative else "happy",
            intent="complaint" if negative else "praise",
            polarity="negative" if negative else "positive",
            emotions={},
            intents={},
            polarities={},
            weight=1.0,
            weight_source=WeightSource.NEUTRAL,
            mass=mass if mass is not None else (1.2 if negative else 0.04),
            negative=negative,
        ),
        story=f"story-{said}",
        author_id=author if author is not None else f"author-{number}",
        watch=WATCH.id,
    )


class Story:
    """Mentions of one watch over simulated time; each chapter begins where the last ended."""

    def __init__(self, seed: int = 1, start: float = START) -> None:
        self.now = start
        self.mentions: list[ScoredMention] = []
        self._random = random.Random(seed)

    def talk(
        self,
        minutes: float,
        per_minute: float | Callable[[float], float],
        negative: float,
        *,
        voices: int = 100_000,
    ) -> Story:
        """Random talk: `per_minute` posts (a rate, or a function of minutes since the chapter began)."""
        rate = per_minute if callable(per_minute) else (lambda _: per_minute)
        for second in range(0, int(minutes * MINUTE), 10):
            expected = rate(second / MINUTE) / 6
            count = int(expected) + (self._random.random() < expected % 1)
            for offset in sorted(self._random.uniform(0, 10) for _ in range(count)):
                self._say(self.now + second + offset, self._random.random() < negative, voices)
        self.now += minutes * MINUTE
        return self

    def silence(self, minutes: float) -> Story:
        """Nobody says anything."""
        self.now += minutes * MINUTE
        return self

    def ordinary(self, hours: float, per_minute: float = 4.0, negative: float = 0.08) -> Story:
        """Ordinary talk with its daily rhythm: busiest at 16:00 in Beijing, nearly still at 4:00."""
        begun = self.now

        def rate(minute: float) -> float:
            hour = ((begun + minute * MINUTE) / HOUR + 8) % 24  # Beijing
            return per_minute * (0.8 - 0.7 * cos((hour - 4) / 12 * pi))

        return self.talk(hours * 60, rate, negative)

    def crisis(self, rise: float = 15, peak: float = 90, plateau: float = 30, negative: float = 0.7) -> Story:
        """A real one: from the ordinary to `peak` posts a minute in `rise` minutes, then it ebbs."""
        self.talk(rise, lambda minute: 4 + (peak - 4) * minute / rise, negative)
        self.talk(plateau, peak, negative)
        return self.talk(60, lambda minute: max(4.0, peak * 0.9**minute), negative * 0.4)

    def _say(self, at: float, negative: bool, voices: int) -> None:
        choice = self._random
        vocabulary = ANGRY_WORDS if negative else CALM_WORDS
        self.mentions.append(
            mention(
                len(self.mentions),
                at,
                negative=negative,
                author=f"author-{choice.randrange(voices)}",
                platform=choice.choice(["weibo", "xhs", "douyin"]),
                terms=choice.sample(vocabulary, 4),
            )
        )


def detector(rules: Rules = DEFAULT) -> Detector:
    return Detector(WATCH, rules)


def play(detector: Detector, mentions: Iterable[ScoredMention]) -> list[Output]:
    return [output for m in mentions for output in detector.observe(m)]


def incidents(outputs: Iterable[Output]) -> list[Incident]:
    return [o for o in outputs if isinstance(o, Incident)]


def signals(outputs: Iterable[Output]) -> list[Signal]:
    return [o for o in outputs if isinstance(o, Signal)]


def told(outputs: Iterable[Output], *, updates: bool = False) -> list[Transition]:
    """The transitions in order, without the mere updates."""
    return [i.transition for i in incidents(outputs) if updates or i.transition is not Transition.UPDATED]
