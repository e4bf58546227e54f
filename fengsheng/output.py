"""Data to stdout, talk to stderr, and errors that say what, where and what to do."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from config.addresses import masked
from config.loading import ConfigError
from fengsheng.interrupts import INTERRUPTED, STOPPED
from fengsheng.language import language, told
from streams.index.base import IndexUnavailable
from streams.topics import KafkaUnavailableError

STDOUT_CLOSED: Final = sys.stdout is None
"""Whether what a command writes goes nowhere."""
if sys.stdout is None:  # closed by who started us (>&-): nobody reads
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end of the process

talk = Console(stderr=True, highlight=False)
"""Where a person reads: stderr."""


out = Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200)
"""Where data goes: stdout; a file or pipe has no 80 columns to keep to."""


def table_of(*names: str) -> Table:
    """Return a table with these columns; one whose name ends in ``!`` is never cut or wrapped, others fold."""
    table = Table()
    for name in names:
        table.add_column(name.removesuffix("!"), no_wrap=name.endswith("!"), overflow="fold")
    return table


def fail(message: str | BaseException) -> NoReturn:
    """Say what went wrong on stderr, in the user's language where it is known in both, and end with status 1."""
    talk.print(f"[bold red]错误 error[/] {escaped(told(message))}", soft_wrap=True)
    raise typer.Exit(1)


def warn(message: str) -> None:
    """Say on stderr what works, but is not what the user may think."""
    talk.print(f"[bold yellow]注意 warning[/] {escaped(told(message))}", soft_wrap=True)


def escaped(text: str) -> str:
    """Return `text` so that rich prints it as it is, but for names and passwords in addresses."""
    return masked(text).replace("[", r"\[")


@contextmanager
def explained() -> Iterator[None]:
    """Turn the failures that a user can mend into a message and status 1."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            talk.print(f"[bold red]配置 config[/] {escaped(problem.told(language()))}", soft_wrap=True)
        raise typer.Exit(1) from None
    except (IndexUnavailable, KafkaUnavailableError) as error:
        fail(error)
    except BrokenPipeError:
        # The reader of our stdout went away (| head): not our failure.
        sys.stderr.close()
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        talk.print(STOPPED)
        raise typer.Exit(INTERRUPTED) from None


class _Masking(logging.Formatter):
    """Hides names and passwords in addresses: libraries log the address that they were given."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def log_to_stderr(verbose: bool = False, quiet: bool = False) -> None:
    """Send the log to stderr: warnings, or all with `verbose`."""
    level = logging.INFO if verbose else logging.ERROR if quiet else logging.WARNING
    handler = RichHandler(console=talk, show_path=False, markup=False, log_time_format="%H:%M:%S")
    handler.setFormatter(_Masking("%(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("fengsheng").setLevel(logging.INFO)
    for noisy in ("aiokafka", "faust", "mode", "kafka", "elastic_transport", "jieba"):
        logging.getLogger(noisy).setLevel(logging.WARNING if verbose else logging.CRITICAL)
    if not verbose:
        # The hub's client sets its own level when it is imported, and tells of each of its retries.
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")
