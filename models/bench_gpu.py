"""What share of a GPU's matrix products our engine reaches: ``python -m models.bench_gpu DIRECTORY ENGINE``.

In a process of its own, as `models.bench_engine` is, so that an engine which fails takes nothing with it and leaves
no memory taken. Prints one JSON object, a `Share`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

from models.bench_engine import rate
from models.serving.directory import open_directory
from models.serving.opening import open_engine
from models.serving.tokenising import Tokeniser

TOKENS: Final = 48
"""Of each post that is measured with."""

_SIZE: Final = 8192
_ROUNDS, _TOGETHER = 5, 20


class Share(TypedDict):
    """What an engine reaches beside what the device can do.

    Attributes
    ----------
    engine
        With its number format, which torch-compile and torch-graphs choose themselves.
    bound, reached
        TFLOP/s of a large bfloat16 product and of the forward (`post_flops`), measured in one process.
    share
        ``reached`` of ``bound``.
    posts
        A second.
    rows
        In a batch: as many as the engine takes together.
    """

    engine: str
    bound: float
    reached: float
    share: float
    posts: float
    rows: int


def post_flops(config: Mapping[str, Any], tokens: int) -> int:
    """Count the floating-point operations of an encoder of BERT's form over one post.

    Two for each weight of a layer and token, 4 × tokens × hidden for each layer and token of attention (the products
    with the keys and with the values). Embeddings, norms, pooler and heads are left out: they are little beside it.

    Parameters
    ----------
    config
        Of the model, with ``num_hidden_layers``, ``hidden_size``, ``intermediate_size``.
    """
    layers, hidden, inner = (
        int(config[key]) for key in ("num_hidden_layers", "hidden_size", "intermediate_size")
    )
    return tokens * layers * (2 * (4 * hidden**2 + 2 * hidden * inner) + 4 * tokens * hidden)


def product_flops(device: str, size: int, kind: str) -> float:
    """Give the FLOP/s of the product of two square matrices of that number format, the best of a few rounds."""
    import torch

    one = torch.randn(size, size, device=device).to(getattr(torch, kind))
    wait: Callable[[], object] = torch.cuda.synchronize if one.is_cuda else lambda: None
    one @ one
    best = float("inf")
    for _ in range(_ROUNDS):
        wait()
        start = time.perf_counter()
        for _ in range(_TOGETHER):
            one @ one
        wait()
        best = min(best, (time.perf_counter() - start) / _TOGETHER)
    return 2 * size**3 / best


def measure(
    name_or_dir: str,
    engine: str,
    device: str = "cuda",
    *,
    tokens: int = TOKENS,
    size: int = _SIZE,
    kind: str = "bfloat16",
    seconds: float = 3.0,
) -> Share:
    """Measure an engine through the serving code, with batches as large as it takes, and the bound beside it.

    From token ids in Python's lists to logits in numpy: padding and both ways over the bus are in it.

    Raises
    ------
    ModelLoadError
        If the engine can't open the model.
    """
    directory = open_directory(name_or_dir)
    opened = open_engine(directory, engine, device, Tokeniser(directory, tokens).pad_id)
    try:
        rows = max(1, opened.batch_tokens // tokens)
        posts = rate(opened, tokens, rows, seconds)
        bound = product_flops(device, size, kind)
        name = opened.name
    finally:
        opened.close()
    reached = posts * post_flops(directory.config, tokens)
    return Share(
        engine=name,
        bound=bound / 1e12,
        reached=reached / 1e12,
        share=reached / bound,
        posts=posts,
        rows=rows,
    )


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], sys.argv[2]), sys.stdout)
