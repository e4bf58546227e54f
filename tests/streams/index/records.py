"""Records for the index tests: plain ones to name by hand, and all that hypothesis can think of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from config.records import (
    Act,
    ActKind,
    AuditEntry,
    Evidence,
    Growth,
    Incident,
    IncidentState,
    Kind,
    Level,
    Match,
    MatchReason,
    Quote,
    Score,
    ScoredMention,
    Signal,
    Silence,
    Transition,
    WeightSource,
)
from streams.index.mapping import EMOTIONS, INTENTS, POLARITIES
from streams.index.words import cut_text, words_of

NOON = 1_764_504_000.0
"""2025-11-30 12:00 UTC: the next day is another month."""

DAY = 86_400.0


def score(**changes: Any) -> Score:
    fields: dict[str, Any] = {
        "emotion": "angry",
        "intent": "complaint",
        "polarity": "negative",
        "emotions": {"angry": 0.75, "neutral": 0.25},
        "intents": {"complaint": 1.0},
        "polarities": {"negative": 1.0},
        "weight": 1.5,
        "weight_source": WeightSource.PROFILE,
        "mass": 1.35,
        "negative": True,
    }
    return Score(**fields | changes)


def mention(number: int, text: str = "我要退款", at: float = NOON, **changes: Any) -> ScoredMention:
    fields: dict[str, Any] = {
        "mention_id": f"weibo:{number}",
        "platform": "weibo",
        "kind": Kind.POST,
        "created_at": at,
        "thread_id": f"weibo:{number}",
        "text": text,
        "words": words_of(text),
        "terms": cut_text(text).terms,
        "score": score(),
        "story": "s1",
        "matches": [Match(watch="tea", reason=MatchReason.KEYWORD, keyword="青山茶饮")],
    }
    return ScoredMention(**fields | changes)


def signal(at: float, watch: str = "tea", **changes: Any) -> Signal:
    numbers = dict.fromkeys(
        ["mass", "velocity", "velocity_raw", "acceleration", "expected", "band_low", "band_high", "z",
         "factor", "negative_share", "top_author_share"], 0.5
    )  # fmt: skip
    counts = {
        "mentions": 7,
        "negative": 3,
        "authors": 5,
        "negative_authors": 2,
        "platforms": 1,
        "evidence_negative": 4,
        "negative_stories": 2,
        "largest_account": 1_200_000,
    }
    fields: dict[str, Any] = {"watch": watch, "at": at, "window_s": 300.0, **numbers, **counts}
    fields |= {"authority": True, "ramp": 1.25, "event": "春季新品"}
    return Signal(**fields | changes)


def incident(number: int, sequence: int, at: float = NOON, **changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "id": f"tea-{number}",
        "watch": "tea",
        "watch_name": "青山茶饮",
        "level": Level.II,
        "peak_level": Level.I,
        "state": IncidentState.FIRING,
        "transition": Transition.FIRED,
        "sequence": sequence,
        "started_at": at,
        "updated_at": at + sequence,
        "signal": signal(at),
        "growth": Growth(until=at + 3600.5, median=120, low=60, high=310),
        "evidence": Evidence(
            mentions=7,
            negative=3,
            negative_share=3 / 7,
            authors=5,
            platforms={"weibo": 7},
            emotions={},
            intents={},
        ),
    }
    return Incident(**fields | changes)


texts = st.text(st.characters(codec="utf-8"), max_size=30)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
# Three months: each month is an index of its own, and making one takes a cluster a while.
times = st.floats(NOON - 31 * DAY, NOON + 31 * DAY)
counts = st.integers(0, 2**53)
optional = {"reposts": st.none() | counts, "comments": st.none() | counts, "likes": st.none() | counts}


def shares(labels: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from(labels), st.floats(0, 1))


scores = st.builds(
    Score,
    emotion=st.sampled_from(EMOTIONS),
    intent=st.sampled_from(INTENTS),
    polarity=st.sampled_from(POLARITIES),
    emotions=shares(EMOTIONS),
    intents=shares(INTENTS),
    polarities=shares(POLARITIES),
    weight=numbers,
    mass=numbers,
    model=texts,
)
matches = st.builds(Match, watch=names, reason=st.sampled_from(MatchReason), keyword=st.none() | texts)
mentions = st.builds(
    ScoredMention,
    mention_id=names,
    platform=texts,
    created_at=times,
    thread_id=names,
    text=texts,
    words=st.lists(texts, max_size=5),
    terms=st.lists(texts, max_size=5),
    score=scores,
    story=texts,
    matches=st.lists(matches, max_size=3, unique_by=lambda match: match.watch),
    parent_id=st.none() | texts,
    author_id=st.none() | texts,
    author_name=st.none() | texts,
    followers=st.none() | counts,
    verified_type=st.none() | st.integers(-1, 220),
    title=st.none() | texts,
    url=st.none() | texts,
    feed=st.none() | texts,
    ingested_at=st.none() | times,
    watch=st.none() | names,
    **optional,
)
platforms = st.dictionaries(st.sampled_from(["weibo", "bili", "xhs"]), counts)
signals = st.builds(
    Signal,
    watch=names,
    at=times,
    **{
        name: numbers
        for name in Signal.__struct_fields__
        if Signal.__annotations__[name] == "float" and name != "at"
    },
    **dict.fromkeys(("mentions", "negative", "authors", "negative_authors", "platforms", "late"), counts),
    emotions=shares(EMOTIONS),
    intents=shares(INTENTS),
    by_platform=platforms,
    level=st.none() | st.sampled_from(Level),
    incident=st.none() | names,
    minute_mass=st.none() | st.floats(0, 1e6),
    v=st.just(1),
)
quotes = st.builds(
    Quote,
    mention_id=names,
    text=texts,
    created_at=times,
    platform=texts,
    mass=numbers,
    emotion=texts,
    intent=texts,
)
evidences = st.builds(
    Evidence,
    mentions=counts,
    negative=counts,
    negative_share=numbers,
    authors=counts,
    platforms=platforms,
    emotions=shares(EMOTIONS),
    intents=shares(INTENTS),
    first=st.none() | quotes,
    quotes=st.lists(quotes, max_size=2),
    reason=texts,
)
audits = st.builds(
    AuditEntry, at=times, who=texts, change=texts, why=texts, level=st.none() | st.sampled_from(Level)
)
incidents = st.builds(
    Incident,
    id=names,
    watch=names,
    watch_name=texts,
    sequence=counts,
    started_at=times,
    updated_at=times,
    detected_at=st.none() | times,
    resolved_at=st.none() | times,
    signal=signals,
    evidence=evidences,
    pages=counts,
    audit=st.lists(audits, max_size=2),
)
acts = st.builds(
    Act,
    id=names,
    kind=st.sampled_from(ActKind),
    incident_id=texts,
    watch=names,
    by=texts,
    at=times,
    why=texts,
)
silences = st.builds(
    Silence,
    id=names,
    author=texts,
    reason=texts,
    starts_at=times,
    ends_at=times,
    created_at=times,
    incident_id=st.none() | texts,
    watches=st.lists(names, max_size=2),
    levels=st.lists(st.sampled_from(Level), max_size=2),
    keyword=st.none() | texts,
    intent=st.none() | texts,
)
