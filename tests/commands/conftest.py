"""Run commands in this process, with their streams apart and nothing of the machine's own settings."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fengsheng.language import speak

Run = Callable[..., Result]
CLOSED = "127.0.0.1:9"
"""The discard service's port: nobody listens there."""


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No settings from outside, data in the test's folder, wide output; logging put back afterwards."""
    for name in [name for name in os.environ if name.startswith("FENGSHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FENGSHENG_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_VERBOSITY", "error")
    monkeypatch.setenv("COLUMNS", "200")
    speak("zh")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logger.level
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger):
            logger.setLevel(levels.get(name, logging.NOTSET))


@pytest.fixture
def run() -> Run:
    """Run a command; the result has exit_code, stdout and stderr. Only a command's own exit ends it."""

    # Here: when conftest is read, pytest has not yet heard of the warnings to ignore.
    from fengsheng.cli import app

    def invoke(*arguments: object, stdin: bytes | None = None, **environment: str) -> Result:
        result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
