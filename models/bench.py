"""``fengsheng model bench``: what each engine here can do, beside bert-base's shape as a user would run it.

All figures of a table come from one run, side by side, so that their ratios mean something on a shared machine.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from models.bench_engine import BATCHES, LENGTHS
from models.serving.choice import CANDIDATES, run_apart
from models.serving.classifier import Classifier
from models.serving.directory import open_directory
from models.serving.opening import installed
from models.serving.processor import gpus, processor_name, threads

BERT_BASE: Final = {
    "vocab_size": 21128,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "num_labels": 6,
}
"""bert-base-chinese's shape: 102 M parameters. Its weights are random here; that changes no timing."""

_ROUNDS: Final = 3


@dataclass(frozen=True)
class Throughput:
    """Posts a second from text to labels.

    Attributes
    ----------
    what
        The model and the way it was run.
    rate
        Best of the rounds.
    """

    what: str
    rate: float


def forward_rates(model: str, devices: Iterable[str]) -> dict[str, list[list[float]] | str]:
    """Measure every engine that can be had, each in its own process; a text says why one could not be."""
    path = open_directory(model).path
    found: dict[str, list[list[float]] | str] = {}
    names = [name for name in CANDIDATES if installed(name.partition("-")[0])]
    jobs = [(name, "cpu") for name in names]
    if "cuda" in devices and installed("torch"):
        jobs += [(name, "cuda") for name in ("torch-float32", "torch-bfloat16", "torch-graphs")]
    for name, device in tqdm(jobs, desc="engines", unit="engine"):
        one = run_apart(path, name, "models.bench_engine", device)
        found[f"{name} ({device})"] = one if isinstance(one, str) else one["rates"]
    return found


def end_to_end(model: str, texts: Sequence[str], engines: Iterable[str]) -> list[Throughput]:
    """Time text to labels: our classifier by engine without its cache, and bert-base's shape in a pipeline.

    The rounds go around all of them in turn, so that what else the machine does hits all alike.
    """
    ways: list[tuple[str, Any]] = []
    opened = [Classifier(model, device="cpu", engine=engine, cache_size=0) for engine in engines]
    ways += [(f"ours, {one.engine}", one.classify) for one in opened]
    with tempfile.TemporaryDirectory() as folder:
        if installed("torch"):
            ways += _pipelines(model, Path(folder))
        best = dict.fromkeys((way for way, _ in ways), float("inf"))
        for _ in tqdm(range(_ROUNDS), desc="text to labels", unit="round"):
            for way, run in ways:
                start = time.perf_counter()
                run(list(texts))
                best[way] = min(best[way], time.perf_counter() - start)
    for one in opened:
        one.close()
    return [Throughput(name, len(texts) / seconds) for name, seconds in best.items()]


def _pipelines(model: str, folder: Path) -> list[tuple[str, Any]]:
    """``transformers.pipeline`` over a bert-base of random weights: as it is, and with batches."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, pipeline

    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig(**BERT_BASE)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(open_directory(model).path).save_pretrained(folder)

    def run(batch: int | None) -> Any:
        more = {} if batch is None else {"batch_size": batch}
        made = pipeline("text-classification", model=str(folder), device="cpu", **more)
        return lambda texts: made(texts, truncation=True, max_length=128)

    return [
        ("bert-base's shape, transformers.pipeline(texts)", run(None)),
        ("bert-base's shape, transformers.pipeline(texts, batch_size=32)", run(32)),
    ]


def gpu_share(tokens: int = 48, rows: int = 512) -> dict[str, float] | None:
    """Give bert-base's shape on the GPU in bfloat16 as a share of the matrix-product bound; None without a GPU.

    Returns
    -------
    dict or None
        ``bound`` (TFLOP/s of a large bfloat16 product), ``reached`` (TFLOP/s of the forward, 2 a weight and token
        and 4 × tokens × hidden a layer and token for attention), ``share`` and ``posts`` (a second).
    """
    if not gpus() or not installed("torch"):
        return None
    import torch
    from transformers import BertConfig, BertModel

    if not torch.cuda.is_available():
        return None
    size = 8192
    a = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)

    def seconds(run: Any, rounds: int = 20) -> float:
        run()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(rounds):
            run()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / rounds

    bound = 2 * size**3 / seconds(lambda: a @ a)
    model = BertModel(BertConfig(**BERT_BASE), add_pooling_layer=False).to("cuda", torch.bfloat16).eval()
    ids = torch.ones((rows, tokens), dtype=torch.long, device="cuda")
    layers, hidden, inner = (
        int(BERT_BASE[key]) for key in ("num_hidden_layers", "hidden_size", "intermediate_size")
    )
    per_token = layers * (2 * (4 * hidden**2 + 2 * hidden * inner) + 4 * tokens * hidden)
    with torch.inference_mode():
        passed = seconds(lambda: model(input_ids=ids))
    reached = rows * tokens * per_token / passed
    return {
        "bound": bound / 1e12,
        "reached": reached / 1e12,
        "share": reached / bound,
        "posts": rows / passed,
    }


def as_markdown(
    forward: dict[str, list[list[float]] | str], texts: Sequence[Throughput], gpu: dict[str, float] | None
) -> str:
    """Lay the figures out: the machine, the forward by length and batch, text to labels, the GPU's share."""
    lines = [
        f"{processor_name()}, {threads()} threads of {os.cpu_count()}, {platform.system()}, Python {platform.python_version()}",
        "",
    ]
    head = [f"{tokens} tokens × {rows}" for tokens in LENGTHS for rows in BATCHES if rows in (1, 32)]
    lines += ["Forward alone, posts a second:", "", "| engine | " + " | ".join(head) + " |"]
    lines.append("| --- |" + " ---: |" * len(head))
    for name, rates in forward.items():
        if isinstance(rates, str):
            lines.append(f"| {name} | {rates} |" + " |" * (len(head) - 1))
        else:
            cells = [f"{speed:,.0f}" for _, rows, speed in rates if rows in (1, 32)]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Text to labels, no cache, posts a second:",
        "",
        "| what | posts/s | ratio |",
        "| --- | ---: | ---: |",
    ]
    slow = next((one.rate for one in texts if one.what.endswith("pipeline(texts)")), None)
    for one in texts:
        ratio = f"{one.rate / slow:.2f}" if slow else ""
        lines.append(f"| {one.what} | {one.rate:,.1f} | {ratio} |")
    if gpu is not None:
        lines += [
            "",
            f"bert-base's shape on the GPU, 48 tokens, bfloat16: {gpu['posts']:,.0f} posts/s, {gpu['reached']:.0f} of {gpu['bound']:.0f} TFLOP/s: {gpu['share']:.2f} of the bound",
        ]
    return "\n".join(lines)
