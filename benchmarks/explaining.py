"""Do explanations name the words that decide? ``python -m benchmarks.explaining posts.jsonl.xz [--posts 200]``.

The deletion test: the three words that weigh most are taken out together, and three drawn ones for comparison.
An explanation is true to the model as far as its words change the label more often than drawn ones. Words are
chosen by leaving each out and by covering it with ``[MASK]``; both choices are tested by both ways.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from models.classification import Classification
from models.data import read_jsonl
from models.evaluate import Classifies
from models.explain import explain, words_in
from models.labels import HEADS, HeadName
from models.serving import Classifier
from streams.index.words import split

WORDS = 3
GAPS = {"left out": "", "[MASK]": "[MASK]"}


def without(text: str, words: Sequence[str], gap: str) -> str:
    """The text with every occurrence of the words replaced."""
    places = sorted(
        (start, start + len(word))
        for word, starts in words_in(text, split).items()
        if word in words
        for start in starts
    )
    for start, end in reversed(places):
        text = text[:start] + gap + text[end:]
    return text


def changed(
    classifier: Classifies,
    texts: Sequence[str],
    readings: Sequence[Classification],
    chosen: Sequence[Sequence[str]],
    gap: str,
    head: HeadName,
) -> tuple[float, float]:
    """Share of texts whose label changes, and the label's mean loss of probability."""
    after = classifier.classify([without(t, words, gap) for t, words in zip(texts, chosen, strict=True)])
    flips = losses = 0.0
    for old, new in zip(readings, after, strict=True):
        label = getattr(old, head)
        flips += getattr(new, head) != label
        losses += getattr(old, f"{head}_scores")[label] - getattr(new, f"{head}_scores")[label]
    return flips / len(texts), losses / len(texts)


def main(
    file: Annotated[Path, typer.Argument(help="JSON Lines with text.")],
    posts: Annotated[int, typer.Option(help="Posts to explain, taken evenly over the file.")] = 200,
    model: Annotated[str, typer.Option(help="Model directory.")] = "models/fengsheng-small",
) -> None:
    """Print the table."""
    rows = [str(row["text"]) for row in read_jsonl(file)]
    texts = [rows[number * len(rows) // posts] for number in range(posts)]
    texts = [text for text in texts if len(words_in(text, split)) >= 2 * WORDS]
    classifier = Classifier(model, device="cpu", engine="onnx-float32")
    readings = classifier.classify(texts)
    chance = random.Random(1)
    chosen: dict[tuple[str, HeadName], list[list[str]]] = {}
    for head in HEADS:
        chosen["drawn", head] = [chance.sample(list(words_in(text, split)), WORDS) for text in texts]
    for name, gap in GAPS.items():
        begun = time.perf_counter()
        found = explain(classifier, texts, readings, split, top=WORDS, gap=gap)
        spent = (time.perf_counter() - begun) / len(texts) * 1e3
        Console().print(f"{name}: {spent:.0f} ms a post")
        for head in HEADS:
            chosen[name, head] = [[one.word for one in reasons[head]] for reasons in found]
    table = Table(title=f"{len(texts)} posts of {2 * WORDS} words and more; {WORDS} words taken out")
    for title in ("head", "words chosen by", "taken out by", "label changes", "loss of its p"):
        table.add_column(title)
    for (name, head), words in sorted(chosen.items(), key=lambda item: list(HEADS).index(item[0][1])):
        for way, gap in GAPS.items():
            flips, loss = changed(classifier, texts, readings, words, gap, head)
            table.add_row(head, name, way, f"{flips:.3f}", f"{loss:.3f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
