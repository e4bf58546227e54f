"""The chart: velocity over event time on its expected band, incidents by the colour of their level."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor, log10
from typing import Final
from zoneinfo import ZoneInfo

from alerting.backtest import IncidentReport, Moment
from fengsheng.timeline.canvas import Canvas, Colour

WIDTH: Final = 1600
HEIGHT: Final = 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 30, 70, 60

_PAPER: Final = (255, 255, 255)
_INK: Final = (60, 64, 70)
_GRID: Final = (228, 230, 234)
_BAND: Final = (205, 222, 240)
_LINE: Final = (32, 78, 140)
_DETECTED: Final = (20, 20, 20)
LEVEL_COLOURS: Final[dict[str, Colour]] = {
    "IV": (190, 214, 255),
    "III": (255, 232, 150),
    "II": (255, 196, 140),
    "I": (255, 160, 160),
}
"""China's alert colours, light enough to be drawn on."""
_HOUR: Final = 3600.0
_STEPS: Final = tuple(h * _HOUR for h in (0.25, 0.5, 1, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760))
_MOST_LABELS: Final = 9


def timeline_png(
    title: str, moments: Sequence[Moment], incidents: Sequence[IncidentReport], timezone: str
) -> bytes:
    """Return the timeline of one watch.

    Parameters
    ----------
    title : ASCII, for instance the id of the watch.
    moments : in order of time, at least one.
    timezone : of the labels, as ``Asia/Shanghai``.

    Raises
    ------
    ValueError
        There are no moments.
    """
    if not moments:
        raise ValueError("no moments to draw")
    chart = _Chart(moments)
    canvas = chart.canvas
    for incident in incidents:
        chart.incident(incident)
    chart.grid(ZoneInfo(timezone))
    chart.band_and_velocity()
    for incident in incidents:
        x = chart.x(incident.detected_at)
        canvas.fill(x, _TOP, x + 2, HEIGHT - _BOTTOM, _DETECTED)
        canvas.write(x + 6, _TOP + 4, incident.level, _DETECTED)
    canvas.write(_LEFT, 14, f"{title}  NEGATIVE MASS A MINUTE", _INK)
    legend = (("EXPECTED BAND", _BAND), ("VELOCITY", _LINE), *LEVEL_COLOURS.items(), ("DETECTED", _DETECTED))
    x = _LEFT
    for text, colour in legend:
        canvas.fill(x, 42, x + 14, 56, colour)
        canvas.write(x + 20, 42, text, _INK)
        x += 20 + canvas.width_of(text) + 24
    return canvas.png()


class _Chart:
    """Where times and masses lie on the canvas."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self.canvas = Canvas(WIDTH, HEIGHT, _PAPER)
        self._moments = moments
        self._start = moments[0].at
        self._span = max(moments[-1].at - self._start, 60.0)
        self._top = 1.05 * max(*(max(m.velocity, m.high) for m in moments), 0.1)

    def x(self, at: float) -> int:
        return _LEFT + round((at - self._start) / self._span * (WIDTH - _LEFT - _RIGHT - 1))

    def y(self, mass: float) -> int:
        return HEIGHT - _BOTTOM - round(mass / self._top * (HEIGHT - _TOP - _BOTTOM))

    def incident(self, incident: IncidentReport) -> None:
        end = self._start + self._span if incident.resolved_at is None else incident.resolved_at
        right = min(self.x(end) + 1, WIDTH - _RIGHT)
        left = max(self.x(incident.started_at), _LEFT)
        self.canvas.fill(left, _TOP, right, HEIGHT - _BOTTOM, LEVEL_COLOURS[incident.level])

    def grid(self, zone: ZoneInfo) -> None:
        canvas = self.canvas
        step = _round_step(self._top / 5)
        for number in range(floor(self._top / step) + 1):
            y = self.y(number * step)
            canvas.fill(_LEFT, y, WIDTH - _RIGHT, y + 1, _GRID)
            label = f"{number * step:g}"
            canvas.write(_LEFT - 12 - canvas.width_of(label), y - 7, label, _INK)
        every = next((s for s in _STEPS if self._span / s <= _MOST_LABELS), self._span)
        offset = datetime.fromtimestamp(self._start, zone).utcoffset()
        east = offset.total_seconds() if offset is not None else 0.0
        at = ceil((self._start + east) / every) * every - east
        while at <= self._start + self._span:
            x = self.x(at)
            canvas.fill(x, _TOP, x + 1, HEIGHT - _BOTTOM + 6, _GRID)
            label = datetime.fromtimestamp(at, zone).strftime("%m-%d %H:%M")
            left = min(x - canvas.width_of(label) // 2, WIDTH - canvas.width_of(label))
            canvas.write(left, HEIGHT - _BOTTOM + 14, label, _INK)
            at += every
        canvas.write(_LEFT, HEIGHT - 20, zone.key, _INK)

    def band_and_velocity(self) -> None:
        """Each column shows the widest band and the highest velocity of its time, joined to the one before."""
        columns: dict[int, tuple[float, float, float]] = {}
        for moment in self._moments:
            x = self.x(moment.at)
            low, high, velocity = columns.get(x, (moment.low, moment.high, moment.velocity))
            columns[x] = (
                min(low, moment.low),
                max(high, moment.high),
                max(velocity, moment.velocity),
            )
        drawn = sorted(columns.items())
        for (x, (low, high, _)), (following, _) in zip(
            drawn, [*drawn[1:], (drawn[-1][0] + 1, None)], strict=True
        ):
            self.canvas.fill(x, self.y(high), min(following, x + 3), self.y(low) + 1, _BAND)
        before = drawn[0][1][2]
        for x, (_, _, velocity) in drawn:
            top, bottom = self.y(max(before, velocity)), self.y(min(before, velocity))
            self.canvas.fill(x, top - 1, x + 2, bottom + 1, _LINE)
            before = velocity


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = float(10 ** floor(log10(least)))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= least * (1 - 1e-9))
