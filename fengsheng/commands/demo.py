"""``fengsheng demo``: the whole system on a shipped scenario, without any server."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerting.backtest import WatchReport
from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import explained, log_to_stderr, talk
from fengsheng.replaying import Outcome, Run, replay_embedded, speed_of
from fengsheng.reporting import as_object, write_report
from fengsheng.running import end_if_interrupted, run
from fengsheng.scenario import END, SCENARIO_WATCHES, TRUTH, load
from fengsheng.times import when
from fengsheng.writing import check_writable, make_folder
from streams.masking import Pseudonymiser

BRAND = "qingshan-tea"
_MINUTE: Final = "%m-%d %H:%M"
_COLUMNS: Final = (
    ("对象", "watch"), ("帖子", "posts"), ("级别", "level"), ("开始", "started"), ("发现", "detected"),
    ("用时", "lag"), ("结束", "resolved"), ("通知", "pages"),
)  # fmt: skip


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="放完即退出 Exit when done, without asking anything.")
    ] = False,
    speed: Annotated[
        float, typer.Option("--speed", help="倍速 Event seconds a second; 0: as fast as this machine reads.")
    ] = 0.0,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="写出结果 Write what happened as JSON.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="保留数据 Keep the index in this folder.")
    ] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """演示：一个茶饮品牌的两天 Play two days of an invented tea brand through the real system.

    An ordinary day, a busy launch that is no crisis, a food-safety crisis, a second wave. No server is
    needed: broker, worker and index run in this process.

    Example: fengsheng demo --once --report report.json
    """
    log_to_stderr(verbose)
    if keep is not None:
        make_folder(keep)
    with explained():
        check_writable(report)
        # The user's rules and routes, the scenario's watches, and no server.
        configuration = load_configuration(config, SCENARIO_WATCHES).without_servers()
        classifier = load_classifier(configuration.settings)
    folder = keep or Path(tempfile.mkdtemp(prefix="fengsheng-demo-"))
    try:
        with explained():
            configuration = configuration.with_data(folder)
            pseudonyms = Pseudonymiser(pseudonym_key(configuration.settings, embedded=True))
            plan = Run(configuration, load(), [], [], speed_of(speed), "风声 · 演示 demo", _clock)
            signals: list[int] = []
            outcome = run(lambda stop: replay_embedded(plan, classifier, pseudonyms, stop), signals.append)
            if report is not None:
                body = as_object(outcome.watches, posts=outcome.posts, dead=outcome.dead,
                                 seconds=round(outcome.seconds, 1))  # fmt: skip
                write_report(report, body)
            _summary(configuration, outcome, keep)
            end_if_interrupted(signals)
            if not once and sys.stdin.isatty():
                typer.prompt("按回车结束 Enter to end", default="", show_default=False, err=True)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _clock() -> float:
    """Epoch seconds; the scenario's days may lie ahead of this machine's clock, and are no mistake."""
    return max(time.time(), END)


def _summary(configuration: Configuration, outcome: Outcome, keep: Path | None) -> None:
    zone = configuration.settings.timezone
    names = {watch.id: watch.name for watch in configuration.watches.watches}
    table = _table()
    for watch, found in outcome.watches.items():
        _rows(table, names[watch], found, zone)
    talk.print()
    talk.print(table)
    total = outcome.posts
    talk.print(
        f"{total} 条帖子 posts，{outcome.seconds:.0f} 秒 s（{total / max(outcome.seconds, 0.1):.0f} 条/秒 posts/s），"
        f"{outcome.dead} 死信 dead letters"
    )
    for line in () if outcome.stopped or outcome.before else _verdict(outcome):
        talk.print(line)
    index = f"看事件 its incidents: fengsheng incidents list --data {keep}\n" if keep else ""
    talk.print(
        Panel(
            Text(
                f"{index}"
                "接上自己的品牌 your own brand: config/watches.yaml, fengsheng up FOLDER\n"
                "在历史数据上试规则 rules on history: fengsheng backtest FILE\n"
                "留下演示数据 keep the demo's data: fengsheng demo --keep demo-data\n"
                "接上 Kafka 与 Elasticsearch: docs/deploy.md"
            ),
            title="下一步 where to look next",
            title_align="left",
        )
    )


def _table() -> Table:
    """A table that is whole on a terminal of 80 columns: headings of two lines, no frame, times to the minute."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for zh, en in _COLUMNS:
        table.add_column(f"{zh}\n{en}", overflow="fold", no_wrap=zh in ("开始", "发现"))
    return table


def _rows(table: Table, name: str, found: WatchReport, zone: str) -> None:
    if not found.incidents:
        table.add_row(name, str(found.posts), "—", "", "", "", "", "0")
    for number, one in enumerate(found.incidents):
        table.add_row(
            "" if number else name,
            "" if number else str(found.posts),
            {"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ", "IV": "Ⅳ"}[one.level],
            when(one.started_at, zone, _MINUTE),
            when(one.detected_at, zone, _MINUTE),
            f"{one.detected_at - one.started_at:.0f} s",
            when(one.resolved_at, zone, _MINUTE) or "未结束 open",
            str(one.pages),
        )


def _verdict(outcome: Outcome) -> list[str]:
    """Compare with what the scenario is known to hold."""
    crisis, launch = TRUTH["crisis"], TRUTH["launch"]
    detected = [i.detected_at for i in outcome.watches[BRAND].incidents]
    found = [at for at in detected if crisis.start <= at < crisis.end]
    false = [at for at in detected if launch.start <= at < launch.end]
    lines = []
    if found:
        lag = (found[0] - crisis.start) / 60
        lines.append(
            f"[green]✓[/] 危机在首帖后 {lag:.1f} 分钟发现 the crisis was found {lag:.1f} min after its first post"
        )
    else:
        lines.append("[red]✗[/] 没有发现危机 the crisis was missed")
    if false:
        lines.append("[red]✗[/] 新品上市被误报 the launch was paged")
    else:
        lines.append("[green]✓[/] 新品上市没有误报 the busy launch paged nobody")
    return lines
