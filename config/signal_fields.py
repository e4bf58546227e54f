"""The fields that a rule may speak of: name, kind and what people call them.

One list for the parser (is there such a field, and may it be compared so), the
explanations (`alerting.wording`) and the detector (`alerting.levels.facts_of`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EMOTIONS: Final = {
    "neutral": "平静", "happy": "喜悦", "angry": "愤怒", "sad": "悲伤", "fear": "恐惧", "surprise": "惊讶",
}  # fmt: skip
INTENTS: Final = {
    "complaint": "吐槽投诉", "exposure": "曝光爆料", "boycott": "抵制", "redress": "维权索赔",
    "inquiry": "询问", "suggestion": "建议", "praise": "好评", "purchase": "购买",
    "promotion": "营销推广", "other": "其他",
}  # fmt: skip


class FieldKind(StrEnum):
    """What a field holds, and so what it may be compared with."""

    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class SignalField:
    """A field of a rule's condition.

    Attributes
    ----------
    name : as written in a condition.
    kind : a whole number, a number, a share (0..1) or a flag (true or false).
    zh, en : what people call it.
    """

    name: str
    kind: FieldKind
    zh: str
    en: str


_C, _N, _S, _F = FieldKind.COUNT, FieldKind.NUMBER, FieldKind.SHARE, FieldKind.FLAG

FIELDS: Final = {
    field.name: field
    for field in (
        # Of the short window.
        SignalField("velocity", _N, "负面声量/分", "negative mass/min"),
        SignalField("velocity_raw", _N, "负面条数/分", "negative mentions/min"),
        SignalField("acceleration", _N, "负面声量加速度", "acceleration"),
        SignalField("negative_share", _S, "负面占比", "negative share"),
        # Against what is normal at this hour.
        SignalField("expected", _N, "预期声量/分", "expected mass/min"),
        SignalField("factor", _N, "倍数", "factor"),
        SignalField("z", _N, "z", "z"),
        SignalField("sustained_factor", _N, "持续倍数", "sustained factor"),
        SignalField("sustained_z", _N, "持续 z", "sustained z"),
        SignalField("ramp", _N, "缓升累积", "slow ramp"),
        SignalField("cold_start", _F, "历史不足两周", "less than two weeks of history"),
        SignalField("history", _C, "监测时长（小时）", "hours watched so far"),
        SignalField("event", _F, "日历中的已知事件", "a known event of the calendar"),
        # Of the evidence window.
        SignalField("sustained", _N, "持续负面声量/分", "sustained negative mass/min"),
        SignalField("sustained_share", _S, "持续负面占比", "sustained negative share"),
        SignalField("mentions", _C, "负面条数", "negative mentions"),
        SignalField("authors", _C, "负面作者", "negative authors"),
        SignalField("stories", _C, "负面话题数", "negative stories"),
        SignalField("texts", _C, "不同的负面文本", "different negative texts"),
        SignalField("all_authors", _C, "全部作者", "authors of any mood"),
        SignalField("platforms", _C, "平台数", "platforms"),
        SignalField("top_author_share", _S, "最响账号占比", "loudest author's share"),
        SignalField("coordination", _S, "文本雷同占比", "share of copied texts"),
        SignalField("largest_account", _C, "负面作者最高粉丝数", "followers of the largest negative author"),
        SignalField("authority", _F, "有政府或媒体账号负面发声", "a government or media account among the negative authors"),
        SignalField("hot", _F, "上了热搜榜", "on a hot list"),
        SignalField("hot_rank", _C, "热搜最高名次", "best place on a hot list"),
        *(SignalField(f"emotion.{name}", _S, f"{zh}情绪占比", f"share of {name}") for name, zh in EMOTIONS.items()),
        *(SignalField(f"intent.{name}", _S, f"{zh}意图占比", f"share of {name}") for name, zh in INTENTS.items()),
    )
}  # fmt: skip
"""Every field by name, in the order in which they are listed to people."""
