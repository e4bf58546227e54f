"""Everything that a program run is configured with, checked as a whole before anything starts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from config.calendar import Calendar
from config.loading import (
    ConfigError,
    MisplacedError,
    Problem,
    load,
    problem_at,
    problems_of,
    read_yaml,
)
from config.muting import MutingRules
from config.routes import Routes
from config.rules import Rules, RuleSets, rules_for
from config.settings import Settings, load_settings
from config.watches import Watch, Watches

PACKAGED = Path(__file__).resolve().parent.parent / "config"
"""The configuration that ships with the program."""

NO_KEY = (
    "a long random text, the same on every feed and worker, for the authors' pseudonyms (for instance:"
    " openssl rand -hex 32)"
)


class Narrowed(Protocol):
    """An entry that holds for some watches only, or for all where it names none."""

    @property
    def watches(self) -> list[str]:
        """Ids of those watches."""
        ...


@dataclass(frozen=True)
class Configuration:
    """Settings, watches, rules, routes and muting that fit together."""

    folder: Path
    settings: Settings
    watches: Watches
    rules: RuleSets
    routes: Routes
    muting: MutingRules = field(default_factory=MutingRules)

    def rules_of(self, watch: Watch) -> Rules:
        """Return the rules of a watch: its set, with its own values in place."""
        return rules_for(watch, self.rules.rules)

    def with_data(self, folder: Path | None) -> Configuration:
        """Return the same with another data folder, if one is given."""
        if folder is None:
            return self
        return replace(self, settings=self.settings.model_copy(update={"data": folder}))

    def without_servers(self) -> Configuration:
        """Return the same with broker, index and pages kept inside this process."""
        settings = self.settings
        kafka = settings.kafka.model_copy(update={"bootstrap": None})
        elastic = settings.elasticsearch.model_copy(update={"url": None})
        slack = settings.slack.model_copy(update={"token": None})
        alone = {"kafka": kafka, "elasticsearch": elastic, "slack": slack, "receivers": {}}
        return replace(self, settings=settings.model_copy(update=alone))

    def replaying(self) -> Configuration:
        """Return the same with event time alone moving the detectors, however new the posts are."""
        pipeline = self.settings.pipeline.model_copy(update={"live_within": -1.0})
        return replace(self, settings=self.settings.model_copy(update={"pipeline": pipeline}))


def _file(folder: Path, name: str) -> Path:
    """The user's own file, or the packaged one where the folder has none of that name."""
    own = folder / name
    return own if own.exists() else PACKAGED / name


def _unknown_rules(watches: Watches, rules: RuleSets, path: Path) -> list[Problem]:
    known = ", ".join(sorted(rules.rules))
    problems = []
    for number, watch in enumerate(watches.watches):
        if watch.rules not in rules.rules:
            entry: Any = read_yaml(path)["watches"][number]
            line = entry.lc.key("rules")[0] + 1
            problems.append(
                Problem(str(path), line, f"watches.{number}.rules", repr(watch.rules), f"one of {known}")
            )
        else:
            problems += _wrong_override(watch, number, rules, path)
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


def _unknown_watches(
    section: str, entries: Sequence[Narrowed], watches: Watches, path: Path
) -> list[Problem]:
    """What is wrong with the watches that the entries of a section are narrowed to."""
    known = watches.by_id()
    problems = []
    for number, narrowed in enumerate(entries):
        for watch in narrowed.watches:
            if watch not in known:
                entry: Any = read_yaml(path)[section][number]
                line = entry.lc.key("watches")[0] + 1
                expected = f"one of the watches: {', '.join(sorted(known))}"
                place = f"{section}.{number}.watches"
                problems.append(Problem(str(path), line, place, repr(watch), expected))
    return problems


def _unknown_in_calendar(calendar: Calendar, watches: Watches, path: Path) -> list[Problem]:
    known = watches.by_id()
    expected = f"one of the watches: {', '.join(sorted(known))}"
    return [
        problem_at(read_yaml(path), str(path), ("events", number, "watches", place), repr(watch), expected)
        for number, event in enumerate(calendar.events)
        for place, watch in enumerate(event.watches)
        if watch not in known
    ]


def load_configuration(
    folder: Path | None = None, watches: Path | None = None, rules: Path | None = None
) -> Configuration:
    """Return the checked configuration of `folder` (default: ``$FENGSHENG_CONFIG``, else ``./config``).

    A file that the folder does not have is taken from the packaged defaults.

    Parameters
    ----------
    watches, rules : a file elsewhere, in place of the folder's.

    Raises
    ------
    ConfigError
        With every problem of every file.
    """
    if folder is None:
        folder = Path(os.environ.get("FENGSHENG_CONFIG", "config"))
    elif not folder.is_dir():
        raise ConfigError([Problem(str(folder), None, "", "no such folder", "a folder with the YAML files")])
    watches_file = watches or _file(folder, "watches.yaml")
    routes_file = _file(folder, "routes.yaml")
    muting_file = _file(folder, "muting.yaml")
    calendar_file = _file(folder, "calendar.yaml")
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    readers: dict[str, Callable[[], Any]] = {
        "settings": lambda: load_settings(_file(folder, "settings.yaml")),
        "watches": lambda: load(watches_file, Watches),
        "rules": lambda: load(rules or _file(folder, "rules.yaml"), RuleSets),
        "routes": lambda: load(routes_file, Routes),
        "calendar": lambda: load(calendar_file, Calendar),
        "muting": lambda: load(muting_file, MutingRules),
    }
    for name, read in readers.items():
        try:
            parts[name] = read()
        except ConfigError as error:
            problems += error.problems
    if "watches" in parts and "rules" in parts:
        problems += _unknown_rules(parts["watches"], parts["rules"], watches_file)
    if "watches" in parts and "routes" in parts:
        # The packaged routes may name the example's watches when the user brought only watches.
        problems += _unknown_watches("routes", parts["routes"].routes, parts["watches"], routes_file)
    if "watches" in parts and "muting" in parts:
        muting: MutingRules = parts["muting"]
        for section, entries in (("quiet_hours", muting.quiet_hours), ("maintenance", muting.maintenance)):
            problems += _unknown_watches(section, entries, parts["watches"], muting_file)
    if "watches" in parts and "calendar" in parts:
        problems += _unknown_in_calendar(parts["calendar"], parts["watches"], calendar_file)
    if problems:
        raise ConfigError(problems)
    parts["rules"] = parts["rules"].with_calendar(parts.pop("calendar"))
    return Configuration(folder, **parts)


def pseudonym_key(settings: Settings, embedded: bool) -> bytes:
    """Return the key of the authors' pseudonyms.

    Embedded runs make one at first and keep it in the data folder, readable by its owner
    only; workers and feeds that share a Kafka must be given the same one.

    Raises
    ------
    ConfigError
        Not embedded, and the environment has none.
    """
    if settings.privacy.pseudonym_key is not None:
        return settings.privacy.pseudonym_key.get_secret_value().encode()
    if not embedded:
        raise ConfigError(
            [Problem("environment", None, "FENGSHENG_PRIVACY__PSEUDONYM_KEY", "nothing", NO_KEY)]
        )
    path = settings.data / "pseudonym.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        key = path.read_text().strip().encode()
    except OSError as error:
        found = f"{error.strerror}"
        raise ConfigError(
            [Problem(str(path), None, "", found, "a folder that can be written (settings.data)")]
        ) from None
    if not key:
        raise ConfigError(
            [Problem(str(path), None, "", "an empty file", "the key it held (or delete the file)")]
        )
    return key
