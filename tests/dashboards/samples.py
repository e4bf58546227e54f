"""A short crisis as records: two watches, three platforms, six authors, one incident, three dead letters."""

from __future__ import annotations

from config.records import (
    AuditEntry,
    DeadLetter,
    Evidence,
    Incident,
    IncidentState,
    Kind,
    Level,
    Match,
    MatchReason,
    Score,
    ScoredMention,
    Signal,
    Transition,
    WeightSource,
)

START = 1_773_576_000.0  # 2026-03-15 12:00 UTC
WATCH, OTHER = "qingshan-tea", "yun_ling"
EMOTIONS = ("angry", "sad", "fear", "neutral", "happy")
INTENTS = ("complaint", "exposure", "boycott", "other", "praise")
PLATFORMS = ("weibo", "xhs", "douyin")


def mention(number: int) -> ScoredMention:
    emotion, intent = EMOTIONS[number % 5], INTENTS[number % 5]
    negative = emotion in ("angry", "sad", "fear")
    watch = OTHER if number % 8 == 7 else WATCH
    platform = PLATFORMS[number % 3]
    author = number % 6
    score = Score(
        emotion=emotion,
        intent=intent,
        polarity="negative" if negative else "neutral",
        emotions={emotion: 0.9, "surprise": 0.1},
        intents={intent: 1.0},
        polarities={"negative" if negative else "neutral": 1.0},
        weight=1.0 + author,
        weight_source=WeightSource.PROFILE,
        mass=(1.0 + author) * 0.9 if negative else 0.0,
        negative=negative,
    )
    return ScoredMention(
        mention_id=f"{platform}:{number}",
        platform=platform,
        kind=Kind.POST,
        created_at=START + 15.0 * number,
        thread_id=f"{platform}:{number}",
        text=f"青山茶饮喝出异物，要求退款 {number}",
        words=["青山茶饮", "异物", "退款"],
        terms=["青山茶饮", "异物", "退款"],
        score=score,
        story="s1",
        matches=[Match(watch=watch, reason=MatchReason.KEYWORD, keyword="青山茶饮")],
        author_id=f"p{author:031d}",
        author_name=None if author == 0 else f"用户{author}",
        followers=1000 * author,
        url=f"https://example.com/{number}",
        feed="weibo-file" if platform == "weibo" else None,
    )


def signal(number: int, watch: str = WATCH) -> Signal:
    rising = number / 10
    level = None if number < 20 else Level.III if number < 40 else Level.I
    return Signal(
        watch=watch,
        at=START + 10.0 * number,
        window_s=120.0,
        mentions=number,
        negative=number // 2,
        mass=rising * 2,
        velocity=rising,
        velocity_raw=rising / 2,
        acceleration=0.1,
        expected=1.0,
        band_low=0.2,
        band_high=2.5,
        z=rising,
        factor=rising,
        negative_share=0.5,
        authors=number + 1,
        negative_authors=number // 2 + 1,
        top_author_share=0.25,
        platforms=3,
        late=number // 20,
        coordination=0.125,
        by_platform={"weibo": number},
        level=level,
    )


def incident() -> Incident:
    evidence = Evidence(
        mentions=40,
        negative=24,
        negative_share=0.6,
        authors=6,
        platforms={"weibo": 20},
        emotions={"angry": 0.6},
        intents={"complaint": 0.5},
        reason="负面速度为预期的 6 倍",
    )
    return Incident(
        id="qingshan-tea-1",
        watch=WATCH,
        watch_name="青山茶饮",
        level=Level.III,
        peak_level=Level.I,
        state=IncidentState.RESOLVED,
        transition=Transition.RESOLVED,
        sequence=4,
        started_at=START + 200,
        updated_at=START + 900,
        resolved_at=START + 900,
        signal=signal(40),
        evidence=evidence,
        audit=[AuditEntry(at=START + 200, who="fengsheng", change="fired", why="factor")],
    )


def dead(number: int) -> DeadLetter:
    return DeadLetter(
        code=("bad_json", "bad_time")[number % 2],
        reason="not JSON: unexpected end",
        stage="enrich",
        at=START + number,
        topic="mentions.raw",
        partition=0,
        offset=number,
        size=10,
        payload="{",
    )


MENTIONS = [mention(number) for number in range(80)]
SIGNALS = [*(signal(number) for number in range(60)), *(signal(number, OTHER) for number in range(3))]
DEAD = [dead(number) for number in range(3)]
