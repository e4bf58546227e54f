"""Files that are made once and kept: ``$FENGSHENG_CACHE``, else the user's cache folder.

A file appears under its name whole or not at all, so any number of processes may make the same one at once;
where nothing can be written (a full disk, a read-only one) the work is done again at each start.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

KEPT: Final = 8
"""Files of a folder that stay; the longest unused go first."""


def folder() -> Path | None:
    """Give ``$FENGSHENG_CACHE``, ``$XDG_CACHE_HOME/fengsheng`` or the system's usual place; None without a home."""
    if own := os.environ.get("FENGSHENG_CACHE"):
        return Path(own).expanduser()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "fengsheng"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "fengsheng" / "cache"
    with suppress(RuntimeError):
        home = Path.home()
        return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "fengsheng"
    return None  # and not the folder for temporary files, where anybody may put a file for us to read


def keep(name: Path, make: Callable[[], bytes]) -> Path | bytes:
    """Give the file ``name`` of the cache, making it where it is missing.

    Returns
    -------
    Path or bytes
        Where it lies, or what would have been written where the cache can't be written.
    """
    base = folder()
    if base is None:
        return make()
    path = base / name
    if path.is_file():
        with suppress(OSError):
            os.utime(path)
        return path
    made = make()
    return path if write(path, made) else made


def write(path: Path, content: bytes) -> bool:
    """Write a file whole or not at all; say whether it worked. What stood there is replaced."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        _log.warning(
            "%s can't be written (%s): it will be made again at each start; set FENGSHENG_CACHE to a folder with room",
            path,
            error.strerror or error,
        )
        return False
    _forget(path.parent)
    return True


def _forget(parent: Path) -> None:
    with suppress(OSError):  # another process may be tidying up too
        files = sorted(
            (file for file in parent.iterdir() if not file.name.startswith(".")),
            key=lambda file: file.stat().st_mtime,
        )
        for file in files[:-KEPT]:
            file.unlink(missing_ok=True)
