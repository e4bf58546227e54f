"""Fixtures of all tests."""

from __future__ import annotations

from tests.servers.fixtures import elasticsearch, kafka

__all__ = ["elasticsearch", "kafka"]
