"""Read dumps for the commands that sort them, and say what could not be read and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from config.records import Author, Mention
from config.settings import PipelineSettings
from fengsheng.language import say, told
from fengsheng.output import escaped, fail, talk
from fengsheng.reasons import in_both
from streams.decoding import check_mention
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Format, Refused, Rejected
from streams.feeds.replay import load_sorted

_SHOWN = 3


def checked_format(form: str) -> Format:
    """Return the named input form, or end the command with those that there are."""
    try:
        return Format(form)
    except ValueError:
        known = ", ".join(Format)
        fail(
            say(
                f"没有 --format {form!r} 这种格式；可用：{known}",
                f"--format {form!r} is not known; expected one of {known}",
            )
        )


def check_there(sources: Sequence[str]) -> None:
    """End the command if a file or folder is missing, before anything that takes long is begun."""
    if missing := [name for name in sources if name != "-" and not Path(name).exists()]:
        names = ", ".join(missing)
        fail(say(f"没有这个文件或目录：{names}", f"no such file or folder: {names}"))


@dataclass(frozen=True)
class Dump:
    """What files hold: mentions in order of time, profiles, and the lines that are neither.

    `rejected` are those that can't be read, and those that hold a mention that no worker takes.
    """

    mentions: list[Mention]
    authors: list[Author]
    rejected: list[Rejected]


def read_sorted(
    files: Sequence[Path], form: str, platform: str, limits: PipelineSettings, now: float
) -> Dump:
    """Return what the files hold; lines that are not taken are counted on stderr.

    What a worker would refuse at `now` is refused here: nobody waits for a post of next year at the pace
    of the dump, nor does one make all others late.
    """
    authors: list[Author] = []
    rejected: list[Rejected] = []
    try:
        mentions = load_sorted(
            files,
            checked_format(form),
            platform,
            on_author=authors.append,
            on_rejected=rejected.append,
            check=lambda mention: check_mention(mention, limits, now),
        )
    except SourceMissing as error:
        fail(error)
    refused = [one for one in rejected if isinstance(one, Refused)]
    _tell("读不了 {} 行 unreadable lines", [one for one in rejected if not isinstance(one, Refused)])
    _tell("不收 {} 条 refused", refused)
    if not mentions and not rejected:
        fail_for_nothing(rejected)
    return Dump(mentions, authors, rejected)


def fail_for_nothing(rejected: Sequence[Rejected]) -> NoReturn:
    """End the command, since no post of its files can be used."""
    fail("没有可用的帖子 no readable posts in the input" + (" (see above)" if rejected else ""))


def _tell(what: str, rejected: Sequence[Rejected]) -> None:
    if not rejected:
        return
    codes = ", ".join(f"{code} {n}" for code, n in Counter(str(r.code) for r in rejected).most_common())
    talk.print(f"[yellow]{what.format(len(rejected))}[/] {codes}; 例如 for instance:")
    for one in rejected[:_SHOWN]:
        talk.print(f"  {escaped(one.where)}: {escaped(told(in_both(one.reason)))}", soft_wrap=True)
