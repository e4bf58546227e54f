"""How fast one engine is here, and what it says: ``python -m models.serving.measure DIRECTORY ENGINE``.

In a process of its own, since a number format that the processor announces and does not have stops the
process. Prints one JSON object: ``rate`` in posts a second, and ``labels`` by head of the probe texts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final

from models.labels import HEADS
from models.normalise import normalise
from models.serving.batching import plan
from models.serving.directory import open_directory
from models.serving.opening import open_engine
from models.serving.reading import read
from models.serving.tokenising import Tokeniser

PROBE: Final = Path(__file__).with_name("probe.txt")
_ROUNDS: Final = 5
_SECONDS: Final = 2.0
"""No further round is begun after so many seconds."""


def probe_texts() -> list[str]:
    """Give the texts to measure with, written for this."""
    lines = PROBE.read_text(encoding="utf-8").splitlines()
    return [normalise(line) for line in lines if line and not line.startswith("#")]


def measure(name_or_dir: str, engine: str) -> dict[str, object]:
    """Measure an engine on the CPU: the best of a few rounds over the probe texts, forward alone.

    Raises
    ------
    ModelLoadError
        If the engine can't open the model.
    """
    directory = open_directory(name_or_dir)
    tokeniser = Tokeniser(directory, 128)
    rows = tokeniser.encode(probe_texts())
    opened = open_engine(directory, engine, "cpu", tokeniser.pad_id)
    batches = list(plan([len(row) for row in rows], opened.batch_tokens))
    labels: list[list[str]] = [[] for _ in rows]
    for batch in batches:
        found = read(opened.forward([rows[index] for index in batch]), directory.calibrators)
        for index, one in zip(batch, found, strict=True):
            labels[index] = [getattr(one, head) for head in HEADS]
    best, begun = float("inf"), time.perf_counter()
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for batch in batches:
            opened.forward([rows[index] for index in batch])
        now = time.perf_counter()
        best = min(best, now - start)
        if now - begun > _SECONDS:
            break
    return {"rate": round(len(rows) / best, 1), "labels": labels}


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], sys.argv[2]), sys.stdout, ensure_ascii=False)
