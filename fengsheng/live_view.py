"""The live terminal view: velocity against its band, incidents, rates."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.records import Incident, Level, Signal, Transition
from fengsheng.times import when
from streams.stages.base import Counters

_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDTH = 60
_COLOUR = {Level.IV: "blue", Level.III: "yellow", Level.II: "dark_orange", Level.I: "red"}
_LEVEL = {Level.IV: "Ⅳ级 蓝", Level.III: "Ⅲ级 黄", Level.II: "Ⅱ级 橙", Level.I: "Ⅰ级 红"}
_TRANSITION = {
    Transition.FIRED: "发现 fired",
    Transition.ESCALATED: "升级 escalated",
    Transition.DOWNGRADED: "降级 downgraded",
    Transition.RECOVERING: "回落 recovering",
    Transition.REOPENED: "再起 reopened",
    Transition.RESOLVED: "结束 resolved",
    Transition.UNMUTED: "静默结束 unmuted",
    Transition.HANDED_ON: "转呼 handed on",
}


class LiveView:
    """Redraws itself a few times a second while a run goes on; on no terminal it prints a line now and then.

    `note` is told every incident transition, `watch` is asked for the newest signals.
    """

    def __init__(
        self,
        console: Console,
        title: str,
        names: Mapping[str, str],
        counters: Counters,
        timezone: str,
        total: int | None = None,
    ) -> None:
        self._console = console
        self._title = title
        self._names = names
        self._counters = counters
        self._timezone = timezone
        self._total = total
        self._series: dict[str, deque[Signal]] = {w: deque(maxlen=_WIDTH) for w in names}
        self._events: deque[Incident] = deque(maxlen=8)
        self._detectors: Mapping[str, Any] = {}
        self._rates: deque[tuple[float, int]] = deque(maxlen=20)
        self._live: Live | None = None
        self._said = 0.0

    def __enter__(self) -> LiveView:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._draw, refresh_per_second=4, transient=True
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, detectors: Mapping[str, Any]) -> None:
        """Look at these detectors from now on."""
        self._detectors = detectors

    def note(self, incident: Incident) -> None:
        """Remember a transition for the list."""
        if incident.transition in _TRANSITION:
            self._events.append(incident)

    def look(self) -> None:
        """Take in the newest signals; call it a few times a second."""
        for watch, series in self._series.items():
            signal = getattr(self._detectors.get(watch), "live", None)
            if signal is not None and (not series or signal.at > series[-1].at):
                series.append(signal)
        self._rates.append((time.monotonic(), self._counters.indexed))
        if self._live is None and time.monotonic() - self._said > 5:
            self._said = time.monotonic()
            self._console.print(self._progress())

    def _rate(self) -> float:
        (then, before), (now, done) = self._rates[0], self._rates[-1]
        return (done - before) / (now - then) if now > then else 0.0

    def _progress(self) -> str:
        total = f"/{self._total}" if self._total else ""
        newest = max((s[-1].at for s in self._series.values() if s), default=None)
        at = f" · 事件时间 event time {when(newest, self._timezone)}" if newest else ""
        rate = self._rate() if self._rates else 0.0
        # A post that came twice is indexed twice, once: it must not show more than there are.
        done = min(self._counters.indexed, self._total or self._counters.indexed)
        return (
            f"{done}{total} 条 posts · {rate:.0f} 条/秒 posts/s · "
            f"{self._counters.transitions} 次变化 transitions · {self._counters.dead} 死信 dead · "
            f"重复 repeats {self._counters.hit_rate():.0%}{at}"
        )

    def _draw(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        for watch, series in self._series.items():
            if not series:
                continue
            newest = series[-1]
            table.add_row(Text(self._names[watch], style="bold"), sparkline(list(series)), _figures(newest))
        events = Table.grid(padding=(0, 2))
        for incident in self._events:
            style = _COLOUR[incident.level]
            events.add_row(
                when(incident.updated_at, self._timezone, "%m-%d %H:%M"),
                Text(_LEVEL[incident.level], style=f"bold {style}"),
                self._names.get(incident.watch, incident.watch),
                _TRANSITION[incident.transition],
                Text(incident.evidence.reason, overflow="ellipsis", no_wrap=True, style="dim"),
            )
        if not self._events:
            events.add_row("—")
        parts: Sequence[RenderableType] = (
            Text(self._progress(), style="cyan"),
            Panel(table, title="负面速度与预期区间 velocity and expected band", title_align="left"),
            Panel(events, title="事件 incidents", title_align="left"),
        )
        return Panel(Group(*parts), title=self._title)


def _figures(signal: Signal) -> str:
    level = f" {_LEVEL[signal.level]}" if signal.level else ""
    return f"{signal.velocity:6.1f}/分 · 预期 {signal.expected:.1f}（{signal.band_low:.1f}–{signal.band_high:.1f}）{level}"


def sparkline(signals: Sequence[Signal]) -> Text:
    """Return the velocities as a line of blocks; those above their band are coloured."""
    top = max(max(s.velocity, s.band_high) for s in signals) or 1.0
    text = Text()
    for signal in signals:
        block = _BLOCKS[round(min(signal.velocity / top, 1.0) * (len(_BLOCKS) - 1))]
        above = signal.velocity > signal.band_high
        style = _COLOUR[signal.level] if signal.level else ("magenta" if above else "green")
        text.append(block, style=style)
    return text
