"""What a watch looked like, at a tick and over an hour."""

from __future__ import annotations

from enum import StrEnum

from config.records.base import FORMAT_VERSION, Record


class Level(StrEnum):
    """Severity of an incident, in the order of China's alert colours."""

    IV = "IV"
    III = "III"
    II = "II"
    I = "I"  # noqa: E741 - the Roman numeral is the field's name for it

    @property
    def rank(self) -> int:
        """1 for Ⅳ 蓝 up to 4 for Ⅰ 红."""
        return {"IV": 1, "III": 2, "II": 3, "I": 4}[self.value]


class Signal(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a watch looked like at one tick of event time.

    `velocity` and `velocity_raw` are negative mass (weighted, capped) and negative
    mentions (unweighted) a minute over the short window; `expected`, `band_low`,
    `band_high` are the same unit as `velocity`. Shares are 0..1.

    Of the evidence window: `evidence_negative` counts its negative mentions and
    `negative_stories` their stories; `largest_account` is the most followers that an
    author of one has, `authority` whether a government or media account wrote one.
    `negative_texts` their different texts; `sustained` is the velocity over the whole
    window, `sustained_factor`, `sustained_z` and `sustained_share` what `factor`, `z` and
    `negative_share` are to `velocity`. `ramp` is the cumulative sum of the slow rise
    (`alerting.ramp`), `event` the name of the calendar's known event, `hot_rank` the best
    place on a hot list, 0 for none. `history` counts the clock hours since the one of the
    watch's first post that is known, `cold_start` whether that is less than two weeks.
    """

    watch: str
    at: float
    window_s: float
    mentions: int
    negative: int
    mass: float
    velocity: float
    velocity_raw: float
    acceleration: float
    expected: float
    band_low: float
    band_high: float
    z: float
    factor: float
    negative_share: float
    authors: int
    negative_authors: int
    top_author_share: float
    platforms: int
    late: int = 0
    emotions: dict[str, float] = {}
    intents: dict[str, float] = {}
    by_platform: dict[str, int] = {}
    coordination: float = 0.0
    cold_start: bool = False
    history: int = 0
    level: Level | None = None
    incident: str | None = None
    minute_mass: float | None = None
    evidence_negative: int = 0
    negative_stories: int = 0
    largest_account: int = 0
    authority: bool = False
    negative_texts: int = 0
    sustained: float = 0.0
    sustained_factor: float = 0.0
    sustained_z: float = 0.0
    sustained_share: float = 0.0
    ramp: float = 0.0
    event: str | None = None
    hot_rank: int = 0
    v: int = FORMAT_VERSION

    @property
    def signal_id(self) -> str:
        """Identity: one signal a watch and tick."""
        return f"{self.watch}@{self.at:.0f}"


class HourSummary(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One hour of a watch, summed from its one-a-minute signals.

    `mass_sum` and `mass_sq_sum` are the sums of the minutes' negative mass and of its square.
    """

    hour_start: float
    minutes: int
    mass_sum: float
    mass_sq_sum: float
