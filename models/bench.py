"""``fengsheng model bench``: what each engine here can do, beside bert-base's shape as a user would run it.

All figures of a table come from one run, side by side, so that their ratios mean something on a shared machine.
"""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from tqdm import tqdm

from models.bench_engine import BATCHES, LENGTHS, SECONDS
from models.bench_gpu import TOKENS, Share
from models.bench_shape import BERT_BASE, SHAPE, shaped
from models.serving.choice import CANDIDATES, cuda_works, run_apart
from models.serving.classifier import Classifier
from models.serving.directory import open_directory
from models.serving.opening import installed
from models.serving.processor import processor_name, threads

_log = logging.getLogger(__name__)

Rates = list[list[float]]
"""Tokens, rows and posts a second of every combination."""

_CUDA: Final = ("torch-bfloat16", "torch-compile", "torch-graphs")
_OURS_ON_CUDA: Final = ("torch-float32", *_CUDA)
_EXACT: Final = "torch-float32"
_SHAPE_BATCHES: Final = (1, 32)
"""On the CPU, where 128 rows of bert-base's shape take minutes."""

_ROUNDS: Final = 3
_PLAIN: Final = f"{SHAPE}, transformers.pipeline(texts)"
_BATCHED: Final = f"{SHAPE}, transformers.pipeline(texts, batch_size=32)"


@dataclass(frozen=True)
class Throughput:
    """Posts a second from text to labels.

    Attributes
    ----------
    what
        The model, the way it was run, and where.
    device
        ``cpu`` or ``cuda``.
    rate
        Best of the rounds.
    """

    what: str
    device: str
    rate: float


def forward_rates(
    model: str,
    devices: Iterable[str],
    *,
    engines: Iterable[str] = CANDIDATES,
    shape: Mapping[str, int] = BERT_BASE,
    seconds: float = SECONDS,
) -> dict[str, Rates | str]:
    """Measure every engine that can be had, each in its own process; a text says why one could not be.

    On the CPU bert-base's shape is run by one exact engine only.

    Parameters
    ----------
    devices
        With ``cuda`` among them its engines are measured too.
    engines
        Of the CPU.
    shape
        Of the second model.
    seconds
        For each length and batch.
    """
    path = open_directory(model).path
    jobs: list[tuple[Path, str, str, Sequence[int]]] = [
        (path, name, "cpu", BATCHES) for name in engines if installed(name.partition("-")[0])
    ]
    found: dict[str, Rates | str] = {}
    with ExitStack() as stack:
        if installed("torch"):
            second = stack.enter_context(shaped(model, shape))
            jobs.append((second, _EXACT, "cpu", _SHAPE_BATCHES))
            if "cuda" in devices:
                jobs += [(path, name, "cuda", BATCHES) for name in _OURS_ON_CUDA]
                jobs += [(second, name, "cuda", BATCHES) for name in _CUDA]
        for place, name, device, batches in tqdm(jobs, desc="engines", unit="engine"):
            more = [device, str(seconds), *map(str, batches)]
            one = run_apart(place, name, "models.bench_engine", *more)
            whose = "" if place == path else f", {SHAPE}"
            found[f"{name} ({device}){whose}"] = one if isinstance(one, str) else one["rates"]
    return found


def end_to_end(
    model: str,
    texts: Sequence[str],
    engines: Iterable[str],
    *,
    devices: Iterable[str] | None = None,
    shape: Mapping[str, int] = BERT_BASE,
    rounds: int = _ROUNDS,
) -> list[Throughput]:
    """Time text to labels: our classifier by engine without its cache, and bert-base's shape in a pipeline.

    The rounds go around all of them in turn, so that what else the machine does hits all alike.

    Parameters
    ----------
    engines
        Of the CPU; on CUDA all that can be opened there.
    devices
        ``cpu``, ``cuda``; by default those that are here.
    shape
        Of the model in the pipelines.
    """
    used = list(devices) if devices is not None else ["cpu", *(["cuda"] if cuda_works() else [])]
    ways: dict[tuple[str, str], Callable[[list[str]], object]] = {}
    with ExitStack() as stack:
        for device in used:
            names = dict.fromkeys(engines if device == "cpu" else _OURS_ON_CUDA)
            for one in _opened(model, names, device):
                stack.callback(one.close)
                ways[f"ours, {one.engine} ({device})", device] = one.classify
        if installed("torch"):
            folder = stack.enter_context(shaped(model, shape))
            for device in used:
                ways |= _pipelines(folder, device)
        best = dict.fromkeys(ways, float("inf"))
        for _ in tqdm(range(rounds), desc="text to labels", unit="round"):
            for way, run in ways.items():
                start = time.perf_counter()
                run(list(texts))
                best[way] = min(best[way], time.perf_counter() - start)
    return [Throughput(what, device, len(texts) / seconds) for (what, device), seconds in best.items()]


