"""``fengsheng dead``: what could not be processed, and why."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

import typer

from config.records import DeadLetter, encode
from config.settings import Settings
from fengsheng.configuration import load_configuration
from fengsheng.indexes import existing_index
from fengsheng.language import told
from fengsheng.options import ConfigOption, DataOption, VerboseOption
from fengsheng.output import escaped, explained, log_to_stderr, out, table_of, talk
from fengsheng.reasons import in_both
from fengsheng.times import when


def dead(
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多几条 The newest so many.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON 输出 One JSON object a line on stdout.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """查看死信 Look at what could not be processed: where it came from and why.

    Example: fengsheng dead --data data --json
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).with_data(data).settings
        letters = asyncio.run(_dead(settings, limit))
    if as_json:
        for letter in letters:
            print(encode(letter).decode())
        return
    if not letters:
        talk.print("没有死信 no dead letters")
        return
    table = table_of("时间 at!", "原因 code!", "说明 reason", "来源 origin")
    for letter in letters:
        origin = f"{letter.topic} {letter.partition}:{letter.offset}"
        table.add_row(
            when(letter.at, settings.timezone),
            letter.code,
            escaped(told(in_both(letter.reason))),
            escaped(origin),
        )
    out.print(table)
    codes = Counter(letter.code for letter in letters)
    talk.print("，".join(f"{code} {count}" for code, count in codes.most_common()))


async def _dead(settings: Settings, limit: int) -> list[DeadLetter]:
    async with existing_index(settings) as index:
        return await index.dead(limit)
