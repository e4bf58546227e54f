"""``truth.yaml``: the crises that are known to have happened, for a backtest to be judged by."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import Field

from alerting.judging import Crisis
from config.loading import ConfigError, Problem, load, problem_at, read_yaml
from config.watches import Model
from fengsheng.times import epoch_of


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
    truth = load(path, Truth)
    found: dict[str, list[Crisis]] = {watch: [] for watch in watches}
    problems: list[Problem] = []
    for number, crisis in enumerate(truth.crises):

        def wrong(key: str, value: object, expected: str, number: int = number) -> None:
            place = ("crises", number, key)
            problems.append(problem_at(read_yaml(path), str(path), place, repr(str(value)), expected))

        if crisis.watch not in found:
            wrong("watch", crisis.watch, f"one of the watches: {', '.join(sorted(watches))}")
            continue
        times = {}
        for key in ("start", "end"):
            written = getattr(crisis, key)
            try:
                times[key] = epoch_of(written, timezone)
            except ValueError:
                wrong(key, written, "a moment as 2024-03-16 11:20, or epoch seconds")
        if len(times) == 2:
            if times["end"] <= times["start"]:
                wrong("end", crisis.end, "a moment after start")
            else:
                found[crisis.watch].append(Crisis(**times, name=crisis.name))
    if problems:
        raise ConfigError(problems)
    return found
