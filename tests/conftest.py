"""Fixtures of all tests."""

from __future__ import annotations

import pytest

from tests.servers.fixtures import elasticsearch, kafka

__all__ = ["elasticsearch", "kafka"]


def pytest_configure(config: pytest.Config) -> None:
    """Let kafka-python be imported by Python 3.11 and 3.12, which deprecated what 3.13 took back."""
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is deprecated:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask for a real server, so that ``-m "not kafka"`` leaves them out."""
    for item in items:
        for server in {"kafka", "elasticsearch"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(server)
