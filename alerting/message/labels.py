"""The words that messages use for levels, emotions, intents, platforms and transitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from config.records import Level, Transition

Language = Literal["zh", "en"]

LEVELS: Final[Mapping[Level, Mapping[Language, str]]] = {
    Level.I: {"zh": "Ⅰ级（红）", "en": "Level I (red)"},
    Level.II: {"zh": "Ⅱ级（橙）", "en": "Level II (orange)"},
    Level.III: {"zh": "Ⅲ级（黄）", "en": "Level III (yellow)"},
    Level.IV: {"zh": "Ⅳ级（蓝）", "en": "Level IV (blue)"},
}
CIRCLES: Final[Mapping[Level, str]] = {Level.I: "🔴", Level.II: "🟠", Level.III: "🟡", Level.IV: "🔵"}
COLOURS: Final[Mapping[Level, str]] = {
    Level.I: "red",
    Level.II: "dark_orange",
    Level.III: "yellow",
    Level.IV: "blue",
}

STATES: Final[Mapping[Transition, Mapping[Language, str]]] = {
    Transition.FIRED: {"zh": "负面声量突增", "en": "surge of negative talk"},
    Transition.ESCALATED: {"zh": "预警升级", "en": "escalated"},
    Transition.UPDATED: {"zh": "仍在持续", "en": "ongoing"},
    Transition.DOWNGRADED: {"zh": "预警降级", "en": "downgraded"},
    Transition.RECOVERING: {"zh": "正在回落", "en": "recovering"},
    Transition.RESOLVED: {"zh": "已平息", "en": "resolved"},
    Transition.REOPENED: {"zh": "再次升温", "en": "reopened"},
    Transition.UNMUTED: {"zh": "静默结束，仍在进行", "en": "no longer muted, still going on"},
    Transition.HANDED_ON: {"zh": "无人确认，转呼下一位", "en": "not acknowledged: next person called"},
}

EMOTIONS: Final[Mapping[str, str]] = {
    "neutral": "中性",
    "happy": "高兴",
    "angry": "愤怒",
    "sad": "悲伤",
    "fear": "恐惧",
    "surprise": "惊讶",
}
INTENTS: Final[Mapping[str, str]] = {
    "complaint": "投诉",
    "exposure": "曝光",
    "boycott": "抵制",
    "redress": "维权",
    "inquiry": "询问",
    "suggestion": "建议",
    "praise": "表扬",
    "purchase": "购买",
    "promotion": "推广",
    "other": "其他",
}
PLATFORMS: Final[Mapping[str, Mapping[Language, str]]] = {
    "weibo": {"zh": "微博", "en": "Weibo"},
    "xhs": {"zh": "小红书", "en": "Xiaohongshu"},
    "douyin": {"zh": "抖音", "en": "Douyin"},
    "kuaishou": {"zh": "快手", "en": "Kuaishou"},
    "bili": {"zh": "B站", "en": "Bilibili"},
    "bilibili": {"zh": "B站", "en": "Bilibili"},
    "zhihu": {"zh": "知乎", "en": "Zhihu"},
    "baidu": {"zh": "百度", "en": "Baidu"},
    "toutiao": {"zh": "今日头条", "en": "Toutiao"},
    "tieba": {"zh": "贴吧", "en": "Tieba"},
}


def level_name(level: Level, language: Language) -> str:
    """Return ``Ⅰ级（红）`` or ``Level I (red)``."""
    return LEVELS[level][language]


def emotion_name(label: str, language: Language) -> str:
    """Return the emotion's name; an unknown label is its own name."""
    return EMOTIONS.get(label, label) if language == "zh" else label


def intent_name(label: str, language: Language) -> str:
    """Return the intent's name; an unknown label is its own name."""
    return INTENTS.get(label, label) if language == "zh" else label


def platform_name(label: str, language: Language) -> str:
    """Return the platform's name; an unknown label is its own name."""
    return PLATFORMS.get(label, {}).get(language, label)
