"""Every command explains itself, is in the README, and refuses what it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fengsheng.cli import app
from tests.commands.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
TOP: Any = typer.main.get_command(app)  # a group of typer's own copy of click


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of sub-apps included."""
    if not hasattr(command, "commands"):
        yield path
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, (*path, name))


COMMANDS = list(leaves(TOP))
GROUPS = [(name,) for name, inner in TOP.commands.items() if hasattr(inner, "commands")]
NEEDS_ARGUMENT = [("up",), ("feed",), ("replay",), ("backtest",), ("incidents", "show"), ("model", "evaluate"),
                  ("model", "finetune"), ("model", "export")]  # fmt: skip


def test_the_walk_finds_the_sub_apps() -> None:
    assert {("demo",), ("incidents", "show"), ("model", "evaluate")} < set(COMMANDS)


@pytest.mark.parametrize("path", [(), *GROUPS, *COMMANDS], ids=" ".join)
def test_help_has_an_example(run: Run, path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.exit_code == 0
    assert done.stderr == ""
    examples = re.findall(r"Example: (.+)", done.stdout)
    assert len(examples) == 1
    assert " ".join(["fengsheng", *path]) in examples[0]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_and_argument_is_explained(path: tuple[str, ...]) -> None:
    command = TOP
    for name in path:
        command = command.commands[name]
    for parameter in command.params:
        assert getattr(parameter, "help", None), parameter.name


def test_the_readme_documents_exactly_the_commands_there_are() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Commands")[1].split("\n## ")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = [name for cell in first for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(TOP.commands)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readmes_name_no_command_or_option_that_is_not_there(run: Run, readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    found = re.findall(r"fengsheng ([a-z]+)((?: [^`\n|#（]*)?)", text)
    assert len(found) > 5
    for name, rest in found:
        assert name in TOP.commands, name
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in run(name, "--help").stdout, (name, option)


@pytest.mark.parametrize(
    "words",
    [["nosuch"], ["incidents", "nosuch"], ["model", "nosuch"], ["replay", "x.jsonl", "--speed", "fast"],
     ["demo", "--speed"], *([*path, "--nosuch"] for path in COMMANDS), *(list(p) for p in NEEDS_ARGUMENT)],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_2_and_says_so_on_stderr(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr
