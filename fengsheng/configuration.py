"""Everything that a program run is configured with, checked as a whole before anything starts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.calendar import Calendar
from config.language import NOTHING, Both
from config.loading import ConfigError, Problem, load
from config.muting import MutingRules
from config.os_errors import why_refused
from config.routes import Routes
from config.rules import Rules, RuleSets, rules_for
from config.settings import Settings, load_settings, written_language
from config.watches import Watch, Watches
from fengsheng.cross_checks import wrong_between
from fengsheng.language import speak

PACKAGED = Path(__file__).resolve().parent.parent / "config"
"""The configuration that ships with the program."""

EXAMPLE = Path(__file__).resolve().parent / "scenario" / "watches.yaml"
"""The watches that ship as an example and that the demo plays."""

PARTS = ("settings", "watches", "rules", "routes", "muting", "calendar")

NO_KEY = Both(
    "一段够长的随机文本，用来生成作者化名，所有 feed 与 worker 相同（例如：openssl rand -hex 32）",
    "a long random text, the same on every feed and worker, for the authors' pseudonyms (for instance:"
    " openssl rand -hex 32)",
)
_ENVIRONMENT = Both("环境变量", "environment")
_WRITABLE = Both(
    "可写的数据目录（--data 或 settings.data）", "a folder that can be written (--data or settings.data)"
)
_EMPTY = Both("空文件", "an empty file")
_THE_KEY = Both("原来的密钥（或删去这个文件）", "the key it held (or delete the file)")
_NO_FOLDER = Both("没有这个目录", "no such folder")
_A_FOLDER = Both("放有 YAML 配置文件的目录", "a folder with the YAML files")


@dataclass(frozen=True)
class Source:
    """The file that a part of the configuration was read from.

    Attributes
    ----------
    name : ``settings``, ``watches``, ``rules``, ``routes``, ``muting`` or ``calendar``.
    shipped : it came with the program, since the folder has none of that name.
    """

    name: str
    path: Path
    shipped: bool


@dataclass(frozen=True)
class Configuration:
    """Settings, watches, rules, routes and muting that fit together."""

    folder: Path
    settings: Settings
    watches: Watches
    rules: RuleSets
    routes: Routes
    muting: MutingRules = field(default_factory=MutingRules)
    sources: tuple[Source, ...] = ()

    @property
    def shipped(self) -> list[str]:
        """Names of the parts that the folder does not have, so that the shipped files stand in for them."""
        return [source.name for source in self.sources if source.shipped]

    @property
    def example(self) -> bool:
        """Whether the watches are those that ship as an example, wherever their file lies."""
        return set(self.watches.by_id()) == set(load(EXAMPLE, Watches).by_id())

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


def _sources(folder: Path, given: Mapping[str, Path | None]) -> dict[str, Source]:
    """The file of each part: one named by itself, else the folder's own, else the packaged one."""
    sources: dict[str, Source] = {}
    for name in PARTS:
        own = given.get(name) or folder / f"{name}.yaml"
        shipped = given.get(name) is None and not own.exists()
        sources[name] = Source(name, PACKAGED / f"{name}.yaml" if shipped else own, shipped)
    return sources


def _folder(named: Path | None) -> Path:
    """The folder to read: the one named, which must be there, else ``./config``, which need not."""
    variable = os.environ.get("FENGSHENG_CONFIG")
    folder = named or (Path(variable) if variable else Path("config"))
    if (named is None and not variable) or folder.is_dir():
        return folder
    where = (
        str(folder)
        if named
        else Both(f"环境变量 FENGSHENG_CONFIG={folder}", f"environment FENGSHENG_CONFIG={folder}")
    )
    found = _NO_FOLDER if not folder.exists() else Both("不是目录", "no folder")
    raise ConfigError([Problem(where, None, "", found, _A_FOLDER)])


def load_configuration(
    folder: Path | None = None, watches: Path | None = None, rules: Path | None = None
) -> Configuration:
    """Return the checked configuration of `folder` (default: ``$FENGSHENG_CONFIG``, else ``./config``).

    A file that the folder does not have is taken from the packaged defaults (`Configuration.shipped`).
    From here on the program talks in the language of the settings.

    Parameters
    ----------
    watches, rules : a file elsewhere, in place of the folder's.

    Raises
    ------
    ConfigError
        The named folder is not there; else with every problem of every file.
    """
    folder = _folder(folder)
    sources = _sources(folder, {"watches": watches, "rules": rules})
    files = {name: source.path for name, source in sources.items()}
    readers: dict[str, Callable[[Path], Any]] = {
        "settings": load_settings,
        "watches": lambda path: load(path, Watches),
        "rules": lambda path: load(path, RuleSets),
        "routes": lambda path: load(path, Routes),
        "calendar": lambda path: load(path, Calendar),
        "muting": lambda path: load(path, MutingRules),
    }
    problems: list[Problem] = []
    parts: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            parts[name] = read(files[name])
        except ConfigError as error:
            problems += error.problems
    speak(parts["settings"].language if "settings" in parts else written_language(files["settings"]))
    problems += wrong_between(parts, files)
    if problems:
        raise ConfigError(problems)
    parts["rules"] = parts["rules"].with_calendar(parts.pop("calendar"))
    return Configuration(folder, **parts, sources=tuple(sources.values()))


def pseudonym_key(settings: Settings, embedded: bool, keep: bool = True) -> bytes:
    """Return the key of the authors' pseudonyms.

    Embedded runs make one at first and keep it in the data folder (`settings.data`) beside the
    index, readable by its owner only; workers and feeds that share a Kafka must be given the same one.

    Parameters
    ----------
    keep : whether a key that is made now is kept; a run that stores no authors leaves nothing behind.

    Raises
    ------
    ConfigError
        Not embedded, and the environment has none; or the data folder does not take it.
    """
    if settings.privacy.pseudonym_key is not None:
        return settings.privacy.pseudonym_key.get_secret_value().encode()
    if not embedded:
        raise ConfigError([Problem(_ENVIRONMENT, None, "FENGSHENG_PRIVACY__PSEUDONYM_KEY", NOTHING, NO_KEY)])
    path = settings.data / "pseudonym.key"
    try:
        if not path.exists():
            if not keep:
                return secrets.token_hex(32).encode()
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        key = path.read_text().strip().encode()
    except OSError as error:
        raise ConfigError([Problem(str(path), None, "", why_refused(error), _WRITABLE)]) from None
    if not key:
        raise ConfigError([Problem(str(path), None, "", _EMPTY, _THE_KEY)])
    return key
