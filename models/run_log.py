"""The log of a fine-tuning run: one JSON object a line, some of them an epoch's figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

LOG: Final = "log.jsonl"


def read_epochs(run_dir: Path) -> list[dict[str, float]]:
    """Read the figures of the finished epochs, in their order; of one that a kill made the run repeat, the last.

    Raises
    ------
    FileNotFoundError
        If the run has no log yet.
    """
    entries = map(json.loads, (run_dir / LOG).read_text(encoding="utf-8").splitlines())
    return list({entry["epoch"]: entry for entry in entries if "epoch" in entry}.values())
