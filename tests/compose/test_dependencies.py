"""Every dependency has its line in docs/dependencies.md, and no line has lost its dependency."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[A-Za-z0-9._-]+")


def names(requirements: list[str]) -> list[str]:
    return [found[0] for text in requirements if (found := NAME.match(text))]


def rows(text: str) -> list[str]:
    """First cells of the table, its heading included."""
    return re.findall(r"^\| ([a-z0-9._-]+) \| .{20,} \|$", text, re.M)


def locked(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.M))


def test_each_dependency_says_why_it_and_not_its_rival() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told, _, for_development = (
        (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").partition("\n## For dev")
    )
    assert rows(told)[1:] == names(project["dependencies"])
    extras = project["optional-dependencies"]
    own, *others = names(extras["dev"])
    assert own == project["name"]
    assert rows(for_development)[1:] == others
    assert re.findall(r"^- \*\*([a-z]+)\*\*", for_development, re.M) == names(extras["gpu"])


def test_each_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {name.replace(".", "-").lower() for name in names(project["dependencies"])}
    heavy = set(names(project["optional-dependencies"]["gpu"]))
    assert wanted <= locked("requirements.lock")
    assert not heavy & locked("requirements.lock")
    for name in ("requirements-gpu.lock", "requirements-dev.lock"):
        assert wanted | heavy <= locked(name)


def test_the_locks_hold_one_version_of_each() -> None:
    light, gpu, dev = (
        set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / f"requirements{name}.lock").read_text(), re.M))
        for name in ("", "-gpu", "-dev")
    )
    assert light <= gpu <= dev
