"""``fengsheng worker``: one worker of the group on Kafka."""

from __future__ import annotations

import asyncio

from config.loading import ConfigError, Problem
from fengsheng.configuration import Configuration, load_configuration, pseudonym_key
from fengsheng.indexes import open_index
from fengsheng.kafka_credentials import credentials
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import explained, fail, log_to_stderr, talk
from fengsheng.pipeline import Pipeline
from fengsheng.running import first_of, run
from fengsheng.telling import make_delivery
from models.serving import Classifier
from streams.masking import Pseudonymiser
from streams.topics import existing


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
            found = "nothing"
            expected = "Kafka's address, for instance FENGSHENG_KAFKA__BOOTSTRAP=127.0.0.1:9092 (without Kafka: fengsheng up)"
            raise ConfigError([Problem("settings", None, "kafka.bootstrap", found, expected)])
        if settings.elasticsearch.url is None:
            expected = (
                "Elasticsearch's address: workers on Kafka share one index (FENGSHENG_ELASTICSEARCH__URL)"
            )
            raise ConfigError([Problem("settings", None, "elasticsearch.url", "nothing", expected)])
        key = pseudonym_key(settings, embedded=False)
        partitions = existing(settings.kafka)
        if missing := [name for name in settings.kafka.topics if name not in partitions]:
            fail(
                f"topics are missing on {settings.kafka.bootstrap}: {', '.join(missing)}; run: fengsheng setup"
            )
        classifier = load_classifier(settings)
        pseudonyms = Pseudonymiser(key, settings.privacy.keep_organisation_names)
        error = run(lambda stop: _work(configuration, classifier, pseudonyms, partitions, stop))
    if error is not None:
        fail(f"the worker can't go on ({type(error).__name__}: {error}); its batch will be read again")


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
