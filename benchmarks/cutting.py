"""What words and terms cost a post: ``python -m benchmarks.cutting posts.jsonl.xz``."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated

import typer

from models.data import read_jsonl
from streams.index.words import cut_text

ROUNDS = 5


def main(file: Annotated[Path, typer.Argument(help="JSON Lines with text.")]) -> None:
    """Print the median over the rounds, in processor time, so that other work beside it does not count."""
    texts = [str(row["text"]) for row in read_jsonl(file)]
    cut_text("预热")
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for text in texts:
            cut_text(text)
        spent.append((time.process_time() - begun) / len(texts) * 1e6)
    length = statistics.mean(map(len, texts))
    print(f"{len(texts)} posts of {length:.0f} characters: {statistics.median(spent):.0f} µs a post")


if __name__ == "__main__":
    typer.run(main)
