"""``truth.yaml``: the crises that are known to have happened, for a backtest to be judged by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from alerting.judging import Crisis
from config.language import Both
from config.loading import ConfigError, Problem, load, problem_at, read_yaml
from config.watches import Model, entries_of
from fengsheng.times import epoch_of

_A_MOMENT: Final = Both(
    "时间，如 2024-03-16 11:20，或纪元秒", "a moment as 2024-03-16 11:20, or epoch seconds"
)


class KnownCrisis(Model):
    """One crisis: the watch, and from its first bad post to the end of it."""

    watch: str
    start: object
    end: object
    name: str = ""


class Truth(Model):
    """The file: watches that are not named had none."""

    crises: list[KnownCrisis] = Field(default_factory=list)


def load_truth(path: Path, watches: Collection[str], timezone: str) -> dict[str, list[Crisis]]:
    """Return the known crises of each of `watches`.

    Parameters
    ----------
    timezone : of times without an offset.

    Raises
    ------
    ConfigError
        With every problem of the file, each with its line.
    """
    document = read_yaml(path)
    problems: list[Problem] = []
    try:
        load(path, Truth)
    except ConfigError as error:
        problems += error.problems
    found: dict[str, list[Crisis]] = {watch: [] for watch in watches}
    for number, entry in enumerate(entries_of(document, "crises")):
        wrong = _wrong(entry, found, timezone)
        place = ("crises", number)
        problems += [
            problem_at(document, str(path), (*place, key), repr(str(entry[key])), wrong[key]) for key in wrong
        ]
        if not problems:
            start, end = (epoch_of(entry[key], timezone) for key in ("start", "end"))
            found[str(entry["watch"]).strip()].append(
                Crisis(start=start, end=end, name=str(entry.get("name", "")))
            )
    if problems:
        raise ConfigError(problems)
    return found


def _wrong(entry: Mapping[str, Any], watches: Collection[str], timezone: str) -> dict[str, Both]:
    """What should be there instead, by the keys of one crisis that are there and wrong."""
    wrong: dict[str, Both] = {}
    if isinstance(entry.get("watch"), str) and entry["watch"].strip() not in watches:
        listed = ", ".join(sorted(watches))
        wrong["watch"] = Both(f"监测对象之一：{listed}", f"one of the watches: {listed}")
    times: dict[str, float] = {}
    for key in ("start", "end"):
        with suppress(ValueError):
            if key in entry:
                wrong[key] = _A_MOMENT
                times[key] = epoch_of(entry[key], timezone)
                del wrong[key]
    if len(times) == 2 and times["end"] <= times["start"]:
        wrong["end"] = Both("晚于 start 的时间", "a moment after start")
    return wrong
