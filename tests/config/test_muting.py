"""``muting.yaml`` and the chain of watches: what is wrong is told with file, line and what is expected."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerting.muting import Muting
from config.loading import ConfigError, load
from config.muting import MutingRules
from config.watches import Watches
from fengsheng.configuration import load_configuration
from tests.alerting.sample_incident import FIRED

WATCH = "  - {id: tea, name: 茶, any: [茶]}\n"
FINE = """timezone: Asia/Shanghai
quiet_hours:
  - {hours: "22:00-08:00", days: [fri, sat]}
maintenance:
  - {name: 演练, start: 2026-12-01 22:00, end: 2026-12-02 04:00, watches: [tea]}
"""


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text("watches:\n" + WATCH)
    (tmp_path / "routes.yaml").write_text(
        "receivers: [{name: c, type: terminal}]\nroutes: [{receivers: [c]}]\n"
    )
    (tmp_path / "muting.yaml").write_text(FINE)
    muting = load_configuration(tmp_path).muting
    assert muting.quiet_hours[0].days == ["fri", "sat"]
    assert muting.maintenance[0].name == "演练"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("quiet_hours: [{hours: '8-22'}]", "quiet_hours.0.hours"),
        ("quiet_hours: [{hours: '08:00-08:00'}]", "quiet_hours.0"),
        ("quiet_hours: [{hours: '22:00-08:00', days: [monday]}]", "quiet_hours.0.days"),
        ("timezone: Mars", "timezone"),
        ("maintenance: [{name: x, start: 2026-12-02 04:00, end: 2026-12-01 22:00}]", "maintenance.0"),
        ("maintenance: [{name: x, start: 20261201, end: 2026-12-01 22:00}]", "maintenance.0.start"),
        ("maintenance: [{name: x, start: '20261201', end: 2026-12-01 22:00}]", "maintenance.0.start"),
        ("maintenance: [{name: x, start: 2026-12-01, end: 1796169600.5}]", "maintenance.0.end"),
        ("maintenance: [{name: x, start: 2026-12-01, end: true}]", "maintenance.0.end"),
        ("maintenance: [{name: x, start: 2026-12-01, end: 9999-12-31}]", "maintenance.0.end"),
        ("maintenance: [{name: x, start: soon, end: 2026-12-01 22:00}]", "maintenance.0.start"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "muting.yaml"
    path.write_text(text + "\n")
    with pytest.raises(ConfigError) as caught:
        load(path, MutingRules)
    [problem] = caught.value.problems
    assert (problem.key, problem.line) == (key, 1)


def test_a_number_is_told_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "muting.yaml"
    path.write_text("maintenance:\n  - name: x\n    start: 20261201\n    end: 2026-12-02\n")
    with pytest.raises(ConfigError) as caught:
        load(path, MutingRules)
    [problem] = caught.value.problems
    assert problem.told("en") == (
        f"{path}:3: maintenance.0.start: found 20261201,"
        " expected a date or time, as 2026-12-01 or 2026-12-01 22:00"
    )
    assert problem.told("zh") == (
        f"{path}:3: maintenance.0.start: 实际：20261201；应为：日期或时间，如 2026-12-01 或 2026-12-01 22:00"
    )


@pytest.mark.parametrize("quote", ["", "'"])
@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "America/New_York"])
def test_an_end_that_is_only_a_date_counts_whole(tmp_path: Path, timezone: str, quote: str) -> None:
    path = tmp_path / "muting.yaml"
    day = f"{quote}2026-12-02{quote}"
    path.write_text(f"timezone: {timezone}\nmaintenance: [{{name: x, start: {day}, end: {day}}}]\n")
    muting = Muting(load(path, MutingRules))
    told = [
        muting.decide(FIRED, datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(timezone)).timestamp())
        for clock in ("2026-12-01 23:59:59", "2026-12-02 00:00", "2026-12-02 23:59:59", "2026-12-03 00:00")
    ]
    assert [mute is not None for mute in told] == [False, True, True, False]


@pytest.mark.parametrize(
    "written",
    ["2026-12-01 22:00:00", "2026-12-01T14:00:00Z", "2026-12-01T22:00:00+08:00", "'2026-12-01 22:00'"],
)
def test_times_are_taken_as_they_are_written(tmp_path: Path, written: str) -> None:
    path = tmp_path / "muting.yaml"
    end = "2026-12-03T00:00:00Z" if written[-1] in "Z0" and "T" in written else "2026-12-03"
    path.write_text(f"maintenance: [{{name: x, start: {written}, end: {end}}}]\n")
    muting = Muting(load(path, MutingRules))
    start = datetime.fromisoformat("2026-12-01T22:00:00+08:00").timestamp()
    assert (muting.decide(FIRED, start - 1), muting.decide(FIRED, start) is None) == (None, False)


def test_a_watch_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text("watches:\n" + WATCH.replace("tea", "coffee"))
    (tmp_path / "muting.yaml").write_text(FINE)
    with pytest.raises(ConfigError) as caught:
        load_configuration(tmp_path)
    assert [(p.key, p.line, p.found) for p in caught.value.problems] == [
        ("maintenance.0.watches.0", 5, "'tea'")
    ]


@pytest.mark.parametrize("parents", ["{0: nobody}", "{0: tea}", "{0: b, 1: tea}"])
def test_a_parent_is_another_watch_without_a_parent(tmp_path: Path, parents: str) -> None:
    named = dict(pair.split(": ") for pair in parents.strip("{}").split(", "))
    rows = [
        f"  - {{id: {name}, name: x, any: [x]"
        + (f", parent: {named[str(n)]}" if str(n) in named else "")
        + "}\n"
        for n, name in enumerate(("tea", "b"))
    ]
    path = tmp_path / "watches.yaml"
    path.write_text("watches:\n" + "".join(rows))
    with pytest.raises(ConfigError) as caught:
        load(path, Watches)
    assert caught.value.problems[0].key.endswith(".parent")