def _opened(model: str, engines: Iterable[str], device: str) -> Iterable[Classifier]:
    """Open a classifier for each engine; on CUDA one that can't be opened is left out, with a warning."""
    for engine in engines:
        try:
            yield Classifier(model, device=device, engine=engine, cache_size=0)
        except Exception as error:
            # torch.compile fails in a dozen unrelated ways, for want of a C compiler for instance.
            if device == "cpu":
                raise
            _log.warning("%s on %s: not measured (%s)", engine, device, error)


def _pipelines(folder: Path, device: str) -> dict[tuple[str, str], Callable[[list[str]], object]]:
    """``transformers.pipeline`` over bert-base's shape: as it is, and with batches."""
    from transformers import pipeline

    def run(**more: int) -> Callable[[list[str]], object]:
        made: Any = pipeline("text-classification", model=str(folder), device=device, **more)
        return lambda texts: made(texts, truncation=True, max_length=128)

    return {
        (f"{_PLAIN} ({device})", device): run(),
        (f"{_BATCHED} ({device})", device): run(batch_size=32),
    }


def gpu_share(model: str, *, shape: Mapping[str, int] = BERT_BASE) -> Share | None:
    """Give bert-base's shape on the GPU through our engines as a share of the matrix-product bound.

    Each engine is measured in a process of its own, the bound beside it; given is the fastest.

    Parameters
    ----------
    model
        Whose tokeniser the directory gets; no text is read with it.

    Returns
    -------
    Share or None
        None without a GPU, or where no engine could be measured.
    """
    if not cuda_works():
        return None
    found: list[Share] = []
    with shaped(model, shape) as folder:
        for engine in tqdm(_CUDA, desc="share of the GPU", unit="engine"):
            one = run_apart(folder, engine, "models.bench_gpu")
            if isinstance(one, str):
                _log.warning("%s on cuda: not measured (%s)", engine, one)
            else:
                found.append(cast(Share, one))
    return max(found, key=lambda one: one["posts"], default=None)


def as_markdown(forward: Mapping[str, Rates | str], texts: Sequence[Throughput], gpu: Share | None) -> str:
    """Lay the figures out: the machine, the forward by length and batch, text to labels, the GPU's share."""
    lines = [
        f"{processor_name()}, {threads()} threads of {os.cpu_count()}, {platform.system()}, Python {platform.python_version()}",
        "",
        "Forward alone, posts a second by rows in a batch:",
        "",
        "| engine | tokens | " + " | ".join(f"× {rows}" for rows in BATCHES) + " |",
        "| --- | ---: |" + " ---: |" * len(BATCHES),
    ]
    for name, rates in forward.items():
        if isinstance(rates, str):
            lines.append(f"| {name} | {rates} |" + " |" * len(BATCHES))
            continue
        speeds = {(tokens, rows): f"{speed:,.0f}" for tokens, rows, speed in rates}
        for tokens in LENGTHS:
            cells = [speeds.get((tokens, rows), "") for rows in BATCHES]
            if any(cells):
                lines.append(f"| {name} | {tokens} | {' | '.join(cells)} |")
    lines += [
        "",
        "Text to labels, no cache, posts a second; the ratio is to the plain pipeline on the same device:",
        "",
        "| what | posts/s | ratio |",
        "| --- | ---: | ---: |",
    ]
    plain = {one.device: one.rate for one in texts if one.what.startswith(_PLAIN)}
    for one in texts:
        ratio = f"{one.rate / plain[one.device]:.2f}" if one.device in plain else ""
        lines.append(f"| {one.what} | {one.rate:,.1f} | {ratio} |")
    if gpu is not None:
        lines += [
            "",
            f"{SHAPE} on the GPU through our engine ({gpu['engine']}), batches of {gpu['rows']} rows of {TOKENS} tokens: {gpu['posts']:,.0f} posts/s, {gpu['reached']:.0f} of {gpu['bound']:.0f} TFLOP/s: {gpu['share']:.2f} of the bound",
        ]
    return "\n".join(lines)
