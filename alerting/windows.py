"""A watch's windows side by side: mentions in, the numbers of a tick out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alerting.baseline import Baseline, Normal
from alerting.buckets import Outcome, Ring, compact
from alerting.velocity import WideWindow, Window, mass_of, shares
from config.calendar import on_at
from config.records import ScoredMention, Signal
from config.rules import Rules

MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a signal tells beside its windows.

    Attributes
    ----------
    ramp : the cumulative sum of the slow rise.
    hot_rank : the best place on a hot list, 0 for none.
    minute_mass : capped negative mass of the minute that the tick finished, None between minutes.
    """

    ramp: float
    hot_rank: int
    minute_mass: float | None


class Windows:
    """The ring of one watch with its short window, the one before that, and the evidence window.

    Attributes
    ----------
    ring : the buckets.
    short, wide : the short window and the evidence window.
    """

    def __init__(self, rules: Rules) -> None:
        span = max(rules.evidence_window, 2 * rules.window, MINUTE)
        self.ring = Ring(rules.bucket, span, rules.allowed_lateness)
        self.short = Window(self.ring, rules.window)
        self.wide = WideWindow(self.ring, rules.evidence_window)
        self._before = Window(self.ring, rules.window)
        self._rules = rules
        self._minutes = rules.window / MINUTE
        self._least_mentions = rules.least("mentions")
        self._least_velocity = rules.least("velocity")

    @property
    def enough_for_a_level(self) -> bool:
        """Whether the ring holds as many negative mentions as the lowest level asks for."""
        return self.ring.negative >= self._least_mentions

    @property
    def possible(self) -> bool:
        """Whether some level could be met, by the bounds of its condition that cost nothing to look at."""
        return (
            self.wide.negative >= self._least_mentions
            and self.short.crowd.mass >= self._least_velocity * self._minutes
        )

    def count(self, mention: ScoredMention) -> None:
        """Count a mention once by its id, in the windows that its bucket lies in."""
        post = compact(mention)
        if self.ring.add(mention, post) is Outcome.COUNTED:
            number = self.ring.index(mention.created_at)
            for window in (self.short, self._before, self.wide):
                window.join(number, post)

    def slide(self, head: int) -> None:
        """Move the windows so that they end before bucket `head`; never backwards."""
        self.short.slide(head)
        self._before.slide(head - round(self._rules.window / self._rules.bucket))
        self.wide.slide(head)

    def above_band(self, baseline: Baseline, at: float) -> bool:
        """Whether the velocity may lie above its band; its uncut mass is a bound that costs nothing."""
        bound = self.short.crowd.mass / self._minutes
        return bound > 0 and bound > baseline.at(at).band(self._minutes)[1]

    def mass_of_minute(self, minute: int) -> float:
        """Return the capped negative mass of the minute that ends with minute `minute` of the epoch."""
        end = self.ring.index(minute * MINUTE)
        start = self.ring.index((minute - 1) * MINUTE)
        posts = [post for _, bucket in self.ring.between(start, end) for post in bucket.posts]
        return round(mass_of(posts, self._rules.author_cap), 4)

    def signal(self, watch: str, at: float, normal: Normal, seen: Seen) -> Signal:
        """Return the numbers of the tick at `at`, to which the windows were slid."""
        short, wide, minutes = self.short, self.wide, self._minutes
        cap = self._rules.author_cap
        mass = short.crowd.capped(cap)
        velocity = mass / minutes
        low, high = normal.band(minutes)
        long = self._rules.evidence_window / MINUTE
        sustained = wide.crowd.capped(cap) / long
        return Signal(
            watch=watch,
            at=at,
            window_s=self._rules.window,
            mentions=short.mentions,
            negative=short.negative,
            mass=mass,
            velocity=velocity,
            velocity_raw=short.negative / minutes,
            acceleration=(velocity - self._before.crowd.capped(cap) / minutes) / minutes,
            expected=normal.mean,
            band_low=low,
            band_high=high,
            z=normal.z(velocity, minutes),
            factor=velocity / normal.mean,
            negative_share=short.negative_share,
            authors=len(wide.authors),
            negative_authors=len(wide.crowd.voices),
            top_author_share=wide.crowd.top_share,
            platforms=len(wide.platforms),
            late=self.ring.late,
            emotions=shares(wide.emotions),
            intents=shares(wide.intents),
            by_platform=dict(sorted(wide.platforms.items(), key=lambda item: (-item[1], item[0]))),
            coordination=wide.coordination,
            cold_start=normal.cold_start,
            history=normal.history,
            minute_mass=seen.minute_mass,
            evidence_negative=wide.negative,
            negative_stories=len(wide.stories),
            largest_account=wide.largest_account,
            authority=wide.authority,
            negative_texts=wide.crowd.texts,
            sustained=sustained,
            sustained_factor=sustained / normal.mean,
            sustained_z=normal.z(sustained, long),
            sustained_share=wide.negative_share,
            ramp=seen.ramp,
            event=on_at(self._rules.calendar, at),
            hot_rank=seen.hot_rank,
        )
