"""Write the files that a user names: whole or not at all, through what lies there, never in place of it.

A regular file is replaced by one that is complete; a link is followed to what it leads to; into a
device or a pipe the bytes go straight, since a rename would put a file where the device was.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NoReturn

from config.os_errors import why_refused
from fengsheng.language import say, told
from fengsheng.output import fail


def check_writable(path: Path | None) -> None:
    """End the command if a file could not be written there, before the run that it is about."""
    if path is None:
        return
    target = _target(path)
    if not _replaceable(target):
        # Not opened here: a pipe would wait for its reader, and tell it the end when closed again.
        if not os.access(target, os.W_OK):
            _refuse(path, say("没有权限", "no permission"))
        return
    if not os.access(target.parent, os.W_OK | os.X_OK):
        _refuse(path, say(f"目录 {target.parent} 不可写", f"the folder {target.parent} takes no files"))
    if target.exists() and not os.access(target, os.W_OK):
        _refuse(path, say("文件是只读的", "the file is read-only"))


def make_folder(path: Path) -> None:
    """Make a folder for what a run leaves, its last part at most; end the command where that fails."""
    try:
        path.mkdir(exist_ok=True)  # a parent that is not there is a mistyped path
    except FileNotFoundError:
        _no_folder(path, path.absolute().parent)
    except OSError as error:
        fail(
            say(
                f"{path}：{why_refused(error).zh}；应为可以写入的目录",
                f"{path}: {error.strerror}; expected a folder to write into",
            )
        )


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all; end the command where that fails."""
    target = _target(path)
    try:
        if _replaceable(target):
            _replace(target, data)
        else:
            # Neither created nor cut off; stdout that was sent into a file is written on at its end.
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_APPEND), "wb") as stream:
                stream.write(data)
    except OSError as error:
        _refuse(path, told(why_refused(error)))


def _target(path: Path) -> Path:
    """What `path` leads to, if it can be written at all; else the command ends."""
    try:
        if _own_stream(path) or (path.exists() and not path.is_file() and not path.is_dir()):
            return path  # what /dev/stdout leads to may have no path of its own
        target = path.resolve()
        folder, parent_there = target.is_dir(), target.parent.is_dir()
    except (OSError, RuntimeError) as error:  # links in a circle
        _refuse(path, getattr(error, "strerror", None) or str(error))
    # Not within the try: the end of the command is a RuntimeError, too.
    if folder:
        fail(say(f"{path} 是目录；应为要写的文件", f"{path}: is a folder; expected a file to write"))
    if not parent_there:
        _no_folder(path, target.parent)
    return target


def _own_stream(path: Path) -> bool:
    """Whether a path means a stream that this process has open, as ``/dev/stdout`` does."""
    return path.exists() and path.is_absolute() and path.parts[1] in ("dev", "proc")


def _replaceable(target: Path) -> bool:
    return not _own_stream(target) and (target.is_file() or not target.exists())


def _replace(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        fresh.chmod(_mode(target))
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, else those that any new file gets."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _no_folder(path: Path, folder: Path) -> NoReturn:
    fail(
        say(
            f"{path}：没有目录 {folder}；请先建立它（mkdir -p），或改正路径",
            f"{path}: no such folder {folder}; make it first (mkdir -p), or correct the path",
        )
    )


def _refuse(path: Path, why: str) -> NoReturn:
    fail(
        say(
            f"{path} 不能写入（{why}）；请改正路径或权限，或腾出空间",
            f"{path} can't be written ({why}); correct the path or its permissions, or make room",
        )
    )
