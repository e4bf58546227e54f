"""What a failure of the SQLite file means for the person who runs it, and what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from config.language import Both
from streams.index.base import IndexLost, IndexUnavailable

CLOSED_TO_US: Final = frozenset({"SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"})
_NOT_OURS: Final = frozenset({"SQLITE_NOTADB"})
_DAMAGED: Final = frozenset({"SQLITE_CORRUPT"})
_HELD: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_NO_TEXT: Final = "Could not decode to UTF-8"
"""What Python's sqlite3 says, without a code, of a stored text that is none."""


def code_of(error: sqlite3.Error) -> str:
    """Return SQLite's plain name of an error, empty where it has none."""
    # Extended codes (SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT, ...) begin with the plain one.
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def explained(error: sqlite3.DatabaseError, path: Path, patience: float) -> IndexUnavailable | None:
    """Return what went wrong and what to do, None where it is a mistake of ours."""
    code = code_of(error)
    at, zh = f"the index {path}", f"索引 {path}"
    if code == "SQLITE_FULL":
        return IndexUnavailable(
            Both(
                f"{zh} 写不下了，磁盘已满：请腾出空间，或运行 fengsheng retention",
                f"{at} can't grow, the disk is full: free space, or `fengsheng retention`",
            )
        )
    if code in _HELD:
        return IndexUnavailable(
            Both(
                f"{zh} 被另一个进程锁住超过 {patience:g} 秒：请停掉那个进程",
                f"{at} is locked by another process for over {patience:g} s: stop that one",
            )
        )
    if code in _DAMAGED or _NO_TEXT in str(error):
        return damaged(path, error)
    if code in _NOT_OURS:
        return IndexLost(
            Both(
                f"{zh} 已损坏，或本来就不是 SQLite 文件：{_refill(path).zh}，或用 --data 换一个目录",
                f"{at} is damaged, or not an SQLite file at all: {_refill(path)}, or name another folder in `data`",
            )
        )
    if code in CLOSED_TO_US:
        return read_only(path, f"（{error}）", f" ({error})")
    if code == "SQLITE_IOERR":
        return IndexUnavailable(
            Both(
                f"{zh}：磁盘出错（{error}，{error.sqlite_errorname}）：请检查磁盘与剩余空间",
                f"{at}: the disk fails ({error}, {error.sqlite_errorname}): check disk and free space",
            )
        )
    return None


def read_only(path: Path, zh: str = "", en: str = "") -> IndexUnavailable:
    """Return what to say of a file that can't be written, with what SQLite says of it."""
    return IndexUnavailable(
        Both(
            f"索引 {path} 不能写入{zh}：请检查目录与权限，或用 --data 换一个目录",
            f"the index {path} can't be opened for writing{en}: check its folder and permissions",
        )
    )


def damaged(path: Path, error: Exception) -> IndexLost:
    """Return what to say of a file that SQLite, or the decoding of a row, finds damaged."""
    return IndexLost(
        Both(
            f"索引 {path} 已损坏（{error}）：{_refill(path).zh}，或换回备份",
            f"the index {path} is damaged ({error}): {_refill(path)}, or put a copy back",
        )
    )


def gone(path: Path) -> IndexLost:
    """Return what to say of a file that another one deleted while it was open: what is written goes nowhere."""
    cursors = path.parent / "feed-cursors.json"
    return IndexLost(
        Both(
            f"索引 {path} 在使用中被删除、移走或换掉了，写入的内容没有留在盘上：请把 {cursors}（不然读过的帖子不会重读）"
            f"和那里还有的 {path.name}* 移走，再启动，新的索引会由数据重新填满",
            f"the index {path} was deleted, moved or replaced while in use, what was written is not on the disk: "
            f"move {cursors} away (or what was read is not read again) and what is left there of {path.name}*, "
            "then start again: a new one fills from the feeds",
        )
    )


def _refill(path: Path) -> Both:
    # The cursors say that everything was read: with them a new index would stay empty.
    cursors = path.parent / "feed-cursors.json"
    return Both(
        f"请把它和同名的 -wal、-shm 文件移走，连同 {cursors}（不然读过的帖子不会重读），新的索引会由数据重新填满",
        f"move it and its -wal and -shm files away, and {cursors} too (or what was read is not read again); "
        "a new one fills from the feeds",
    )
