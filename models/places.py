"""Where a model lies: a directory here or beside the program, else a name of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The folder of the program, where the shipped model lies whatever folder it is started in."""


def local_directory(name: str) -> str | None:
    """Return the path that `name` means, looked for here and beside the program; None where neither has it."""
    path = Path(name).expanduser()
    return next((str(folder) for folder in (path, ROOT / path) if folder.exists()), None)


def looks_local(name: str) -> bool:
    """Whether a name is a path: a hub name is ``name`` or ``owner/name``, and its owner no folder here."""
    if name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1:
        return True
    owner, slash, _ = name.partition("/")
    return bool(slash) and any((folder / owner).is_dir() for folder in (Path(), ROOT))
