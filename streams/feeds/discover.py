"""Which files a feed's sources name at this moment."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

log = logging.getLogger(__name__)

_READ: Final = re.compile(r"\.(jsonl|ndjson|json)(\.\d+)?(\.gz|\.xz)?$", re.IGNORECASE)
_TEMPORARY: Final = (".tmp", ".temp", ".part", ".partial", ".swp", ".crdownload", ".lock", ".new", "~")

CURSORS_FILE: Final = "feed-cursors.json"
"""Our own cursors, which change with every line read: following them would never end."""


class Found(NamedTuple):
    """A file that is there: what its directory entry says."""

    inode: int
    size: int
    modified: int
    changed: int
    """Nanoseconds since the epoch that content (`modified`) or entry (`changed`) last changed."""


def discover(sources: Iterable[str], inodes: Mapping[str, int]) -> dict[str, Found]:
    """Return the files of `sources`, oldest change first.

    A folder is searched with its sub-folders for ``.jsonl``, ``.ndjson`` and ``.json`` (also ``.gz``,
    ``.xz`` and rotated ``.1``); hidden and temporary names are left out, links to folders are
    not entered. A file named itself is taken whatever its name.

    Parameters
    ----------
    sources : absolute paths of files and folders; missing ones are left out.
    inodes : of files read before, by path: a named file that was rotated away is found again
        beside its successor.
    """
    files: dict[str, Found] = {}
    for source in sources:
        if not _takes_name(source):
            continue
        try:
            status = Path(source).stat()
        except OSError:
            continue
        if _is_folder(status.st_mode):
            _search(source, files)
        else:
            files[source] = _found(status)
            before = inodes.get(source)
            if before is not None and before != status.st_ino:
                _beside(source, before, files)
    return dict(sorted(files.items(), key=lambda item: (item[1].modified, item[0])))


def _takes_name(path: str) -> bool:
    """Whether a file's name can be written down; one from a foreign archive that can't is told of, once."""
    try:
        path.encode()
    except UnicodeEncodeError:
        _tell_of_name(path)
        return False
    return True


@cache
def _tell_of_name(path: str) -> None:
    shown = os.fsencode(path).decode("utf-8", "backslashreplace")
    log.warning("文件名不是 UTF-8，未读，请改名 its name is not UTF-8, not read, rename it: %s", shown)


def _found(status: os.stat_result) -> Found:
    return Found(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _is_folder(mode: int) -> bool:
    return (mode & 0o170000) == 0o040000


def _ignored(name: str) -> bool:
    return name == CURSORS_FILE or name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY)


def _search(folder: str, files: dict[str, Found]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # gone or not readable since it was named
        return
    for entry in entries:
        if _ignored(entry.name):
            continue
        if not _takes_name(entry.path):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                _search(entry.path, files)
            elif _READ.search(entry.name) and entry.is_file():
                status = entry.stat()
                files[entry.path] = _found(status)
        except OSError:
            continue


def _beside(source: str, inode: int, files: dict[str, Found]) -> None:
    folder, name = os.path.split(source)
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(name) and entry.inode() == inode:
            status = entry.stat()
            files[entry.path] = _found(status)
