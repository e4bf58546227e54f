"""``fengsheng check``: is everything configured and reachable, and if not, what to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import aiohttp
import typer

from alerting.senders.receiver_check import check_receivers, check_routes
from alerting.senders.slack_check import Finding as Seen
from alerting.senders.slack_check import check_slack
from config.language import Both, said
from config.loading import ConfigError
from config.routes import Routes
from config.settings import Settings
from fengsheng.configuration import Configuration, Source, load_configuration, pseudonym_key
from fengsheng.indexes import NoIndexYet, existing_index, open_index
from fengsheng.interrupts import leaving_at_once
from fengsheng.language import language, told
from fengsheng.loading_models import resolve
from fengsheng.options import ConfigOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, explained, log_to_stderr, talk
from fengsheng.sources import EXAMPLE_WATCHES
from fengsheng.watch_doubts import doubts_of
from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving import Classifier
from models.serving.opening import installed
from models.serving.processor import gpus
from streams.index.base import IndexUnavailable
from streams.topics import KafkaUnavailableError, existing

_SYMBOL = {
    "ok": "[green]✓[/]",
    "note": "[yellow]·[/]",
    "warn": "[bold yellow]![/]",
    "wrong": "[bold red]✗[/]",
}
_GPU = Both(HOW_TO_GET_TORCH_ZH, HOW_TO_GET_TORCH)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do.

    Its kind is ok, note (works, but know it), warn (works, but hardly as meant) or wrong.
    """

    kind: str
    what: str
    detail: str
    fix: str = ""


def _sources(configuration: Configuration) -> list[Finding]:
    """The file of each part: the user's own, or a shipped one that stands in for it."""
    found = [_source(source, configuration.folder) for source in configuration.sources]
    if configuration.example:
        found.append(Finding("warn", "watches", EXAMPLE_WATCHES))
    found += [Finding("warn", "watches", *doubt) for doubt in doubts_of(configuration.watches.watches)]
    return found


def _source(source: Source, folder: Path) -> Finding:
    if not source.shipped:
        return Finding("ok", source.name, str(source.path))
    where = folder / f"{source.name}.yaml"
    shipped = Both(
        f"没有 {where}，用随程序附带的 {source.path}", f"no {where}: the shipped {source.path} is used"
    )
    return Finding("warn", source.name, shipped)


def _model(settings: Settings) -> Finding:
    try:
        where = resolve(settings.model)
        with leaving_at_once():
            classifier = Classifier(where, settings.device, engine=settings.engine)
    except ModelLoadError as error:
        return Finding("wrong", "model", Both(error.zh, str(error)))
    classifier.close()
    why = classifier.choice.why
    detail = Both(
        f"{settings.model}，在 {classifier.device} 上用 {classifier.engine}（{why}）",
        f"{settings.model} on {classifier.device} by {classifier.engine} ({why})",
    )
    if classifier.device == "cpu" and settings.device == "auto" and gpus() and not installed("torch"):
        idle = Both(f"{detail.zh}；NVIDIA GPU 闲着", f"{detail}; the NVIDIA GPU is idle")
        return Finding("note", "model", idle, _GPU)
    return Finding("ok", "model", detail)


def _kafka(settings: Settings) -> list[Finding]:
    if settings.kafka.bootstrap is None:
        detail = Both(
            "未设 kafka.bootstrap：demo 与 up 用内嵌 broker；worker 需要 Kafka",
            "no kafka.bootstrap: demo and up use the embedded broker; worker needs Kafka",
        )
        return [Finding("note", "kafka", detail)]
    try:
        found = existing(settings.kafka)
    except KafkaUnavailableError as error:
        return [Finding("wrong", "kafka", told(error))]
    where = settings.kafka.bootstrap
    findings = [Finding("ok", "kafka", Both(f"{where} 有应答", f"{where} answers"))]
    if missing := ", ".join(name for name in settings.kafka.topics if name not in found):
        detail = Both(f"缺少：{missing}", f"missing: {missing}")
        findings.append(Finding("wrong", "topics", detail, "fengsheng setup"))
    for name, topic in settings.kafka.topics.items():
        if name in found and found[name] != topic.partitions:
            detail = Both(
                f"{name} 有 {found[name]} 个分区，配置写的是 {topic.partitions}",
                f"{name} has {found[name]} partitions, settings say {topic.partitions}",
            )
            fix = f"kafka.topics.{name}.partitions: {found[name]}"
            findings.append(Finding("note", "topics", detail, fix))
    return findings


async def _embedded_index(settings: Settings) -> Finding:
    detail = Both(
        f"未设 elasticsearch.url：用 {settings.data} 里的内嵌索引",
        f"no elasticsearch.url: the embedded index in {settings.data} is used",
    )
    try:
        async with existing_index(settings) as index:
            count = (await index.counts())["mentions"]
    except NoIndexYet:
        return Finding("note", "index", detail)
    except IndexUnavailable as error:
        return Finding("wrong", "index", told(error))
    return Finding("note", "index", Both(f"{detail.zh}：{count} 条帖子", f"{detail}: {count} mentions"))


async def _elasticsearch(settings: Settings) -> Finding:
    url = settings.elasticsearch.url
    if url is None:
        return await _embedded_index(settings)
    index = open_index(settings)
    try:
        await index.open()
        count = (await index.counts()).get("mentions", 0)
    except IndexUnavailable as error:
        fix = "fengsheng setup" if "setup" in str(error) else ""
        return Finding("wrong", "elasticsearch", told(error), fix)
    finally:
        await index.close()
    return Finding("ok", "elasticsearch", Both(f"{url}：{count} 条帖子", f"{url}: {count} mentions"))


