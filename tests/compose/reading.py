"""The compose files, read once, and what compose would make of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
ONE_SHOT = {"users", "setup"}
OURS = {"setup", "worker", "feed"}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::(?P<rule>[?-])(?P<rest>[^}]*))?\}")


def read(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


COMPOSE = read("docker-compose.yml")
GPU = read("docker-compose.gpu.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EACH = pytest.mark.parametrize("name", sorted(SERVICES))


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def environ(name: str) -> dict[str, str]:
    """The service's environment as compose would fill it in, each required variable with a value."""
    own = SERVICES[name].get("environment", {})
    return {
        key: VARIABLE.sub(lambda m: "x" * 24 if m["rule"] == "?" else m["rest"] or "", value)
        for key, value in own.items()
    }


def script_of_users() -> str:
    return str(SERVICES["users"]["command"][0]).replace("$$", "$")
