"""``fengsheng worker``: one worker of the group on Kafka."""

from __future__ import annotations

import asyncio

from config.language import NOTHING, Both
from config.loading import ConfigError, Problem
from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.indexes import open_index
from fengsheng.kafka_credentials import credentials
from fengsheng.kafka_sinks import KAFKA
from fengsheng.language import say, told
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import explained, fail, log_to_stderr, talk
from fengsheng.pipeline import Pipeline
from fengsheng.running import first_of, run
from fengsheng.sources import tell_sources
from fengsheng.telling import make_delivery
from models.serving import Classifier
from streams.masking import Pseudonymiser
from streams.topics import existing

_ELASTICSEARCH = Both(
    "Elasticsearch 的地址：Kafka 上的各工作进程共用一个索引（FENGSHENG_ELASTICSEARCH__URL）",
    "Elasticsearch's address: workers on Kafka share one index (FENGSHENG_ELASTICSEARCH__URL)",
)


def worker(config: ConfigOption = None, verbose: VerboseOption = False) -> None:
    """在 Kafka 上运行一个工作进程 Run one worker on Kafka; start as many as you like.

    Workers of one group share the partitions; one that dies is replaced within 15 s.

    Example: FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092 fengsheng worker
    """
    log_to_stderr(verbose)
    with explained():
        configuration = load_configuration(config)
        settings = configuration.settings
        if settings.kafka.bootstrap is None:
            raise ConfigError([Problem("settings", None, "kafka.bootstrap", NOTHING, KAFKA)])
        if settings.elasticsearch.url is None:
            raise ConfigError([Problem("settings", None, "elasticsearch.url", NOTHING, _ELASTICSEARCH)])
        tell_sources(configuration)
        key = pseudonym_key(settings, embedded=False)
        partitions = existing(settings.kafka)
        if missing := [name for name in settings.kafka.topics if name not in partitions]:
            where, names = settings.kafka.bootstrap, ", ".join(missing)
            fail(
                say(
                    f"{where} 上缺少主题 {names}；请先运行 fengsheng setup",
                    f"topics are missing on {where}: {names}; run: fengsheng setup",
                )
            )
        classifier = load_classifier(settings)
        pseudonyms = Pseudonymiser(key, settings.privacy.keep_organisation_names)
        error = run(lambda stop: _work(configuration, classifier, pseudonyms, partitions, stop))
    if error is not None:
        what = f"{type(error).__name__}: {told(error)}"
        fail(
            say(
                f"工作进程无法继续（{what}）；手中的一批会重读",
                f"the worker can't go on ({what}); its batch will be read again",
            )
        )


async def _work(
    configuration: Configuration,
    classifier: Classifier,
    pseudonyms: Pseudonymiser,
    partitions: dict[str, int],
    stop: asyncio.Event,
) -> BaseException | None:
    settings = configuration.settings
    index = open_index(settings)
    await index.open()
    try:
        delivery = make_delivery(configuration, index)
        pipeline = Pipeline(
            configuration,
            index,
            classifier,
            delivery.deliver,
            pseudonyms,
            settings.kafka.bootstrap or "",
            partitions,
            credentials=credentials(settings.kafka),
        )
        await pipeline.start()
        talk.print(f"工作进程已启动 worker started: {settings.kafka.bootstrap}, group {settings.kafka.group}")
        failed = pipeline.worker.failed
        assert failed is not None
        await first_of(stop.wait(), asyncio.shield(failed))
        await pipeline.stop()
        return failed.result() if failed.done() else None
    finally:
        await index.close()
