"""The ``fengsheng`` command line."""

from __future__ import annotations

import sys

import typer

from fengsheng.commands import (
    backtest,
    check,
    classify,
    dead,
    demo,
    feed,
    incidents,
    replay,
    retention,
    rules,
    setup,
    up,
    worker,
)
from fengsheng.stdout import watched_stdout
from models.commands import app as model_app

app = typer.Typer(
    name="fengsheng",
    help="风声 Fengsheng：几秒内发现品牌舆情危机，说明原因与证据。\n\n"
    "Watches what the Chinese internet says about a brand and pages its PR team within seconds.\n\n"
    "Example: fengsheng demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(up.up)
app.command()(check.check)
app.command()(setup.setup)
app.command()(worker.worker)
app.command()(feed.feed)
app.command()(replay.replay)
app.command()(classify.classify)
app.command()(backtest.backtest)
app.add_typer(incidents.app, name="incidents")
app.add_typer(rules.app, name="rules")
app.command()(dead.dead)
app.command()(retention.retention)
app.add_typer(model_app, name="model")


def main() -> None:
    """Run the command line."""
    # Chinese text must print whatever the locale says (LANG=C in containers).
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    with watched_stdout():
        app()
