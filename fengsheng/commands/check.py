"""``fengsheng check``: is everything configured and reachable, and if not, what to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

import aiohttp
import typer

from alerting.senders.receiver_check import check_receivers, check_routes
from alerting.senders.slack_check import Finding as Seen
from alerting.senders.slack_check import check_slack
from config.loading import ConfigError
from config.routes import Routes
from config.settings import Settings
from fengsheng.configuration import load_configuration, pseudonym_key
from fengsheng.indexes import open_index
from fengsheng.loading_models import resolve
from fengsheng.options import ConfigOption, VerboseOption, WatchesOption
from fengsheng.output import escaped, log_to_stderr, talk
from models.heads import ModelLoadError
from models.serving import Classifier
from models.serving.opening import installed
from models.serving.processor import gpus
from streams.index.base import IndexUnavailable
from streams.topics import KafkaUnavailableError, existing

_SYMBOL = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "wrong": "[bold red]✗[/]"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ok, note (works, but know it) or wrong, and what to do."""

    kind: str
    what: str
    detail: str
    fix: str = ""


def _model(settings: Settings) -> Finding:
    try:
        where = resolve(settings.model)
        classifier = Classifier(where, settings.device, engine=settings.engine)
    except ModelLoadError as error:
        return Finding("wrong", "model", str(error))
    classifier.close()
    detail = f"{settings.model} on {classifier.device} by {classifier.engine} ({classifier.choice.why})"
    if classifier.device == "cpu" and settings.device == "auto" and gpus() and not installed("torch"):
        return Finding("note", "model", f"{detail}; the NVIDIA GPU is idle", "pip install 'fengsheng[gpu]'")
    return Finding("ok", "model", detail)


def _kafka(settings: Settings) -> list[Finding]:
    if settings.kafka.bootstrap is None:
        return [
            Finding(
                "note", "kafka", "no kafka.bootstrap: demo and up use the embedded broker; worker needs Kafka"
            )
        ]
    try:
        found = existing(settings.kafka)
    except KafkaUnavailableError as error:
        return [Finding("wrong", "kafka", str(error))]
    findings = [Finding("ok", "kafka", f"{settings.kafka.bootstrap} answers")]
    missing = [name for name in settings.kafka.topics if name not in found]
    if missing:
        findings.append(Finding("wrong", "topics", f"missing: {', '.join(missing)}", "fengsheng setup"))
    for name, topic in settings.kafka.topics.items():
        if name in found and found[name] != topic.partitions:
            detail = f"{name} has {found[name]} partitions, settings say {topic.partitions}"
            findings.append(
                Finding("note", "topics", detail, f"kafka.topics.{name}.partitions: {found[name]}")
            )
    return findings


async def _elasticsearch(settings: Settings) -> Finding:
    if settings.elasticsearch.url is None:
        return Finding(
            "note", "index", f"no elasticsearch.url: the embedded index in {settings.data} is used"
        )
    index = open_index(settings)
    try:
        await index.open()
        counts = await index.counts()
    except IndexUnavailable as error:
        return Finding(
            "wrong", "elasticsearch", str(error), "fengsheng setup" if "setup" in str(error) else ""
        )
    finally:
        await index.close()
    return Finding(
        "ok", "elasticsearch", f"{settings.elasticsearch.url}: {counts.get('mentions', 0)} mentions"
    )


async def _http(what: str, url: str, path: str, token: str | None, variable: str) -> Finding:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(url.rstrip("/") + path, headers=headers) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        detail = f"nothing answers at {url} ({type(error).__name__})"
        return Finding("wrong", what, detail, f"start it, or correct {what}.url in settings.yaml")
    if status in (401, 403):
        return Finding(
            "wrong", what, f"{url} refused the token (HTTP {status})", f"set {variable} to a valid token"
        )
    if status >= 400:
        return Finding(
            "wrong", what, f"{url}{path} answered HTTP {status}", f"is {what}.url really {what}'s address?"
        )
    return Finding("ok", what, f"{url} answers")


async def _grafana(settings: Settings) -> Finding:
    if settings.grafana.url is None:
        return Finding("note", "grafana", "no grafana.url: dashboards are not installed by setup")
    token = settings.grafana.token.get_secret_value() if settings.grafana.token else None
    path = "/api/org" if token else "/api/health"
    return await _http("grafana", settings.grafana.url, path, token, "FENGSHENG_GRAFANA__TOKEN")


async def _kibana(settings: Settings) -> Finding:
    if settings.kibana.url is None:
        return Finding("note", "kibana", "no kibana.url: data views are not installed by setup")
    return await _http("kibana", settings.kibana.url, "/api/status", None, "")


def _seen(what: str, found: Seen) -> Finding:
    kind = "wrong" if not found.ok else "note" if found.fix else "ok"
    return Finding(kind, what, found.what.removeprefix("Slack: "), found.fix or "")


async def _receivers(settings: Settings, routes: Routes) -> list[Finding]:
    slack, others = await asyncio.gather(check_slack(settings, routes), check_receivers(settings, routes))
    return [*(_seen("slack", found) for found in slack), *(_seen("receiver", found) for found in others)]


def _pseudonyms(settings: Settings) -> Finding:
    embedded = settings.kafka.bootstrap is None
    if embedded and settings.privacy.pseudonym_key is None:
        return Finding("note", "privacy", f"the pseudonyms' key is kept in {settings.data / 'pseudonym.key'}")
    try:
        pseudonym_key(settings, embedded)
    except ConfigError as error:
        problem = error.problems[0]
        return Finding("wrong", "privacy", f"{problem.key} is not set", f"set it to {problem.expected}")
    return Finding("ok", "privacy", "the pseudonyms' key is set")


def check(
    config: ConfigOption = None,
    watches: WatchesOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="只检查文件 Check the files only, ask no server.")
    ] = False,
    verbose: VerboseOption = False,
) -> None:
    """检查配置与各个服务 Check the configuration and whether each server can be reached.

    Exits 1 if anything is wrong, each with what was found and how to mend it.

    Example: fengsheng check --config config
    """
    log_to_stderr(verbose, quiet=not verbose)
    try:
        configuration = load_configuration(config, watches)
    except ConfigError as error:
        for problem in error.problems:
            talk.print(f"{_SYMBOL['wrong']} config  {escaped(str(problem))}", soft_wrap=True)
        raise typer.Exit(1) from None
    settings = configuration.settings
    count = len(configuration.watches.watches)
    findings = [
        Finding(
            "ok",
            "config",
            f"{configuration.folder}: {count} watches, {len(configuration.rules.rules)} rule sets",
        )
    ]
    findings.append(_pseudonyms(settings))
    findings += [_seen("routes", found) for found in check_routes(configuration.routes)]
    if not offline:
        findings.append(_model(settings))
        findings += _kafka(settings)
        findings += asyncio.run(_servers(settings, configuration.routes))
    for finding in findings:
        fix = f"  → {escaped(finding.fix)}" if finding.fix else ""
        talk.print(
            f"{_SYMBOL[finding.kind]} {finding.what:<14}{escaped(finding.detail)}{fix}", soft_wrap=True
        )
    if any(finding.kind == "wrong" for finding in findings):
        raise typer.Exit(1)


async def _servers(settings: Settings, routes: Routes) -> list[Finding]:
    index, grafana, kibana, receivers = await asyncio.gather(
        _elasticsearch(settings), _grafana(settings), _kibana(settings), _receivers(settings, routes)
    )
    return [index, *receivers, grafana, kibana]
