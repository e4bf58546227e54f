"""What the classifier says of each text, asked once and kept on disk."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from config.settings import ScoringSettings
from models.serving import Classifier
from streams.masking import mask
from streams.weighing import negativity

TOGETHER: Final = 256
_FILES: Final = ("config.json", "tokenizer.json", "model.safetensors")


class Reading(NamedTuple):
    """Labels of one text, and how negative it is before its author's weight."""

    emotion: str
    intent: str
    polarity: str
    strength: float


UNREAD: Final = Reading("neutral", "other", "neutral", 0.0)
"""A repost without words of its own."""


def fingerprint(model: Path) -> str:
    """Return a name for the weights in a model directory: equal weights, equal name."""
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((model / name).read_bytes())
    return digest.hexdigest()[:12]


def key_of(text: str) -> str:
    """Return the name under which a text is kept, so that the file holds no texts."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def readings(
    texts: Sequence[str], model: Path, cache: Path, scoring: ScoringSettings
) -> Mapping[str, Reading]:
    """Return the reading of each text; what an earlier run kept in `cache` is not read again.

    The file is added to batch by batch, so that a run which was stopped goes on where it was.
    """
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{fingerprint(model)}.jsonl"
    known = _load(path, scoring)
    missing = [text for text in texts if text and key_of(text) not in known]
    if missing:
        _ask(missing, model, path)
        known = _load(path, scoring)
    return {text: known[key_of(text)] if text else UNREAD for text in texts}


def _ask(missing: Sequence[str], model: Path, path: Path) -> None:
    classifier = Classifier(model)
    begun = time.monotonic()
    with path.open("a", encoding="utf-8") as file:
        if file.tell() and not path.read_bytes().endswith(b"\n"):
            file.write("\n")
        for start in range(0, len(missing), TOGETHER):
            chunk = missing[start : start + TOGETHER]
            for text, found in zip(chunk, classifier.classify([mask(t) for t in chunk]), strict=True):
                row = {
                    "text": key_of(text),
                    "readable": found.readable,
                    "labels": [found.emotion, found.intent, found.polarity],
                    "emotion": {k: round(p, 4) for k, p in found.emotion_scores.items()},
                    "intent": {k: round(p, 4) for k, p in found.intent_scores.items()},
                }
                file.write(json.dumps(row) + "\n")
            file.flush()
            done = start + len(chunk)
            rate = done / (time.monotonic() - begun)
            print(f"\rread {done:,} of {len(missing):,} texts, {rate:.0f}/s", end="", file=sys.stderr)
    print(file=sys.stderr)
    classifier.close()


def _load(path: Path, scoring: ScoringSettings) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a run was stopped in the middle of this line
            strength = negativity(row["emotion"], row["intent"], scoring) if row["readable"] else 0.0
            emotion, intent, polarity = row["labels"]
            found[row["text"]] = Reading(emotion, intent, polarity, strength)
    return found
