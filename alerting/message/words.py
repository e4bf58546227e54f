"""The fixed words of a message in both languages, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerting.message.labels import Language

WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "velocity": {"zh": "负面声速（加权）", "en": "Negative velocity (weighted)"},
    "expected": {"zh": "预期", "en": "Expected"},
    "unweighted": {"zh": "负面帖（不加权）", "en": "Negative posts (unweighted)"},
    "emotion": {"zh": "主要情绪", "en": "Main emotions"},
    "intent": {"zh": "主要意图", "en": "Main intents"},
    "authors": {"zh": "独立作者", "en": "Distinct authors"},
    "mentions": {"zh": "提及", "en": "Mentions"},
    "platforms": {"zh": "平台", "en": "Platforms"},
    "owner": {"zh": "负责人", "en": "Owner"},
    "acknowledged": {"zh": "已确认", "en": "Acknowledged by"},
    "started": {"zh": "开始", "en": "Started"},
    "why": {"zh": "为什么是现在", "en": "Why now"},
    "outlook": {"zh": "预计走势", "en": "Outlook"},
    "terms": {"zh": "突出词：", "en": "Terms that stand out: "},
    "first": {"zh": "本轮首条负面", "en": "First negative post of the rise"},
    "amplifiers": {"zh": "主要传播者", "en": "Top amplifiers"},
    "quotes": {"zh": "原帖摘录", "en": "Posts"},
    "next": {"zh": "建议下一步", "en": "Suggested next step"},
    "hot_list": {"zh": "热搜", "en": "list"},
    "open": {"zh": "原帖", "en": "post"},
    "unnamed": {"zh": "匿名作者", "en": "unnamed author"},
    "cold": {"zh": "历史不足，区间较宽", "en": "Little history: the expected band is wide"},
    "incidents": {"zh": "事件", "en": "Incidents"},
    "merged": {
        "zh": "发送频率已达上限，以下消息合并为一条",
        "en": "The rate limit is reached: these messages are merged into one",
    },
    "cut": {"zh": "内容已按平台上限截短", "en": "Cut to the platform's limit"},
    "repeated": {
        "zh": "可能重复：此前的发送未得到确认",
        "en": "May be a repeat: an earlier attempt was never confirmed",
    },
    "brand": {"zh": "【风声预警】", "en": "[Fengsheng] "},
}
PATTERNS: Final[Mapping[str, Mapping[Language, str]]] = {
    "minute": {"zh": "{0}/分钟", "en": "{0} a minute"},
    "expected": {
        "zh": "{expected}/分钟（区间 {low}–{high}），实际为 {factor} 倍",
        "en": "{expected} a minute (band {low}–{high}), observed {factor} times that",
    },
    "summary": {
        "zh": "负面声速 {velocity}/分钟，预期 {expected}，{factor} 倍；{authors} 位作者，{negative} 条负面",
        "en": "negative velocity {velocity} a minute, expected {expected}, {factor} times; "
        "{authors} authors, {negative} negative posts",
    },
    "mentions": {
        "zh": "{mentions} 条，其中负面 {negative} 条（{share}）",
        "en": "{mentions}, {negative} of them negative ({share})",
    },
    "mentions_and_bare": {
        "zh": "{mentions} 条，其中 {bare} 条是没有文字的转发；其余 {saying} 条中负面 {negative} 条（{share}）",
        "en": "{mentions}, {bare} of them reposts without words; of the other {saying}, {negative} negative ({share})",
    },
    "term": {
        "zh": "{word} {count} 次（平时的 {lift} 倍）",
        "en": "{word} {count}× ({lift} times its usual rate)",
    },
    "amplifier": {
        "zh": "{name} · 占权重 {share} · {followers} · {mentions} 条",
        "en": "{name} · {share} of the weight · {followers} · posts: {mentions}",
    },
    "onset": {
        "zh": "本轮首条负面（{time}）后 {duration} 触发告警",
        "en": "Alerted {duration} after the first negative post of the rise ({time})",
    },
    "growth": {
        "zh": "未来 1 小时（至 {until}）预计再有 {median} 条负面（90% 区间 {low}–{high}）",
        "en": "next hour (until {until}): about {median} more negative posts (90% interval {low}–{high})",
    },
    "hot": {
        "zh": "{platform}热搜第 {rank} 位（{time}）：{title}",
        "en": "no. {rank} on {platform}'s hot list ({time}): {title}",
    },
    "followers": {"zh": "粉丝 {0}", "en": "{0} followers"},
    "no_followers": {"zh": "粉丝数未知", "en": "followers unknown"},
    "escalated": {"zh": "升级为 {level}", "en": "Escalated to {level}"},
    "reopened": {
        "zh": "平息后再次升温，仍为同一事件",
        "en": "Surged again after calm: still the same incident",
    },
    "resolved": {
        "zh": "历时 {duration}，最高 {peak}；共告警 {pages} 次",
        "en": "lasted {duration}, peak {peak}, pages sent: {pages}",
    },
    "digest": {"zh": "合并通知：{count} 个事件", "en": "digest: {count} incidents"},
    "times": {"zh": "时间为 {zone}", "en": "Times are {zone}"},
    "incident": {"zh": "事件 {id}", "en": "Incident {id}"},
    "as_of": {"zh": "数据截至 {0}", "en": "As of {0}"},
}


def word(name: str, language: Language) -> str:
    """Return a fixed word."""
    return WORDS[name][language]


def pattern(key: str, language: Language, /, *values: object, **named: object) -> str:
    """Return a sentence pattern with its values filled in."""
    return PATTERNS[key][language].format(*values, **named)
