"""What the demo says at its end is whole on a terminal of 80 columns."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from alerting.backtest import IncidentReport, WatchReport
from fengsheng.commands import demo
from fengsheng.configuration import PACKAGED, load_configuration
from fengsheng.replaying import Outcome
from fengsheng.scenario import TRUTH


def test_the_table_is_not_cut_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    start = TRUTH["crisis"].start
    told = [
        IncidentReport(level="III", started_at=start, detected_at=start + 1234, resolved_at=None, pages=2),
        IncidentReport(level="I", started_at=start, detected_at=start + 9, resolved_at=start + 9e4, pages=1),
    ]
    configuration = load_configuration(PACKAGED)
    reports = {
        watch.id: WatchReport(posts=123_456, days=2.0, pages=3, pages_a_day=1.5, incidents=told)
        for watch in configuration.watches.watches
    }
    screen = Console(file=io.StringIO(), width=80)
    monkeypatch.setattr(demo, "talk", screen)
    demo._summary(configuration, Outcome(reports, 12_345, 0, 0, 30.0, False), None)
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    rows = [line for line in lines if "1234 s" in line or " 9 s" in line]
    assert len(rows) == 2 * len(reports)  # none is spread over two lines
    for watch in configuration.watches.watches:
        assert any(line.startswith(watch.name) for line in lines)
    for part in ("未结束 open", "detected", "resolved", "123456"):
        assert part in screen.file.getvalue()
