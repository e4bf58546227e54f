"""The calendar: launches, sales and holidays that are known beforehand.

What happens then is no example of what is normal, so its hours are left out of the
expected value, and an alert in that time says what is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, model_validator

from config.language import Both
from config.loading import MisplacedError
from config.moments import moment
from config.watches import Model

ZONE: Final = ZoneInfo("Asia/Shanghai")
_FORM: Final = "%Y-%m-%d %H:%M"


def _moment(written: object, *, whole_day: bool) -> float:
    """Epoch seconds of a date or time of Asia/Shanghai; of a date alone its end, if `whole_day`."""
    if (found := moment(written, whole_day=whole_day)) is not None:
        return found.replace(tzinfo=found.tzinfo or ZONE).timestamp()
    if isinstance(written, float):
        return written
    raise ValueError(
        Both(
            "北京时间的日期或时间，如 2026-11-11 或 2026-11-10 20:00",
            "a date or time of Asia/Shanghai, for instance 2026-11-11 or 2026-11-10 20:00",
        )
    )


Start = Annotated[float, BeforeValidator(lambda written: _moment(written, whole_day=False))]
End = Annotated[float, BeforeValidator(lambda written: _moment(written, whole_day=True))]


class KnownEvent(Model):
    """Something known beforehand.

    Attributes
    ----------
    name : what alerts call it.
    start, end : epoch seconds; written as dates or times of Asia/Shanghai, an end that is only a date counts whole.
    watches : ids of the watches that it concerns; all of them if empty.
    """

    name: str = Field(min_length=1)
    start: Start
    end: End
    watches: tuple[str, ...] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _in_order(cls, written: Any, handler: ModelWrapValidatorHandler[KnownEvent]) -> KnownEvent:
        event = handler(written)
        if event.end <= event.start:
            start = f"{datetime.fromtimestamp(event.start, ZONE):{_FORM}}"
            expected = Both(f"晚于开始（{start}）的时间", f"a time after the start ({start})")
            # As it was written: the end of 2026-11-10 is 2026-11-11 00:00, which stands nowhere in the file.
            end = written["end"] if isinstance(written, Mapping) else event.end
            raise MisplacedError(expected, str(end), ("end",))
        return event

    def concerns(self, watch: str) -> bool:
        """Return whether the watch with that id is concerned."""
        return not self.watches or watch in self.watches


class Calendar(Model):
    """The file ``config/calendar.yaml``."""

    events: tuple[KnownEvent, ...] = ()


def on_at(events: tuple[KnownEvent, ...], at: float) -> str | None:
    """Return the names of the events that are on at epoch seconds `at`, None if none is."""
    return "、".join(event.name for event in events if event.start <= at < event.end) or None
