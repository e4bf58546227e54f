"""The shipped scenario: two days of the invented tea brand 青山茶饮, told by the posts themselves.

Saturday: an ordinary day and the busy launch of an autumn drink, which is no crisis.
Sunday: a food-safety crisis before noon, an apology, a second wave in the afternoon, and
calm again. ``python -m fengsheng.scenario`` writes the data file anew from its seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config.records import Mention
from fengsheng.scenario.generate import DATA, read
from fengsheng.scenario.timeline import CALM_FROM, LENGTH, START, TRUTH, Truth

__all__ = ["CALM_FROM", "DATA", "END", "SCENARIO_WATCHES", "START", "TRUTH", "Truth", "load"]

END: Final = START + LENGTH * 60
"""Epoch seconds, UTC, by which the last mention has been said."""
SCENARIO_WATCHES: Final = Path(__file__).with_name("watches.yaml")
"""The scenario's own watches: it stays playable when config/watches.yaml names other brands."""


def load() -> list[Mention]:
    """Return the scenario's mentions in the order of their arrival.

    That order differs a little from `created_at`: most come seconds after they were
    said, one in fifty up to 90 s, some before their parent, a few a second time.

    Raises
    ------
    OSError, lzma.LZMAError, msgspec.DecodeError
        The shipped file is missing or damaged; ``python -m fengsheng.scenario`` writes it anew.
    """
    return read(DATA)
