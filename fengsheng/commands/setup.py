"""``fengsheng setup``: topics, index, dashboards, as configured."""

from __future__ import annotations

import asyncio

from config.settings import Settings
from fengsheng.configuration import load_configuration
from fengsheng.indexes import open_index
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import escaped, explained, fail, log_to_stderr, talk
from streams.topics import create_topics


def setup(config: ConfigOption = None, verbose: VerboseOption = False) -> None:
    """建立主题、索引与仪表盘 Create topics, index and dashboards as configured.

    What is there already is left as it is; running it again is harmless.

    Example: FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092 fengsheng setup
    """
    log_to_stderr(verbose)
    with explained():
        settings = load_configuration(config).settings
        _topics(settings)
        asyncio.run(_index_and_dashboards(settings))


def _topics(settings: Settings) -> None:
    if settings.kafka.bootstrap is None:
        talk.print("· kafka   未配置 bootstrap，使用内嵌 broker no kafka.bootstrap: nothing to create")
        return
    for report in create_topics(settings.kafka):
        done = "已建 created" if report.created else "已有 exists"
        talk.print(f"[green]✓[/] topic   {report.name} {done}, {report.partitions} partitions")
        if report.problem:
            talk.print(f"[yellow]·[/] topic   {report.name} {escaped(report.problem)}", soft_wrap=True)


async def _index_and_dashboards(settings: Settings) -> None:
    index = open_index(settings)
    await index.open()
    try:
        for sentence in await index.setup():
            talk.print(f"[green]✓[/] index   {escaped(sentence)}", soft_wrap=True)
    finally:
        await index.close()
    # Here, since no other command should wait for its imports.
    from dashboards.install import DashboardError, install_grafana, install_kibana

    try:
        if settings.grafana.url:
            for sentence in await install_grafana(settings):
                talk.print(f"[green]✓[/] grafana {escaped(sentence)}", soft_wrap=True)
        if settings.kibana.url:
            for sentence in await install_kibana(settings):
                talk.print(f"[green]✓[/] kibana  {escaped(sentence)}", soft_wrap=True)
    except DashboardError as error:
        fail(error)
