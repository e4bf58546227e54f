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


def test_each_dependency_says_why_it_and_not_its_rival() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told, _, for_development = (
        (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").partition("\n## For dev")
    )
    assert rows(told)[1:] == names(project["dependencies"])
    assert rows(for_development)[1:] == names(project["optional-dependencies"]["dev"])


def test_each_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert {name.replace(".", "-").lower() for name in names(project["dependencies"])} <= locked
