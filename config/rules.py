"""Rules: when a signal is an incident, and of which level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, model_validator

from config.bounds import Box, Interval, box_of, never_met
from config.calendar import Calendar, KnownEvent
from config.expressions import (
    Compare,
    Condition,
    ExpressionError,
    alternatives,
    both,
    comparisons,
    parse,
    with_bar,
)
from config.language import Both, one_of
from config.loading import MisplacedError, raise_all
from config.records import Level
from config.signal_fields import FIELDS, FieldKind
from config.watches import Model, Watch


def _condition(written: object) -> Condition:
    if not isinstance(written, str):
        if isinstance(written, Condition):
            return written
        raise ValueError(
            Both("条件，例如 z >= 4 and factor >= 3", "a condition, for instance: z >= 4 and factor >= 3")
        )
    try:
        condition = parse(written)
    except ExpressionError as error:
        raise MisplacedError(error.expected, error.found_at, ()) from None
    if (part := never_met(condition)) is not None:
        expected = Both("有可能满足的条件", "a condition that can be met")
        raise MisplacedError(expected, f"{str(part)!r}", ())
    return condition


When = Annotated[Condition, PlainValidator(_condition), PlainSerializer(str)]
"""A condition, written as text in the file (`config.expressions`)."""


class LevelRule(Model):
    """What one level needs, all of it at once, for `hold` seconds of event time.

    Attributes
    ----------
    when : the condition over the fields of a signal.
    mentions, authors : minimum evidence: negative mentions and their distinct authors in the evidence window.
    hold : seconds that the conditions must last.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    when: When
    mentions: int = Field(ge=1)
    authors: int = Field(ge=1)
    hold: float = Field(default=20.0, ge=0)

    @cached_property
    def condition(self) -> Condition:
        """The minimum evidence and `when` in one."""
        return both(
            Compare(FIELDS["mentions"], ">=", self.mentions),
            Compare(FIELDS["authors"], ">=", self.authors),
            self.when,
        )

    @cached_property
    def box(self) -> Box:
        """Bounds that `condition` sets to each field, whatever else holds."""
        return box_of(self.condition) or {}


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
    ack_within : seconds to acknowledge in before the next of the watch's owners is called; 0: never.
    prior_velocity : expected negative mass a minute before there is history.
    prior_spread : its standard deviation (wide: cold start).
    levels : conditions by level, from IV to I; higher levels must not be easier than lower ones.
    calendar : events known beforehand; those of ``config/calendar.yaml`` are added.
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
    ack_within: float = Field(default=900.0, ge=0)
    prior_velocity: float = Field(default=0.5, gt=0)
    prior_spread: float = Field(default=1.0, gt=0)
    levels: dict[Level, LevelRule] = Field(min_length=1)
    calendar: tuple[KnownEvent, ...] = ()

    def least(self, field: str) -> float:
        """Return the value of `field` below which no level can be met; minus infinity if there is none."""
        return min(rule.box.get(field, Interval()).low for rule in self.levels.values())

    def overridden(self, values: Mapping[str, Any]) -> Rules:
        """Return these rules with single values changed, as the file writes them.

        Below ``levels``, a level may also be given the name of a field of its condition:
        ``{levels: {IV: {z: 4}}}`` puts 4 in place of the number that z is first held against.

        Raises
        ------
        MisplacedError
            A level or field that these rules do not hold.
        pydantic.ValidationError
            A value that these rules may not have.
        """
        merged: dict[str, Any] = self.model_dump(exclude={"levels"}) | dict(values)
        levels: dict[str, Any] = {level.value: _written(rule) for level, rule in self.levels.items()}
        changes = values.get("levels", {})
        if isinstance(changes, Mapping):
            for name, change in changes.items():
                if name not in set(Level):  # said once, and not again of each key that it lacks as a level
                    raise MisplacedError(one_of(Level), repr(name), ("levels", name))
                levels[name] = _changed(levels[name], change, name) if name in levels else change
            merged["levels"] = levels
        return Rules.model_validate(merged)

    @model_validator(mode="after")
    def _consistent(self) -> Rules:
        found: list[MisplacedError] = []
        for name in ("window", "evidence_window"):
            if getattr(self, name) % self.bucket:
                expected = Both(
                    f"bucket（{self.bucket:g} 秒）的整数倍", f"a multiple of bucket ({self.bucket:g} s)"
                )
                found.append(MisplacedError(expected, f"{getattr(self, name):g}", (name,)))
        ordered = sorted(self.levels.items(), key=lambda item: item[0].rank)
        impossible = [_never_met(level, rule) for level, rule in ordered if box_of(rule.condition) is None]
        raise_all(found + (impossible or _easier_than_below(ordered)))
        return self


