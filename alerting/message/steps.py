"""The suggested next step: a fixed table by intent and level, documented in ``docs/alerts.md``.

It says what people in PR do with such a case, never what happened: nothing here is
derived from the posts but the row that is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerting.message.labels import Language
from config.records import Incident, IncidentState, Level

BY_LEVEL: Final[Mapping[Level, Mapping[Language, str]]] = {
    Level.I: {
        "zh": "立即召集应急小组（公关、法务、业务负责人）",
        "en": "Call the crisis team together now (PR, legal, business owner)",
    },
    Level.II: {"zh": "立即通知公关与业务负责人", "en": "Tell the PR lead and the business owner now"},
    Level.III: {"zh": "由负责人跟进", "en": "The owner follows it up"},
    Level.IV: {"zh": "留意走势", "en": "Keep watching"},
}
BY_INTENT: Final[Mapping[str, Mapping[Language, str]]] = {
    "exposure": {
        "zh": "核实本轮首条负面所说的内容并留存证据，核实前不作结论性回应",
        "en": "Verify what the first negative post says and keep evidence; no conclusions in public before that",
    },
    "complaint": {
        "zh": "客服联系发帖的顾客了解诉求，排查同类投诉",
        "en": "Customer service contacts the customers who posted and looks for complaints of the same kind",
    },
    "boycott": {
        "zh": "查明抵制的起因与主要传播者，准备统一口径",
        "en": "Find what the boycott is about and who spreads it; prepare one line for everyone",
    },
    "redress": {
        "zh": "法务与客服一同核对维权诉求，指定专人对接",
        "en": "Legal and customer service check the claims together and name one contact",
    },
    "inquiry": {
        "zh": "针对集中的疑问准备并发布说明",
        "en": "Prepare and publish an answer to the question that is being asked",
    },
    "suggestion": {"zh": "把集中的意见转给业务部门", "en": "Pass the recurring suggestion to the business"},
}
GENERAL: Final[Mapping[Language, str]] = {
    "zh": "阅读下方原帖与主要传播者，判断是否需要回应",
    "en": "Read the posts and amplifiers shown here and decide whether to answer",
}
CALMING: Final[Mapping[Language, str]] = {
    "zh": "声量正在回落：保持监测，暂不追加动作",
    "en": "The surge is fading: keep watching, add nothing",
}
OVER: Final[Mapping[Language, str]] = {
    "zh": "复盘：记录起因、回应与效果",
    "en": "Look back: note the cause, the answer and its effect",
}


def top_label(shares: Mapping[str, float], leave_out: str = "") -> tuple[str, float] | None:
    """Return the label with the largest share, ties by name; `leave_out` only if nothing else is there."""
    ranked = sorted(shares.items(), key=lambda item: (item[0] == leave_out, -item[1], item[0]))
    return ranked[0] if ranked else None


def next_step(incident: Incident, language: Language) -> str:
    """Return the row of the table for the incident's state, level and leading intent."""
    if incident.state is IncidentState.RESOLVED:
        return OVER[language]
    if incident.state is IncidentState.RECOVERING:
        return CALMING[language]
    leading = top_label(incident.evidence.intents, leave_out="other")
    by_intent = BY_INTENT.get(leading[0], GENERAL) if leading else GENERAL
    separator = "；" if language == "zh" else ". "
    return BY_LEVEL[incident.level][language] + separator + by_intent[language]