async def _http(what: str, url: str, path: str, token: str | None, variable: str) -> Finding:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(url.rstrip("/") + path, headers=headers) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        kind = type(error).__name__
        detail = Both(f"{url} 处没有应答（{kind}）", f"nothing answers at {url} ({kind})")
        fix = Both(
            f"请启动它，或改正 settings.yaml 的 {what}.url",
            f"start it, or correct {what}.url in settings.yaml",
        )
        return Finding("wrong", what, detail, fix)
    if status in (401, 403):
        detail = Both(f"{url} 不认这个 token（HTTP {status}）", f"{url} refused the token (HTTP {status})")
        fix = Both(f"把 {variable} 设为有效的 token", f"set {variable} to a valid token")
        return Finding("wrong", what, detail, fix)
    if status >= 400:
        detail = Both(f"{url}{path} 应答 HTTP {status}", f"{url}{path} answered HTTP {status}")
        fix = Both(f"{what}.url 真是 {what} 的地址吗？", f"is {what}.url really {what}'s address?")
        return Finding("wrong", what, detail, fix)
    return Finding("ok", what, Both(f"{url} 有应答", f"{url} answers"))


async def _grafana(settings: Settings) -> Finding:
    if settings.grafana.url is None:
        detail = Both(
            "未设 grafana.url：setup 不安装仪表盘", "no grafana.url: dashboards are not installed by setup"
        )
        return Finding("note", "grafana", detail)
    token = settings.grafana.token.get_secret_value() if settings.grafana.token else None
    path = "/api/org" if token else "/api/health"
    return await _http("grafana", settings.grafana.url, path, token, "FENGSHENG_GRAFANA__TOKEN")


async def _kibana(settings: Settings) -> Finding:
    if settings.kibana.url is None:
        detail = Both(
            "未设 kibana.url：setup 不安装数据视图", "no kibana.url: data views are not installed by setup"
        )
        return Finding("note", "kibana", detail)
    return await _http("kibana", settings.kibana.url, "/api/status", None, "")


def _seen(what: str, found: Seen) -> Finding:
    kind = "wrong" if not found.ok else "note" if found.fix else "ok"
    return Finding(kind, what, found.what, found.fix or "")


async def _receivers(settings: Settings, routes: Routes) -> list[Finding]:
    slack, others = await asyncio.gather(check_slack(settings, routes), check_receivers(settings, routes))
    return [*(_seen("slack", found) for found in slack), *(_seen("receiver", found) for found in others)]


def _pseudonyms(settings: Settings) -> Finding:
    embedded = settings.kafka.bootstrap is None
    if embedded and settings.privacy.pseudonym_key is None:
        path = settings.data / "pseudonym.key"
        detail = Both(f"作者化名的密钥存放在 {path}", f"the pseudonyms' key is kept in {path}")
        return Finding("note", "privacy", detail)
    try:
        pseudonym_key(settings, embedded)
    except ConfigError as error:
        key = error.problems[0].key
        expected = said(error.problems[0].expected, "zh"), error.problems[0].expected
        return Finding(
            "wrong",
            "privacy",
            Both(f"未设置 {key}", f"{key} is not set"),
            Both(f"设为{expected[0]}", f"set it to {expected[1]}"),
        )
    return Finding("ok", "privacy", Both("作者化名的密钥已设置", "the pseudonyms' key is set"))


def check(
    config: ConfigOption = None,
    watches: WatchesOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="只检查文件 Check the files only, ask no server.")
    ] = False,
    verbose: VerboseOption = False,
) -> None:
    """检查配置与各个服务 Check the configuration and whether each server can be reached.

    Names the file of each part, and warns (!) where the shipped one stands in for one that is not there.
    Exits 1 if anything is wrong, each with what was found and how to mend it.

    Example: fengsheng check --config config
    """
    log_to_stderr(verbose, quiet=not verbose)
    try:
        configuration = load_configuration(config, watches)
    except ConfigError as error:
        for problem in error.problems:
            _print(Finding("wrong", "config", problem.told(language())))
        raise typer.Exit(1) from None
    settings = configuration.settings
    findings = [*_sources(configuration), _summary(configuration), _pseudonyms(settings)]
    findings += [_seen("routes", found) for found in check_routes(configuration.routes)]
    if not offline:
        with explained():
            findings.append(_model(settings))
            findings += _kafka(settings)
            findings += asyncio.run(_servers(settings, configuration.routes))
    for finding in findings:
        _print(finding)
    if any(finding.kind == "wrong" for finding in findings):
        raise typer.Exit(1)


def _summary(configuration: Configuration) -> Finding:
    names = [watch.name for watch in configuration.watches.watches]
    some = "、".join(names[:3]) + ("…" if len(names) > 3 else "")
    sets = len(configuration.rules.rules)
    detail = Both(
        f"{len(names)} 个监测对象（{some}），{sets} 套规则",
        f"{len(names)} watches ({some}), {sets} rule sets",
    )
    return Finding("ok", "config", detail)


def _print(finding: Finding) -> None:
    fix = f"  → {escaped(told(finding.fix))}" if finding.fix else ""
    detail = escaped(told(finding.detail))
    talk.print(f"{_SYMBOL[finding.kind]} {finding.what:<14}{detail}{fix}", soft_wrap=True)


async def _servers(settings: Settings, routes: Routes) -> list[Finding]:
    index, grafana, kibana, receivers = await asyncio.gather(
        _elasticsearch(settings), _grafana(settings), _kibana(settings), _receivers(settings, routes)
    )
    return [index, *receivers, grafana, kibana]
