"""Where a model lies: a directory here or beside the program, else a name of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The folder of the program, where the shipped model lies whatever folder it is started in."""


def place_of(name: str) -> str | None:
    """Return the directory that `name` means, looked for here and beside the program, else `name` for the hub.

    None where it can only mean a directory and there is none: the hub is not to be asked for it.
    """
    path = Path(name).expanduser()
    for folder in (path, ROOT / path):
        if folder.exists():
            return str(folder)
    return None if _looks_local(name) else name


def looked_in(name: str) -> list[str]:
    """Return the folders in which `place_of` looked for `name`: none for a place that is named whole."""
    if Path(name).expanduser().is_absolute():
        return []
    return list(dict.fromkeys([str(Path.cwd()), str(ROOT)]))


def _looks_local(name: str) -> bool:
    """Whether a name is a path: a hub name is ``name`` or ``owner/name``, and its owner no folder here."""
    if name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1:
        return True
    owner, slash, _ = name.partition("/")
    return bool(slash) and any((folder / owner).is_dir() for folder in (Path(), ROOT))
