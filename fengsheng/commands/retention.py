"""``fengsheng retention``: drop what is kept for long enough."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from config.settings import Settings
from fengsheng.configuration import load_configuration
from fengsheng.indexes import existing_index
from fengsheng.options import ConfigOption, DataOption, VerboseOption
from fengsheng.output import explained, log_to_stderr, talk


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只列出 List what would be dropped, drop nothing.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """清除过期数据 Drop the months that settings.retention no longer keeps.

    Workers do the same by themselves every retention.check_hours. Names go to stdout.

    Example: fengsheng retention --dry-run
    """
    log_to_stderr(verbose)
    with explained():
        names = asyncio.run(_drop(load_configuration(config).with_data(data).settings, dry_run))
    for name in names:
        print(name)
    if not names:
        talk.print("没有过期数据 nothing has expired")


async def _drop(settings: Settings, dry_run: bool) -> list[str]:
    async with existing_index(settings) as index:
        now = time.time()
        return await (index.expired(now) if dry_run else index.drop_expired(now))
