"""How fast one engine's forward is by length and batch: ``python -m models.bench_engine DIRECTORY ENGINE [DEVICE]``.

In a process of its own, as `models.serving.measure` is. Prints one JSON object, ``{"rates": [[tokens, rows, posts a
second], …]}``.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Final

from models.serving.directory import open_directory
from models.serving.engine import Engine
from models.serving.opening import open_engine
from models.serving.tokenising import Tokeniser

LENGTHS: Final = (16, 32, 64, 128)
BATCHES: Final = (1, 8, 32, 128)
_SECONDS: Final = 0.7
"""How long each combination is run, after one run to warm up."""


def rate(engine: Engine, tokens: int, rows: int, seconds: float = _SECONDS) -> float:
    """Give the posts a second of batches of ``rows`` posts of ``tokens`` tokens each, the best of the runs."""
    batch = [[1 + (row * tokens + at) % 90 for at in range(tokens)] for row in range(rows)]
    engine.forward(batch)
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds or best == float("inf"):
        start = time.perf_counter()
        engine.forward(batch)
        best = min(best, time.perf_counter() - start)
    return rows / best


def measure(name_or_dir: str, engine: str, device: str = "cpu") -> dict[str, object]:
    """Measure an engine over all lengths and batches.

    Raises
    ------
    ModelLoadError
        If the engine can't open the model.
    """
    directory = open_directory(name_or_dir)
    tokeniser = Tokeniser(directory, max(LENGTHS))
    opened = open_engine(directory, engine, device, tokeniser.pad_id)
    try:
        rates = [[n, rows, round(rate(opened, n, rows), 1)] for n in LENGTHS for rows in BATCHES]
    finally:
        opened.close()
    return {"rates": rates}


if __name__ == "__main__":
    json.dump(measure(*sys.argv[1:4]), sys.stdout)
