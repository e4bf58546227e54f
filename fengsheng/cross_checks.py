"""What the files of a configuration have wrong between them: names that the other file does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from config.calendar import Calendar
from config.language import Both, one_of
from config.loading import ConfigError, MisplacedError, Problem, problem_at, problems_of, read_yaml
from config.muting import MutingRules
from config.routes import Routes
from config.rules import Rules, RuleSets, rules_for
from config.watches import Watch, Watches, entries_of, ids_of


class Narrowed(Protocol):
    """An entry that holds for some watches only, or for all where it names none."""

    @property
    def watches(self) -> Sequence[str]:
        """Ids of those watches."""
        ...


def wrong_between(parts: Mapping[str, Any], files: Mapping[str, Path]) -> list[Problem]:
    """Return what does not fit together, of the parts that could be read.

    A watches file in which an entry is wrong by itself is looked at all the same: who mends
    a file shall see everything at once.
    """
    own = files["watches"]
    checked = parts.get("watches")
    watches = dict(enumerate(checked.watches)) if isinstance(checked, Watches) else _readable(own)
    known = sorted(checked.by_id()) if isinstance(checked, Watches) else _ids(own)
    problems: list[Problem] = []
    if isinstance(rules := parts.get("rules"), RuleSets):
        problems += _unknown_rules(watches, rules, own)
    if not known:
        return problems
    for name, section, entries in _narrowed(parts):
        problems += _unknown_watches(section, entries, known, files[name])
    return problems


def _readable(path: Path) -> dict[int, Watch]:
    """The watches of a file that are right by themselves, by their place in it."""
    found: dict[int, Watch] = {}
    for number, entry in enumerate(entries_of(_document(path), "watches")):
        try:
            found[number] = Watch.model_validate(entry)
        except ValidationError:
            continue
    return found


def _ids(path: Path) -> list[str]:
    return sorted({one for one in ids_of(entries_of(_document(path), "watches")) if one is not None})


def _document(path: Path) -> Any:
    try:
        return read_yaml(path)
    except ConfigError:
        return None


def _narrowed(parts: Mapping[str, Any]) -> Iterable[tuple[str, str, Sequence[Narrowed]]]:
    if isinstance(routes := parts.get("routes"), Routes):
        yield "routes", "routes", routes.routes
    if isinstance(muting := parts.get("muting"), MutingRules):
        yield "muting", "quiet_hours", muting.quiet_hours
        yield "muting", "maintenance", muting.maintenance
    if isinstance(calendar := parts.get("calendar"), Calendar):
        yield "calendar", "events", calendar.events


def _unknown_watches(
    section: str, entries: Sequence[Narrowed], known: Sequence[str], path: Path
) -> list[Problem]:
    """What is wrong with the watches that the entries of a section are narrowed to."""
    listed = ", ".join(known)
    expected = Both(f"监测对象之一：{listed}", f"one of the watches: {listed}")
    return [
        problem_at(read_yaml(path), str(path), (section, number, "watches", place), repr(watch), expected)
        for number, narrowed in enumerate(entries)
        for place, watch in enumerate(narrowed.watches)
        if watch not in known
    ]


def _unknown_rules(watches: Mapping[int, Watch], rules: RuleSets, path: Path) -> list[Problem]:
    problems: list[Problem] = []
    for number, watch in watches.items():
        if watch.rules in rules.rules:
            problems += _wrong_override(watch, number, rules, path)
            continue
        place = ("watches", number, "rules")
        problems.append(
            problem_at(read_yaml(path), str(path), place, repr(watch.rules), one_of(sorted(rules.rules)))
        )
    return problems


def _wrong_override(watch: Watch, number: int, rules: RuleSets, path: Path) -> list[Problem]:
    """What is wrong with a watch's own values, told at their lines in the watches file."""
    place = ("watches", number, "override")
    try:
        rules_for(watch, rules.rules)
    except MisplacedError as error:
        return [problem_at(read_yaml(path), str(path), (*place, *error.at), error.found, error.expected)]
    except ValidationError as error:
        return problems_of(error, read_yaml(path), str(path), Rules, place)
    return []
