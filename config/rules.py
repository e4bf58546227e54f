"""Rules: when a signal is an incident, and of which level."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field, model_validator

from config.loading import MisplacedError
from config.records import Level
from config.watches import Model


class LevelRule(Model):
    """What one level needs, all of it at once, for `hold` seconds of event time.

    Attributes
    ----------
    z : lower bar of the robust z-score of the velocity.
    factor : lower bar of velocity / expected.
    authors, mentions : floors of distinct negative authors and negative mentions in the evidence window.
    velocity : floor of negative mass a minute.
    negative_share : floor of the share of negative among the window's mentions, 0..1.
    hold : seconds that the conditions must last.
    """

    z: float = Field(ge=0)
    factor: float = Field(ge=1)
    authors: int = Field(ge=1)
    mentions: int = Field(ge=1)
    velocity: float = Field(default=0.0, ge=0)
    negative_share: float = Field(default=0.0, ge=0, le=1)
    hold: float = Field(default=20.0, ge=0)


class Rules(Model):
    """One named set of rules.

    Attributes
    ----------
    window : seconds of the short sliding window of the velocity.
    evidence_window : seconds over which authors and mentions are counted.
    tick : seconds of event time between evaluations.
    bucket : seconds of one bucket of the ring; `window` and `evidence_window` are multiples of it.
    allowed_lateness : seconds that a post may be late and still be counted.
    author_cap : largest share (0..1) of a window's mass that one author may hold.
    recover_hold : seconds below every bar before an incident is recovering.
    resolve_hold : further seconds of calm before it is resolved.
    downgrade_hold : seconds below a level's bars before the level falls.
    regroup : seconds after a resolution within which a new wave reopens the same incident.
    update_every : least seconds between two edits of a standing message.
    prior_velocity : expected negative mass a minute before there is history.
    prior_spread : its standard deviation (wide: cold start).
    levels : bars by level, from IV to I; higher levels must not be easier than lower ones.
    """

    window: float = Field(default=120.0, gt=0)
    evidence_window: float = Field(default=600.0, gt=0)
    tick: float = Field(default=5.0, gt=0)
    bucket: float = Field(default=5.0, gt=0)
    allowed_lateness: float = Field(default=120.0, ge=0)
    author_cap: float = Field(default=0.2, gt=0, le=1)
    recover_hold: float = Field(default=600.0, ge=0)
    resolve_hold: float = Field(default=1200.0, ge=0)
    downgrade_hold: float = Field(default=600.0, ge=0)
    regroup: float = Field(default=6 * 3600.0, ge=0)
    update_every: float = Field(default=60.0, ge=0)
    prior_velocity: float = Field(default=0.5, gt=0)
    prior_spread: float = Field(default=1.0, gt=0)
    levels: dict[Level, LevelRule] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Rules:
        for name in ("window", "evidence_window"):
            if getattr(self, name) % self.bucket:
                expected = f"a multiple of bucket ({self.bucket:g} s)"
                raise MisplacedError(expected, f"{getattr(self, name):g}", (name,))
        ordered = sorted(self.levels.items(), key=lambda item: item[0].rank)
        for (low, a), (high, b) in pairwise(ordered):
            for bar in ("z", "factor", "authors", "mentions", "velocity"):
                if getattr(b, bar) < getattr(a, bar):
                    expected = f"at least {getattr(a, bar):g}, as level {low} has: no level is easier than a lower one"
                    raise MisplacedError(expected, f"{getattr(b, bar):g}", ("levels", high.value, bar))
        return self


class RuleSets(Model):
    """The file ``config/rules.yaml``: rule sets by name; ``default`` must be there."""

    rules: dict[str, Rules]

    @model_validator(mode="after")
    def _has_default(self) -> RuleSets:
        if "default" not in self.rules:
            raise ValueError("a rule set named 'default'")
        return self
