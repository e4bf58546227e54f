"""``fengsheng replay``: a dump in order of time, at an adjustable speed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from config.settings import KafkaSettings
from fengsheng.configuration import load_configuration, pseudonym_key
from fengsheng.kafka_sinks import kafka_sink
from fengsheng.language import say
from fengsheng.loading_models import load_classifier
from fengsheng.options import (
    ConfigOption,
    DataOption,
    FormatOption,
    PlatformOption,
    VerboseOption,
    WatchesOption,
)
from fengsheng.output import escaped, explained, fail, log_to_stderr, talk, warn
from fengsheng.reading import Dump, fail_for_nothing, read_sorted
from fengsheng.replaying import Outcome, Run, replay_embedded, speed_of
from fengsheng.reporting import as_object, write_report
from fengsheng.running import end_if_interrupted, run
from fengsheng.sources import tell_sources
from fengsheng.writing import check_writable
from streams.feeds.cursor import Tracker
from streams.feeds.inflight import InFlight
from streams.feeds.private import PrivateSink
from streams.feeds.replay import replay as send_in_order
from streams.feeds.sink import SinkUnavailable
from streams.masking import Pseudonymiser


def replay(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="历史数据 Files or folders of posts.")
    ],
    speed: Annotated[
        float, typer.Option("--speed", help="倍速 Event seconds a second; 0: as fast as it is taken.")
    ] = 0.0,
    report: Annotated[
        Path | None, typer.Option("--report", help="写出结果 Write what happened as JSON.")
    ] = None,
    form: FormatOption = "auto",
    platform: PlatformOption = "weibo",
    watches: WatchesOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """按时间顺序重放 Replay a dump in order of time.

    With kafka.bootstrap it is fed into Kafka, for the workers; without, the whole system runs here and
    the view shows what it makes of it.

    Example: fengsheng replay dump.jsonl.xz --speed 600
    """
    log_to_stderr(verbose)
    with explained():
        check_writable(report)
        configuration = load_configuration(config, watches).with_data(data)
        settings = configuration.settings
        tell_sources(configuration)
        to_kafka = settings.kafka.bootstrap is not None
        pseudonyms = Pseudonymiser(
            pseudonym_key(settings, embedded=not to_kafka), settings.privacy.keep_organisation_names
        )
        pace = speed_of(speed)
        dump = read_sorted(files, form, platform, settings.pipeline, time.time())
        signals: list[int] = []
        try:
            if to_kafka:
                kafka = settings.kafka
                sent = run(lambda stop: _into_kafka(kafka, dump, pseudonyms, pace, stop), signals.append)
                talk.print(f"{sent} 条已送入 mentions sent to {kafka.bootstrap}")
                end_if_interrupted(signals)
                if not dump.mentions:
                    fail_for_nothing(dump.rejected)
                return
        except SinkUnavailable as error:
            fail(error)
        classifier = load_classifier(settings)
        plan = Run(configuration, dump.mentions, dump.authors, dump.rejected, pace, "风声 · 重放 replay")
        outcome = run(lambda stop: replay_embedded(plan, classifier, pseudonyms, stop), signals.append)
        _tell(outcome, settings.data)
        if not dump.mentions:
            end_if_interrupted(signals)
            fail_for_nothing(dump.rejected)
        body = as_object(
            outcome.watches,
            posts=outcome.posts,
            dead=outcome.dead,
            held_before=outcome.before,
            seconds=round(outcome.seconds, 1),
        )
        if report is not None:
            write_report(report, body)
        else:
            print(json.dumps(body, ensure_ascii=False))
        end_if_interrupted(signals)


def _tell(outcome: Outcome, data: Path) -> None:
    if outcome.dead:
        told = say(f"{outcome.dead} 条死信，可以查看", f"{outcome.dead} dead letters, to be looked at")
        talk.print(f"{told}: fengsheng dead --data {escaped(str(data))}", soft_wrap=True)
    if continued := sum(one.continued for found in outcome.watches.values() for one in found.incidents):
        warn(
            say(
                f"有 {continued} 个事件在这次之前就已开始（报告里标 continued）：级别与时间是整个事件的，通知次数只算这次",
                f"{continued} incidents had begun before this run (continued in the report): their level and times"
                " are of the whole incident, their pages of this run",
            )
        )


async def _into_kafka(
    kafka: KafkaSettings,
    dump: Dump,
    pseudonyms: Pseudonymiser,
    speed: float | None,
    stop: asyncio.Event,
) -> int:
    tracker = Tracker()
    async with kafka_sink(kafka, tracker) as sink:
        private = PrivateSink(sink, pseudonyms)
        for one in dump.rejected:
            if stop.is_set():
                return 0
            await private.reject(one)
        for author in dump.authors:
            await private.send_author(author)
        limit = InFlight(count=5_000, size=5_000_000)
        return await send_in_order(
            dump.mentions, private, speed=speed, tracker=tracker, limit=limit, stop=stop
        )
