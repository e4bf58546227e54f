"""The servers as pytest fixtures: each starts once a run, when the first test asks for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers.java import ServerMissingError
from tests.servers.launch import elasticsearch_answers, kafka_answers, start_elasticsearch, start_kafka
from tests.servers.process import Server

GIVEN_KAFKA = "FENGSHENG_TEST_KAFKA"
GIVEN_ELASTICSEARCH = "FENGSHENG_TEST_ELASTICSEARCH"
REQUIRED = "FENGSHENG_REQUIRE_SERVERS"


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Bootstrap address of a real Kafka."""
    yield from serve(GIVEN_KAFKA, kafka_answers, start_kafka)


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[str]:
    """URL of a real Elasticsearch that has only the core modules."""
    yield from serve(GIVEN_ELASTICSEARCH, elasticsearch_answers, start_elasticsearch)


def serve(given: str, answers: Callable[[str], bool], start: Callable[[Path], Server]) -> Iterator[str]:
    """Yield the address that the environment variable ``given`` holds, or that of a server of our own."""
    if address := os.environ.get(given):
        if not answers(address):
            pytest.fail(f"{given}={address}: nothing answers there; start it or unset {given}", pytrace=False)
        yield address
        return
    # Not pytest's tmp_path: Elasticsearch runs as another user than root, who may not enter there.
    with tempfile.TemporaryDirectory(prefix="fengsheng-") as folder:
        Path(folder).chmod(0o755)
        try:
            server = start(Path(folder) / "server")
        except ServerMissingError as missing:
            refuse(str(missing))
        with server:
            yield server.address


def refuse(why: str) -> NoReturn:
    """Skip the test, or fail it where the real servers are required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"real server missing: {why} ({REQUIRED}=1)", pytrace=False)
    pytest.skip(f"real server missing: {why}")
