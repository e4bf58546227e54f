"""When nobody is to be paged: quiet hours and maintenance windows."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, field_validator, model_validator

from config.language import Both
from config.moments import moment
from config.records import Level
from config.watches import Model
from config.zones import TimeZone

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS: Final = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
DAY: Final = timedelta(days=1)


class QuietHours(Model):
    """Hours in which only incidents of the levels in `broken_by` page.

    Attributes
    ----------
    hours : ``22:00-08:00`` goes over midnight; the end is left out.
    days : on which they begin; empty: on every day.
    watches : empty: all.
    """

    hours: str = Field(pattern=HOURS)
    days: list[str] = Field(default_factory=list)
    watches: list[str] = Field(default_factory=list)
    broken_by: list[Level] = Field(default_factory=lambda: [Level.I, Level.II])

    @field_validator("days")
    @classmethod
    def _known_days(cls, days: list[str]) -> list[str]:
        if unknown := [day for day in days if day not in WEEKDAYS]:
            listed = ", ".join(WEEKDAYS)
            raise ValueError(
                Both(
                    f"{listed} 中的几天（没有 {unknown[0]!r}）", f"days out of {listed} (not {unknown[0]!r})"
                )
            )
        return days

    @model_validator(mode="after")
    def _some_time(self) -> QuietHours:
        start, _, end = self.hours.partition("-")
        if start == end:
            raise ValueError(Both("起止不同的时段", "hours that begin and end at different times"))
        return self

    def hold(self, at: datetime) -> bool:
        """Whether `at`, in the zone of the hours, lies in them."""
        start, end = (time.fromisoformat(part) for part in self.hours.split("-"))
        clock = at.time()
        if start < end:
            return start <= clock < end and self._on(at)
        return (clock >= start and self._on(at)) or (clock < end and self._on(at - DAY))

    def _on(self, at: datetime) -> bool:
        return not self.days or WEEKDAYS[at.weekday()] in self.days


def _moment(written: object, *, whole_day: bool) -> datetime:
    """Return a date or time; of a date alone its beginning, or its end if `whole_day`.

    A number is none, though pydantic would take it for epoch seconds: 20261201 is meant as a date.
    """
    number = isinstance(written, str) and written.strip().isdecimal()
    if not number and (found := moment(written, whole_day=whole_day)) is not None:
        return found
    raise ValueError(
        Both(
            "日期或时间，如 2026-12-01 或 2026-12-01 22:00",
            "a date or time, as 2026-12-01 or 2026-12-01 22:00",
        )
    )


Start = Annotated[datetime, BeforeValidator(lambda written: _moment(written, whole_day=False))]
End = Annotated[datetime, BeforeValidator(lambda written: _moment(written, whole_day=True))]


class Maintenance(Model):
    """A stretch of time in which nothing pages, for a reason that is known: ``2026-12-01 22:00``.

    Attributes
    ----------
    start, end : in the zone of the file where they name none; an end that is only a date counts whole.
    watches : empty: all.
    """

    name: str = Field(min_length=1)
    start: Start
    end: End
    watches: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forwards(self) -> Maintenance:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None) or self.end <= self.start:
            raise ValueError(
                Both(
                    "end 在 start 之后，且两者都写时区或都不写",
                    "an end after the start, both with a time zone or both without",
                )
            )
        return self


class MutingRules(Model):
    """The file ``config/muting.yaml``; `timezone` is that of times without one."""

    timezone: TimeZone = "Asia/Shanghai"
    quiet_hours: list[QuietHours] = Field(default_factory=list)
    maintenance: list[Maintenance] = Field(default_factory=list)
