"""Which level the numbers of one tick reach, and the condition that decided it.

A level is met when its minimum evidence is there and its condition holds, at once. The
highest met level counts and inhibits the lower ones. How long it must last is not
decided here (`incidents`).
"""

from __future__ import annotations

from dataclasses import dataclass

from alerting.wording import level_name, met, missing
from config.expressions import Condition
from config.records import Level, Signal
from config.rules import Rules
from config.signal_fields import EMOTIONS, INTENTS


class Facts(dict[str, float]):
    """The value of each field of `config.signal_fields` at one tick."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level that was met, if any, and the one that was not.

    Attributes
    ----------
    level : highest level that is met.
    next_level : the lowest level above it, None at the top.
    missed : the condition of `next_level`, which is not met.
    facts : what was judged.
    event : name of the known event of the calendar that is on, if any.
    """

    level: Level | None
    next_level: Level | None
    missed: Condition | None
    facts: Facts
    event: str | None = None


def facts_of(signal: Signal) -> Facts:
    """Return what rules may speak of at a signal, live or from the index."""
    return Facts(
        velocity=signal.velocity,
        velocity_raw=signal.velocity_raw,
        acceleration=signal.acceleration,
        negative_share=signal.negative_share,
        expected=signal.expected,
        factor=signal.factor,
        z=signal.z,
        ramp=signal.ramp,
        cold_start=signal.cold_start,
        history=signal.history,
        event=signal.event is not None,
        mentions=signal.evidence_negative,
        authors=signal.negative_authors,
        stories=signal.negative_stories,
        texts=signal.negative_texts,
        sustained=signal.sustained,
        sustained_factor=signal.sustained_factor,
        sustained_z=signal.sustained_z,
        sustained_share=signal.sustained_share,
        all_authors=signal.authors,
        platforms=signal.platforms,
        top_author_share=signal.top_author_share,
        coordination=signal.coordination,
        largest_account=signal.largest_account,
        authority=signal.authority,
        hot=signal.hot_rank > 0,
        hot_rank=signal.hot_rank,
        **{f"emotion.{name}": signal.emotions.get(name, 0.0) for name in EMOTIONS},
        **{f"intent.{name}": signal.intents.get(name, 0.0) for name in INTENTS},
    )


def judge(rules: Rules, signal: Signal) -> Verdict:
    """Return the highest level that is met at a signal, and the one above it."""
    facts = facts_of(signal)
    above: Level | None = None
    missed: Condition | None = None
    for level in sorted(rules.levels, key=lambda name: name.rank, reverse=True):
        condition = rules.levels[level].condition
        if condition.met(facts):
            return Verdict(level, above, missed, facts, signal.event)
        above, missed = level, condition
    return Verdict(None, above, missed, facts, signal.event)


def explain(rules: Rules, verdict: Verdict, *, english: bool = False) -> str:
    """Return the verdict in words: all of the level that is met, what the next one lacks, what else is known."""
    colon, comma = (": ", ", ") if english else ("：", "，")
    parts = []
    if verdict.level is not None:
        told = met(rules.levels[verdict.level].condition, verdict.facts, english=english)
        parts.append(f"{level_name(verdict.level, english=english)}{colon}{comma.join(told)}")
    if verdict.next_level is not None and verdict.missed is not None:
        lacks = missing(verdict.missed, verdict.facts, english=english)
        short = "not " if english else "未到"
        parts.append(f"{short}{level_name(verdict.next_level, english=english)}{colon}{lacks}")
    if verdict.event is not None:
        parts.append(f"{'known event' if english else '日历中的已知事件'}{colon}{verdict.event}")
    return ("; " if english else "；").join(parts)
