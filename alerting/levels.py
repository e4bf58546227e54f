"""Which level the numbers of one tick reach, and the bar that decided it.

A level is met when all of its bars are met at once. The highest met level counts and
inhibits the lower ones. How long it must last is not decided here (`incidents`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from config.records import Level, Signal
from config.rules import LevelRule, Rules


class Bar(StrEnum):
    """What a level asks for; the names are those of the rule file."""

    VELOCITY = "velocity"
    MENTIONS = "mentions"
    AUTHORS = "authors"
    NEGATIVE_SHARE = "negative_share"
    FACTOR = "factor"
    Z = "z"


@dataclass(frozen=True, slots=True)
class Facts:
    """The numbers of one tick that bars are held against.

    Attributes
    ----------
    velocity : capped negative mass a minute over the short window.
    mentions, authors : negative mentions and their distinct authors in the evidence window.
    negative_share : of the short window's mentions, 0..1.
    factor : velocity / expected velocity.
    z : the baseline's z-score of the velocity.
    """

    velocity: float
    mentions: int
    authors: int
    negative_share: float
    factor: float
    z: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level that was met, if any, and what kept the next one from being met.

    Attributes
    ----------
    level : highest level of which every bar is met.
    next_level : the lowest level above it, None at the top.
    missed : the first bar of `next_level` that is not met.
    """

    level: Level | None
    next_level: Level | None
    missed: Bar | None
    facts: Facts


_CHINESE: Final = {
    Bar.VELOCITY: "负面声量/分",
    Bar.MENTIONS: "负面条数",
    Bar.AUTHORS: "负面作者",
    Bar.NEGATIVE_SHARE: "负面占比",
    Bar.FACTOR: "倍数",
    Bar.Z: "z",
}
_ENGLISH: Final = {
    Bar.VELOCITY: "negative mass/min",
    Bar.MENTIONS: "negative mentions",
    Bar.AUTHORS: "negative authors",
    Bar.NEGATIVE_SHARE: "negative share",
    Bar.FACTOR: "factor",
    Bar.Z: "z",
}
_ROMAN: Final = {Level.IV: "Ⅳ", Level.III: "Ⅲ", Level.II: "Ⅱ", Level.I: "Ⅰ"}


def facts_of(signal: Signal, negative_in_evidence: int) -> Facts:
    """Return the facts of a signal; it does not hold the evidence window's negative count."""
    return Facts(
        velocity=signal.velocity,
        mentions=negative_in_evidence,
        authors=signal.negative_authors,
        negative_share=signal.negative_share,
        factor=signal.factor,
        z=signal.z,
    )


def judge(rules: Rules, facts: Facts) -> Verdict:
    """Return the highest level whose bars are all met, and the bar that stopped the next."""
    met: Level | None = None
    missed: Bar | None = None
    above: Level | None = None
    for level in sorted(rules.levels, key=lambda name: name.rank, reverse=True):
        failed = first_missed(rules.levels[level], facts)
        if failed is None:
            met = level
            break
        above, missed = level, failed
    return Verdict(met, above, missed, facts)


def first_missed(rule: LevelRule, facts: Facts) -> Bar | None:
    """Return the first bar of `rule` that `facts` does not reach, None if all are met."""
    for bar in Bar:
        if getattr(facts, bar.value) < getattr(rule, bar.value):
            return bar
    return None


def explain(rules: Rules, verdict: Verdict, *, english: bool = False) -> str:
    """Return the verdict in words: every bar of the level met, then what the next one lacks."""
    names = _ENGLISH if english else _CHINESE
    colon = ": " if english else "："
    parts = []
    if verdict.level is not None:
        met = [_compare(bar, rules.levels[verdict.level], verdict.facts, "≥", names) for bar in Bar]
        parts.append(f"{_label(verdict.level, english)}{colon}" + (", " if english else "，").join(met))
    if verdict.next_level is not None and verdict.missed is not None:
        lacks = _compare(verdict.missed, rules.levels[verdict.next_level], verdict.facts, "<", names)
        short = "not " if english else "未到"
        parts.append(f"{short}{_label(verdict.next_level, english)}{colon}{lacks}")
    return ("; " if english else "；").join(parts)


def _label(level: Level, english: bool) -> str:
    return f"level {level.value}" if english else f"{_ROMAN[level]}级"


def _compare(bar: Bar, rule: LevelRule, facts: Facts, sign: str, names: dict[Bar, str]) -> str:
    value, least = getattr(facts, bar.value), getattr(rule, bar.value)
    if bar is Bar.NEGATIVE_SHARE:
        return f"{names[bar]} {value:.0%} {sign} {least:.0%}"
    return f"{names[bar]} {value:.4g} {sign} {least:.4g}"
