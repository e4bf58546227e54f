"""One timeline through the pure core, and through the two rules of today."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from alerting.backtest import DAY, Backtest, IncidentReport
from alerting.growth import HORIZON
from alerting.judging import Crisis, Judgement, judge_incidents
from benchmarks.judgement.kinds import Timeline
from benchmarks.judgement.making import START
from benchmarks.judgement.material import Post
from config.records import Growth, HourSummary, Level, Match, MatchReason, Score, ScoredMention, WeightSource
from config.rules import Rules
from config.watches import Watch

PLAIN_REPOST = "转发微博"
WATCH = "brand"
SIZES = {"sensitive": "small", "default": "middle"}
"""The size of brand that each rule set is for."""
OPEN_END = 1_000_000
"""More negative posts than any crisis has: the edge of a row that has none."""


@dataclass(frozen=True)
class Result:
    """What came of one timeline.

    Attributes
    ----------
    timeline : without its posts and history.
    posts : how many it had.
    judged : the incidents held against the crises; delays from the true onset.
    found : for each crisis, whether it was found.
    highest : the highest level of an incident that was of no crisis.
    negative : times of the negative posts, epoch seconds.
    crises : as `judged` counts them.
    growth : what its incidents told of their next hour, each with what came.
    """

    timeline: Timeline
    posts: int
    judged: Judgement
    found: Sequence[bool]
    incidents: Sequence[IncidentReport]
    highest: Level | None
    negative: Sequence[float]
    crises: Sequence[Crisis]
    growth: Sequence[tuple[Growth, int]]


def scored(posts: Sequence[Post], start: float) -> Iterator[ScoredMention]:
    """Give the posts as the enrich stage does, without the words that only evidence needs."""
    matches = [Match(watch=WATCH, reason=MatchReason.KEYWORD)]
    for number, post in enumerate(posts):
        own = f"weibo:{number}"
        reading = post.reading
        yield ScoredMention(
            mention_id=own,
            platform="weibo",
            kind=post.kind,
            created_at=start + post.at,
            thread_id=own,
            text=post.text or PLAIN_REPOST,
            words=[],
            score=Score(
                emotion=reading.emotion,
                intent=reading.intent,
                polarity=reading.polarity,
                emotions={},
                intents={},
                polarities={},
                weight=post.weight,
                weight_source=WeightSource.NEUTRAL,
                mass=round(post.weight * reading.strength, 4) if post.negative else 0.0,
                negative=post.negative,
            ),
            story=own,
            matches=matches,
            author_id=post.author,
            watch=WATCH,
        )


def heard(
    posts: Sequence[Post],
    name: str,
    rules: Mapping[str, Rules],
    *,
    since: float,
    until: float,
    history: Sequence[HourSummary] = (),
) -> Backtest:
    """Let a watch under the rule set `name` hear posts, whose times count from `since`, and wait till `until`."""
    run = Backtest([Watch(id=WATCH, name=WATCH, any=[WATCH], rules=name)], rules)
    if history:
        run.remember(WATCH, history)
    for mention in scored(posts, since):
        run.observe(mention)
    run.advance(until)
    return run


def drive(timeline: Timeline, rules: Mapping[str, Rules]) -> Result:
    """Run the detector of the brand over its days."""
    run = heard(
        timeline.posts,
        timeline.brand.rules,
        rules,
        since=START,
        until=START + timeline.days * DAY,
        history=timeline.history,
    )
    negative = [START + post.at for post in timeline.posts if post.negative]
    incidents = run.report()[WATCH].incidents
    crises = [Crisis(start=START + t.start, end=START + t.end) for t in timeline.truth]
    judged = judge_incidents(incidents, crises, timeline.days)
    right = [i for i in incidents if any(c.start <= i.detected_at <= c.end for c in crises)]
    return Result(
        timeline=replace(timeline, posts=(), history=()),
        posts=len(timeline.posts),
        judged=from_onset(judged, incidents, timeline),
        found=[bool(judge_incidents(right, [crisis], 1).found) or _open(right, crisis) for crisis in crises],
        incidents=incidents,
        highest=max((i.level for i in incidents if i not in right), key=lambda lv: lv.rank, default=None),
        negative=negative,
        crises=crises,
        growth=[(told, _came(negative, told)) for told in run.growth(WATCH)],
    )


def _came(negative: Sequence[float], told: Growth) -> int:
    return bisect_left(negative, told.until) - bisect_left(negative, told.until - HORIZON)


def from_onset(judged: Judgement, incidents: Sequence[IncidentReport], timeline: Timeline) -> Judgement:
    """Return the judgement with delays from the true onset; a detection before it has none."""
    delays = []
    for truth in timeline.truth:
        inside = [
            i.detected_at - START for i in incidents if truth.start <= i.detected_at - START <= truth.end
        ]
        if inside:
            delays.append(max(0.0, min(inside) - truth.onset))
    return Judgement(
        crises=judged.crises,
        found=judged.found,
        incidents=judged.incidents,
        right=judged.right,
        false_pages=judged.false_pages,
        days=judged.days,
        delays=delays,
    )


def alerts_as_incidents(alerts: Sequence[float]) -> list[IncidentReport]:
    """Return what a simple rule told, in the form that is judged: each alert is one page."""
    return [
        IncidentReport(level=Level.IV, started_at=at, detected_at=at, resolved_at=at, pages=1)
        for at in alerts
    ]


def _open(right: Sequence[IncidentReport], crisis: Crisis) -> bool:
    return any(
        i.detected_at < crisis.start and (i.resolved_at is None or i.resolved_at > crisis.start)
        for i in right
    )
