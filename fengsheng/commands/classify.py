"""``fengsheng classify``: labels and distributions for texts."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice, repeat
from typing import Annotated, Any, BinaryIO

import typer

from config.os_errors import why_refused
from fengsheng.configuration import load_configuration
from fengsheng.enrichers import teach
from fengsheng.language import say, told
from fengsheng.loading_models import load_classifier
from fengsheng.options import ConfigOption, VerboseOption
from fengsheng.output import STDOUT_CLOSED, escaped, explained, fail, log_to_stderr, talk
from fengsheng.rows import Unreadable, damaged, rows_of
from models.explain import Explanation, Influence, explain
from streams.feeds.opening import DAMAGED, open_at, unpacked
from streams.index.words import split

_TOGETHER = 512
_EXPLAINED_TOGETHER = 64
"""Rows explained together: each is read once more for each of its words."""


def _chunks(rows: Iterator[dict[str, Any]], together: int) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(rows, together)):
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
            "--explain",
            help="说明理由 Add the words that moved each label (much slower: each text is read again without each word).",
        ),
    ] = False,
    config: ConfigOption = None,
    verbose: VerboseOption = False,
) -> None:
    """读出情绪、意图与态度 Read emotion, intent and polarity of texts.

    Writes one JSON object a row to stdout, in the order of the input: the row's own fields, then
    emotion, intent, polarity (labels), readable (false: too little Chinese to read, the labels are by definition)
    and scores (distributions). With --explain also explain: for each
    of the three labels up to five words with weight (what the label's log-odds lose without the word)
    and at (where it stands, in characters from 0); none where there is nothing to read.
    UTF-8 and GB18030 (GBK) are read, .gz and .xz too. A line that can't be read is left out; how many
    those were, and where, is said at the end. The status is 1 only where nothing could be read.

    Example: echo '奶茶里喝出异物，太恶心了' | fengsheng classify
    """
    log_to_stderr(verbose)
    with explained(), ExitStack() as stack:
        configuration = load_configuration(config)
        settings = configuration.settings
        if explaining:
            teach(configuration)
        if STDOUT_CLOSED:
            fail(
                say(
                    "标准输出是关着的：结果无处可写",
                    "standard output is closed: there is nowhere to write to",
                )
            )
        # Before the model: a mistyped name is said at once, and no file after others are done.
        inputs = [(name, _opened(name, stack)) for name in files or ["-"]]
        classifier = load_classifier(settings, model, device, engine)
        out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", write_through=False)
        stack.callback(out.detach)
        done = 0
        unreadable = Unreadable()
        for name, stream in inputs:
            rows = rows_of(stream, "stdin" if name == "-" else name, unreadable)
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
        if not done and not unreadable.count:
            talk.print(say("输入是空的：没有可读的行", "the input is empty: no lines to read"))
        if unreadable.count:
            _tell(unreadable)
            if not done:
                raise typer.Exit(1)


def _tell(unreadable: Unreadable) -> None:
    count = unreadable.count
    head = say(f"读不了 {count} 行，已略过：", f"{count} lines could not be read and were left out:")
    talk.print(f"[yellow]{escaped(head)}[/]", soft_wrap=True)
    for one in unreadable.first:
        talk.print(f"  {escaped(told(one))}", soft_wrap=True)
    if more := count - len(unreadable.first):
        talk.print(say(f"  …… 以及另外 {more} 行", f"  … and {more} more"))


def _reasons(found: list[Influence]) -> list[dict[str, Any]]:
    return [{"word": one.word, "weight": round(one.weight, 3), "at": list(one.at)} for one in found]


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-" and sys.stdin is None:
        fail(
            say(
                "标准输入是关着的：请给文件名，或用管道送入",
                "standard input is closed: name a file, or pipe texts in",
            )
        )
    try:
        if name == "-":
            return unpacked(sys.stdin.buffer)
        stream = unpacked(stack.enter_context(open_at(name, 0)))
        stream.peek(1)  # a compressed file that is none is found out here
    except (*DAMAGED, EOFError) as error:
        fail(f"{name}: {told(damaged(error))}")
    except OSError as error:
        fail(f"{name}: {told(why_refused(error))}")
    return stream
