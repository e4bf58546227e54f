from __future__ import annotations

import pytest

from fengsheng.scenario.generate import Written, generate


@pytest.fixture(scope="session")
def written() -> list[Written]:
    """The scenario as the script tells it, in the order of arrival, duplicates included."""
    return generate()
