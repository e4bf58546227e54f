"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="DIR",
        help="配置目录 Folder of settings, watches, rules and routes (default: $FENGSHENG_CONFIG, else ./config).",
    ),
]
WatchesOption = Annotated[
    Path | None,
    typer.Option(
        "--watches", "-w", metavar="FILE", help="关注对象文件 A watches file in place of the folder's."
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="数据目录 Where the embedded mode keeps its files."),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="详细日志 Log what happens to stderr.")]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="输入格式 Form of the input: auto, fengsheng (mention JSON Lines), mediacrawler or hotlist.",
    ),
]
PlatformOption = Annotated[
    str,
    typer.Option("--platform", help="缺省平台 Platform of records that do not name theirs."),
]
