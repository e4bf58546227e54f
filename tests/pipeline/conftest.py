"""A Kafka of these tests' own: their topics have fixed names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.fixtures import refuse
from tests.servers.java import ServerMissingError
from tests.servers.launch import start_kafka


@pytest.fixture
def own_kafka() -> Iterator[str]:
    """Bootstrap address of a Kafka that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="fengsheng-") as folder:
        Path(folder).chmod(0o755)
        try:
            server = start_kafka(Path(folder) / "server")
        except ServerMissingError as missing:
            refuse(str(missing))
        with server:
            yield server.address
