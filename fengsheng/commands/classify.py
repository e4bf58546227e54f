"""``fengsheng classify``: labels and distributions for texts."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from fengsheng.configuration import load_configuration
from fengsheng.enrichers import teach
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import explained, fail, log_to_stderr, talk
from models.explain import Explanation, Influence, explain
from streams.index.words import split

_TOGETHER = 512
_EXPLAINED_TOGETHER = 64
"""Rows explained together: each is read some fifteen times, once without each of its words."""


class _BadRowError(Exception):
    """A row that can't be read; the message says where and why."""


def _rows(stream: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """The rows of one input: a line that begins with ``{`` must be a JSON object with ``text``."""
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise _BadRowError(
                f"{name}:{number}: found byte 0x{raw[error.start]:02x}, expected UTF-8"
                f" (convert it first: iconv -f GB18030 -t UTF-8 {name})"
            ) from None
        if not line.strip():
            continue
        if not line.lstrip().startswith("{"):
            yield {"text": line}
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _BadRowError(f"{name}:{number}: a line that begins with {{ must be JSON: {error}") from None
        text = row.get("text")
        if not isinstance(text, str):
            found = "no key 'text'" if "text" not in row else f"text of type {type(text).__name__}"
            raise _BadRowError(
                f"{name}:{number}: found {found}, expected a JSON object with 'text' as a string"
            )
        yield row


def _chunks(rows: Iterator[dict[str, Any]], together: int) -> Iterator[list[dict[str, Any]]]:
    """The rows some at a time; those before a bad row come before its error does."""
    chunk: list[dict[str, Any]] = []
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) == together:
                yield chunk
                chunk = []
    except _BadRowError as error:
        if chunk:
            yield chunk
        fail(str(error))
    if chunk:
        yield chunk


def classify(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="文本文件 JSON Lines with 'text', or plain lines; - or none: stdin."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="模型 A local directory or hub name (default: settings.model)."),
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="运行方式 auto, onnx-int8, onnx-float32, torch, … (see settings.engine)."
        ),
    ] = None,
    explaining: Annotated[
        bool,
        typer.Option(
            "--explain", help="说明理由 Add the words that moved each label (some 15 times slower)."
        ),
    ] = False,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """读出情绪、意图与态度 Read emotion, intent and polarity of texts.

    Writes one JSON object a row to stdout, in the order of the input: the row's own fields, then
    emotion, intent, polarity (labels), readable (false: no Chinese to read, the labels are by definition)
    and scores (distributions). With --explain also explain: for each
    of the three labels up to five words with weight (what the label's log-odds lose without the word)
    and at (where it stands, in characters from 0); none where there is nothing to read.

    Example: echo '奶茶里喝出异物，太恶心了' | fengsheng classify
    """
    log_to_stderr(verbose)
    with explained(), ExitStack() as stack:
        configuration = load_configuration(config)
        settings = configuration.settings
        if explaining:
            teach(configuration)
        # Before the model: a mistyped name is said at once, and no file after others are done.
        inputs = [(name, _opened(name, stack)) for name in files or ["-"]]
        classifier = load_classifier(settings, model, device, engine)
        out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=False)
        stack.callback(out.detach)
        done = 0
        for name, stream in inputs:
            rows = _rows(stream, "stdin" if name == "-" else name)
            for chunk in _chunks(rows, _EXPLAINED_TOGETHER if explaining else _TOGETHER):
                texts = [row["text"] for row in chunk]
                readings = classifier.classify(texts)
                reasons: Iterable[Explanation | None] = (
                    explain(classifier, texts, readings, split) if explaining else repeat(None, len(texts))
                )
                for row, reading, reason in zip(chunk, readings, reasons, strict=True):
                    row |= {
                        "emotion": reading.emotion,
                        "intent": reading.intent,
                        "polarity": reading.polarity,
                        "readable": reading.readable,
                        "scores": {
                            "emotion": {k: round(v, 4) for k, v in reading.emotion_scores.items()},
                            "intent": {k: round(v, 4) for k, v in reading.intent_scores.items()},
                            "polarity": {k: round(v, 4) for k, v in reading.polarity_scores.items()},
                        },
                    }
                    if reason is not None:
                        row["explain"] = {head: _reasons(found) for head, found in reason.items()}
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
                out.flush()
                done += len(chunk)
                if verbose:
                    talk.print(f"{done} 条 rows")


def _reasons(found: list[Influence]) -> list[dict[str, Any]]:
    return [{"word": one.word, "weight": round(one.weight, 3), "at": list(one.at)} for one in found]


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        fail(f"{name}: {error.strerror}")
