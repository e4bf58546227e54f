"""``muting.yaml`` and the chain of watches: what is wrong is told with file, line and what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loading import ConfigError, load
from config.muting import MutingRules
from config.watches import Watches
from fengsheng.configuration import load_configuration

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
