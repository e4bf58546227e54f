"""The Java that runs the servers."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_JAVA = 17


class ServerMissingError(RuntimeError):
    """A tool that a real server needs is not on this machine: the tests that need it are skipped."""


@dataclass(frozen=True)
class Java:
    """An installed Java run-time."""

    home: Path
    version: int

    @property
    def command(self) -> Path:
        return self.home / "bin" / "java"


def find_java() -> Java:
    """Ask the ``java`` of the path where it lives and how old it is.

    Raises
    ------
    ServerMissingError
        There is no java, or it is older than both servers accept.
    """
    command = shutil.which("java")
    if command is None:
        raise ServerMissingError(f"java is not on the PATH: install a Java {OLDEST_JAVA} or later")
    asked = subprocess.run(
        [command, "-XshowSettings:properties", "-version"], capture_output=True, text=True, timeout=60
    )
    properties = dict(re.findall(r"^\s+([\w.]+) = (.*)$", asked.stderr, re.MULTILINE))
    home, version = properties.get("java.home"), properties.get("java.specification.version", "")
    if home is None or not version.replace(".", "").isdigit():
        raise ServerMissingError(f"{command} does not run as a Java: {asked.stderr.strip()[-300:]}")
    major = int(version.removeprefix("1.").split(".")[0])
    if major < OLDEST_JAVA:
        raise ServerMissingError(f"{command} is Java {major}: the servers need {OLDEST_JAVA} or later")
    return Java(Path(home), major)
