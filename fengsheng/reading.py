"""Read dumps for the commands that sort them, and say what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from config.records import Author, Mention
from config.settings import PipelineSettings
from fengsheng.language import say
from fengsheng.output import escaped, fail, talk
from streams.decoding import check_mention
from streams.feeds.follow import SourceMissing
from streams.feeds.formats import Format, Rejected
from streams.feeds.replay import load_sorted


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


def acceptable(mentions: Sequence[Mention], limits: PipelineSettings, now: float) -> list[Mention]:
    """Return the mentions that a worker would take; the others are counted on stderr."""
    taken: list[Mention] = []
    codes: Counter[str] = Counter()
    example = ""
    for mention in mentions:
        if (refused := check_mention(mention, limits, now)) is None:
            taken.append(mention)
            continue
        codes[refused.code] += 1
        example = example or refused.reason
    if codes:
        told = ", ".join(f"{code} {n}" for code, n in codes.most_common())
        talk.print(
            f"[yellow]不收 {codes.total()} 条 refused[/] {told}; 例如 for instance: {escaped(example)}",
            soft_wrap=True,
        )
    return taken


def read_sorted(files: Sequence[Path], form: str, platform: str) -> tuple[list[Mention], list[Author]]:
    """Return the mentions in order of time, and the profiles; lines that can't be read are counted on stderr."""
    authors: list[Author] = []
    rejected: list[Rejected] = []
    try:
        mentions = load_sorted(
            files, checked_format(form), platform, on_author=authors.append, on_rejected=rejected.append
        )
    except SourceMissing as error:
        fail(error)
    if rejected:
        codes = ", ".join(f"{code} {n}" for code, n in Counter(str(r.code) for r in rejected).most_common())
        talk.print(f"[yellow]读不了 {len(rejected)} 行 unreadable lines[/] {codes}; 例如 for instance:")
        for one in rejected[:3]:
            talk.print(f"  {escaped(one.where)}: {escaped(one.reason)}", soft_wrap=True)
    if not mentions:
        fail("没有可用的帖子 no readable posts in the input" + (" (see above)" if rejected else ""))
    return mentions, authors
