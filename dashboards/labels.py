"""Names and colours of levels, emotions, intents and platforms, as the dashboards show them.

A test holds the names equal to those of the alert messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Shown(NamedTuple):
    """How a value is shown: its Chinese name and its colour (a Grafana colour name or hex)."""

    text: str
    colour: str


LEVEL_RANKS: Final[Mapping[int, Shown]] = {
    0: Shown("正常", "green"),
    1: Shown("Ⅳ级（蓝）", "blue"),
    2: Shown("Ⅲ级（黄）", "yellow"),
    3: Shown("Ⅱ级（橙）", "orange"),
    4: Shown("Ⅰ级（红）", "red"),
}
LEVELS: Final[Mapping[str, Shown]] = {
    "IV": LEVEL_RANKS[1],
    "III": LEVEL_RANKS[2],
    "II": LEVEL_RANKS[3],
    "I": LEVEL_RANKS[4],
}
STATES: Final[Mapping[str, Shown]] = {
    "pending": Shown("待确认", "blue"),
    "firing": Shown("进行中", "red"),
    "recovering": Shown("正在回落", "yellow"),
    "resolved": Shown("已平息", "green"),
}
EMOTIONS: Final[Mapping[str, Shown]] = {
    "neutral": Shown("中性", "#9ca3af"),
    "happy": Shown("高兴", "#4caf50"),
    "angry": Shown("愤怒", "#e53935"),
    "sad": Shown("悲伤", "#5c6bc0"),
    "fear": Shown("恐惧", "#8e24aa"),
    "surprise": Shown("惊讶", "#fdd835"),
}
INTENTS: Final[Mapping[str, Shown]] = {
    "complaint": Shown("投诉", "#fb8c00"),
    "exposure": Shown("曝光", "#e53935"),
    "boycott": Shown("抵制", "#8e0000"),
    "redress": Shown("维权", "#d81b60"),
    "inquiry": Shown("询问", "#29b6f6"),
    "suggestion": Shown("建议", "#26a69a"),
    "praise": Shown("表扬", "#4caf50"),
    "purchase": Shown("购买", "#9ccc65"),
    "promotion": Shown("推广", "#bcaaa4"),
    "other": Shown("其他", "#9ca3af"),
}
PLATFORMS: Final[Mapping[str, Shown]] = {
    "weibo": Shown("微博", "#e6162d"),
    "xhs": Shown("小红书", "#ff8a80"),
    "douyin": Shown("抖音", "#00bcd4"),
    "kuaishou": Shown("快手", "#ff9800"),
    "bili": Shown("B站", "#00a1d6"),
    "bilibili": Shown("B站", "#00a1d6"),
    "zhihu": Shown("知乎", "#1772f6"),
    "tieba": Shown("贴吧", "#4e6ef2"),
    "baidu": Shown("百度", "#2932e1"),
    "toutiao": Shown("今日头条", "#f04142"),
}