class RuleSets(Model):
    """The file ``config/rules.yaml``: rule sets by name; ``default`` must be there."""

    rules: dict[str, Rules]

    @model_validator(mode="after")
    def _has_default(self) -> RuleSets:
        if "default" not in self.rules:
            raise ValueError(Both("有一套名为 default 的规则", "a rule set named 'default'"))
        return self

    def with_calendar(self, calendar: Calendar) -> RuleSets:
        """Return the same sets with the events of `calendar` added to each."""
        if not calendar.events:
            return self
        sets = self.rules.items()
        return RuleSets(
            rules={
                name: rules.model_copy(update={"calendar": rules.calendar + calendar.events})
                for name, rules in sets
            }
        )


def rules_for(watch: Watch, sets: Mapping[str, Rules]) -> Rules:
    """Return the rules of a watch: the set that it names, with its own values and events in place.

    Raises
    ------
    KeyError
        The watch names a set that is not there.
    MisplacedError, pydantic.ValidationError
        As `Rules.overridden`.
    """
    rules = sets[watch.rules]
    if watch.override:
        rules = rules.overridden(watch.override)
    if all(event.concerns(watch.id) for event in rules.calendar):
        return rules
    concerned = tuple(event for event in rules.calendar if event.concerns(watch.id))
    return rules.model_copy(update={"calendar": concerned})


def _never_met(level: Level, rule: LevelRule) -> MisplacedError:
    least = f"mentions of {rule.mentions} and authors of {rule.authors} or more"
    expected = Both(
        f"mentions 不小于 {rule.mentions}、authors 不小于 {rule.authors} 时也能满足的条件",
        f"a condition that {least} can meet",
    )
    return MisplacedError(expected, repr(str(rule.when)), ("levels", level.value, "when"))


def _easier_than_below(ordered: Sequence[tuple[Level, LevelRule]]) -> list[MisplacedError]:
    """What each level asks less of than the level below it."""
    found: list[MisplacedError] = []
    for (low, a), (high, b) in pairwise(ordered):
        for name in ("mentions", "authors"):
            if getattr(b, name) < getattr(a, name):
                expected = _not_below(getattr(a, name), low)
                found.append(MisplacedError(expected, f"{getattr(b, name)}", ("levels", high.value, name)))
        if (easier := _easier(b.when, a.when)) is not None:
            field, bar, less = easier
            place = ("levels", high.value, "when")
            found.append(MisplacedError(_not_below(bar, low), f"{field} {less:g}", place))
    return found


def _not_below(least: float, level: Level) -> Both:
    return Both(
        f"不小于 {least:g}（{level} 级的数）：高一级不能比低一级容易达到",
        f"at least {least:g}, as level {level} has: no level is easier than a lower one",
    )


def _easier(high: Condition, low: Condition) -> tuple[str, float, float] | None:
    """A field of which an alternative of the higher level asks less than the lower level, and both numbers.

    An alternative may ask for other fields altogether, and less of shares: the more talk, the
    more of it is neutral.
    """
    lower = [_floors(alternative) for alternative in alternatives(low)]
    for own in map(_floors, alternatives(high)):
        missing = [{n: v for n, v in floors.items() if own.get(n, -inf) < v} for floors in lower]
        comparable = [lacks for lacks in missing if lacks.keys() <= own.keys()]
        if all(missing) and comparable:
            name, least = next(iter(comparable[0].items()))
            return name, least, own[name]
    return None


def _floors(condition: Condition) -> dict[str, float]:
    box = (box_of(condition) or {}).items()
    return {n: i.low for n, i in box if i.low > -inf and FIELDS[n].kind is not FieldKind.SHARE}


_OWN: Final = frozenset(LevelRule.model_fields)


def _written(rule: LevelRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in LevelRule.model_fields}


def _changed(known: dict[str, Any], change: object, level: str) -> object:
    """One level's values with `change` in place; what is wrong in it is left for the model to find."""
    if not isinstance(change, Mapping):
        return change
    changed = known | {name: value for name, value in change.items() if name in _OWN or name not in FIELDS}
    for name in (name for name in change if name in FIELDS and name not in _OWN):
        when = _condition(changed.get("when"))
        bars = [bar for bar in comparisons(when) if bar.field.name == name]
        value = change[name]
        if not bars:
            expected = Both(f"条件 {str(when)!r} 里的字段", f"a field of the condition {str(when)!r}")
            raise MisplacedError(expected, repr(name), ("levels", level, name))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MisplacedError(Both("数字", "a number"), repr(value), ("levels", level, name))
        try:
            changed["when"] = parse(str(with_bar(when, name, float(value))))
        except ExpressionError as error:
            raise MisplacedError(error.expected, f"{value:g}", ("levels", level, name)) from None
    return changed
