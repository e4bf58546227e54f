"""How fast one engine's forward is by length and batch: ``python -m models.bench_engine DIRECTORY ENGINE``.

Further arguments: the device, the seconds for each combination, the batches' sizes. In a process of its own, as
`models.serving.measure` is. Prints one JSON object, ``{"rates": [[tokens, rows, posts a second], …]}``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Final

from models.serving.directory import open_directory
from models.serving.engine import Engine
from models.serving.opening import open_engine
from models.serving.tokenising import Tokeniser

LENGTHS: Final = (16, 32, 64, 128)
BATCHES: Final = (1, 8, 32, 128)
SECONDS: Final = 0.7
"""How long each combination is run, after one run to warm up."""


def rate(engine: Engine, tokens: int, rows: int, seconds: float = SECONDS) -> float:
    """Give the posts a second of batches of ``rows`` posts of ``tokens`` tokens each, the best of the runs."""
    batch = [[1 + (row * tokens + at) % 90 for at in range(tokens)] for row in range(rows)]
    engine.forward(batch)
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < seconds or best == float("inf"):
        start = time.perf_counter()
        engine.forward(batch)
        best = min(best, time.perf_counter() - start)
    return rows / best


def measure(
    name_or_dir: str,
    engine: str,
    device: str = "cpu",
    seconds: float = SECONDS,
    batches: Sequence[int] = BATCHES,
) -> dict[str, object]:
    """Measure an engine over all batches and the lengths that the model reads.

    Raises
    ------
    ModelLoadError
        If the engine can't open the model.
    """
    directory = open_directory(name_or_dir)
    tokeniser = Tokeniser(directory, max(LENGTHS))
    opened = open_engine(directory, engine, device, tokeniser.pad_id)
    lengths = [tokens for tokens in LENGTHS if tokens <= tokeniser.max_length]
    try:
        rates = [[n, rows, round(rate(opened, n, rows, seconds), 1)] for n in lengths for rows in batches]
    finally:
        opened.close()
    return {"rates": rates}


if __name__ == "__main__":
    place, name, *more = sys.argv[1:]
    found = measure(
        place,
        name,
        more[0] if more else "cpu",
        float(more[1]) if more[1:] else SECONDS,
        [int(rows) for rows in more[2:]] or BATCHES,
    )
    json.dump(found, sys.stdout)
