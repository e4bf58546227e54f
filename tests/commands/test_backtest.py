"""``fengsheng backtest --json``: one documented object on stdout, the talk on stderr."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from config.records import encode
from fengsheng.scenario import SCENARIO_WATCHES, TRUTH, load
from tests.commands.conftest import Run

CRISIS = TRUTH["crisis"]


@pytest.mark.timeout(180)
def test_a_crisis_of_the_past_is_found_and_told_as_documented(run: Run, tmp_path: Path) -> None:
    mentions = [m for m in load() if CRISIS.start - 900 <= m.created_at < CRISIS.start + 900]
    dump = tmp_path / "dump.jsonl.xz"
    # Latest first and one line broken: a dump need not be in order, nor clean.
    dump.write_bytes(lzma.compress(b"".join(encode(m) + b"\n" for m in reversed(mentions)) + b"{broken\n"))
    done = run("backtest", dump, "--watches", SCENARIO_WATCHES, "--json")
    assert done.exit_code == 0, done.stderr
    assert "读不了 1 行" in done.stderr
    assert f"{dump}:{len(mentions) + 1}" in done.stderr
    report = json.loads(done.stdout)
    assert list(report) == ["watches"]
    assert list(report["watches"]) == ["qingshan-tea", "yunling-tea", "tea-and-sugar"]
    for found in report["watches"].values():
        assert set(found) == {"posts", "days", "pages", "pages_a_day", "incidents", "simple_rules"}
        assert set(found["simple_rules"]) == {"cron", "spike"}
        for incident in found["incidents"]:
            assert set(incident) == {"level", "started_at", "detected_at", "resolved_at", "pages", "lead"}
    ours = report["watches"]["qingshan-tea"]
    assert 50 < ours["posts"] < len(mentions)
    assert 0 < ours["days"] < 0.03
    (incident,) = ours["incidents"]
    assert incident["level"] in ("I", "II", "III", "IV")
    assert CRISIS.start <= incident["detected_at"] < CRISIS.start + 900
    assert incident["started_at"] <= incident["detected_at"]
    assert ours["pages"] == incident["pages"] >= 1
    assert report["watches"]["yunling-tea"]["incidents"] == []
