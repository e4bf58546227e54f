"""One incident in the states of its life, for the tests of messages and delivery."""

from __future__ import annotations

import msgspec

from config.records import (
    Amplifier,
    Evidence,
    Growth,
    Incident,
    IncidentState,
    Level,
    Quote,
    Signal,
    Term,
    Transition,
)

START = 1_760_000_400.0  # 2025-10-09 17:00:00 in Shanghai

FIRST = Quote(
    mention_id="weibo:5001",
    text="在青山茶饮人民路店的杯子里喝出了异物，店员说“正常现象”，还不给退款 <!channel> @channel 电话 138****0000",
    created_at=START - 95,
    platform="weibo",
    mass=3.1,
    emotion="angry",
    intent="exposure",
    url="https://weibo.example/5001?from=a&x=<b>|c",
    author_id="a1f0c3",
    author_name="爱喝茶的小李",
    followers=3200,
)
SECOND = Quote(
    mention_id="xhs:77",
    text="同一家店！上周我也喝到了，\n以为是茶叶渣。*避雷*",
    created_at=START + 40,
    platform="xhs",
    mass=1.9,
    emotion="angry",
    intent="complaint",
    author_name="momo",
)
THIRD = Quote(
    mention_id="weibo:5002",
    text="抵制青山茶饮，不道歉不再买 & 求转发",
    created_at=START + 55,
    platform="weibo",
    mass=6.4,
    emotion="angry",
    intent="boycott",
    url="javascript:alert(1)",
    author_name="本地生活观察",
    followers=1_284_000,
)

_EVIDENCE = Evidence(
    mentions=150,
    negative=120,
    negative_share=0.8,
    authors=83,
    platforms={"weibo": 104, "xhs": 31, "bili": 15},
    emotions={"angry": 0.62, "fear": 0.17, "neutral": 0.21},
    intents={"exposure": 0.41, "boycott": 0.22, "complaint": 0.2, "other": 0.17},
    first=FIRST,
    quotes=[FIRST, SECOND, THIRD],
    amplifiers=[
        Amplifier(author_id="b2", share=0.2, mentions=2, author_name="本地生活观察", followers=1_284_000,
                  url="https://weibo.example/5002"),
        Amplifier(author_id="a1f0c3", share=0.094, mentions=3, author_name="爱喝茶的小李", followers=3200),
        Amplifier(author_id="c3d9aa", share=0.05, mentions=1),
    ],
    terms=[Term(word="异物", count=71, lift=38.2), Term(word="退款", count=33, lift=9.4)],
    reason="两分钟内负面提及由每分钟 1 条升至 12 条，本轮首条负面被转发 46 次",
)  # fmt: skip
_SIGNAL = Signal(
    watch="qingshan-tea",
    at=START + 60,
    window_s=120,
    mentions=62,
    negative=50,
    mass=24.6,
    velocity=12.3,
    velocity_raw=25.0,
    acceleration=3.0,
    expected=1.2,
    band_low=0.4,
    band_high=2.9,
    z=9.8,
    factor=10.25,
    negative_share=0.8,
    authors=90,
    negative_authors=83,
    top_author_share=0.2,
    platforms=3,
    cold_start=True,
)

FIRED = Incident(
    id="qingshan-tea-20251009T090000",
    watch="qingshan-tea",
    watch_name="青山茶饮",
    level=Level.II,
    peak_level=Level.II,
    state=IncidentState.FIRING,
    transition=Transition.FIRED,
    sequence=1,
    started_at=START,
    updated_at=START + 60,
    detected_at=START + 60,
    signal=_SIGNAL,
    evidence=_EVIDENCE,
    owner="@lead",
    pages=1,
)


def after(incident: Incident, transition: Transition, **changes: object) -> Incident:
    """Return the incident one transition and a minute later."""
    changed: dict[str, object] = {
        "transition": transition,
        "sequence": incident.sequence + 1,
        "updated_at": incident.updated_at + 60,
        **changes,
    }
    return msgspec.structs.replace(incident, **changed)


ESCALATED = after(FIRED, Transition.ESCALATED, level=Level.I, peak_level=Level.I, updated_at=START + 1500,
                  growth=Growth(until=START + 5100, median=1300, low=620, high=2800))  # fmt: skip
RECOVERING = after(ESCALATED, Transition.RECOVERING, state=IncidentState.RECOVERING, updated_at=START + 1900,
                   growth=Growth(until=START + 5500, median=120, low=60, high=310))  # fmt: skip
RESOLVED = after(RECOVERING, Transition.RESOLVED, state=IncidentState.RESOLVED, resolved_at=START + 3725,
                 growth=None)  # fmt: skip
REOPENED = after(RESOLVED, Transition.REOPENED, state=IncidentState.FIRING, updated_at=START + 7000,
                 resolved_at=None)  # fmt: skip
LIFE = [FIRED, ESCALATED, RECOVERING, RESOLVED, REOPENED]
