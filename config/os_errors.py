"""Why the system refused a file or folder, in both languages: ``strerror`` is English alone."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final

from config.language import Both

_ZH: Final[Mapping[int, str]] = {
    errno.ENOENT: "没有这个文件或目录",
    errno.EISDIR: "是目录",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EEXIST: "这里已有一个文件",
    errno.EACCES: "没有权限",
    errno.EPERM: "系统不允许",
    errno.EROFS: "文件系统是只读的",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.ENAMETOOLONG: "名字太长",
    errno.ELOOP: "链接绕成了圈",
    errno.EIO: "磁盘读写出错",
    errno.EMFILE: "打开的文件太多",
}


def why_refused(error: OSError) -> Both:
    """Return what the system says, in both languages where it is one of the usual reasons.

    Examples
    --------
    >>> why = why_refused(IsADirectoryError(21, "Is a directory"))
    >>> why, why.zh
    ('Is a directory', '是目录')
    """
    en = error.strerror or str(error)
    return Both(_ZH.get(error.errno or 0, en), en)
