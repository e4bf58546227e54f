"""Serving: texts in, classifications out, in the same order.

Three functions, one after the other: :func:`prepare` (normalise, tokenise), :func:`forward` (the model, over
batches of like length under a token budget), :func:`read` (logits to labels and distributions).
:class:`Classifier` puts them together with a bounded cache and one thread for the forward, so that the event
loop never waits for the model.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.classification import UNREADABLE, Classification, from_scores
from models.heads import LoadedModel, ModelLoadError, load_model
from models.labels import HEADS, HeadName
from models.normalise import is_readable, normalise
from models.threads import wait_politely

if TYPE_CHECKING:
    import torch
    from torch import nn

Logits = dict[HeadName, list[list[float]]]

_BATCH_TOKENS: Final = {"cpu": 2048, "cuda": 65536}


def prepare(texts: Sequence[str], tokenizer: Any, max_length: int) -> list[list[int]]:
    """Tokenise normalised texts, cut to ``max_length`` tokens."""
    if not texts:
        return []
    encoded = tokenizer(list(texts), truncation=True, max_length=max_length, return_attention_mask=False)
    return [list(row) for row in encoded["input_ids"]]


def plan(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Put row indices into batches, shortest first, each rows × longest ≤ ``batch_tokens`` (or one row)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def forward(
    module: nn.Module, rows: Sequence[Sequence[int]], pad_id: int, batch_tokens: int, device: torch.device
) -> Logits:
    """Run the model over all rows; give the logits by head, in the order of the rows."""
    import torch

    from models.training import pad

    result: Logits = {head: [[] for _ in rows] for head in HEADS}
    with torch.inference_mode():
        for batch in plan([len(row) for row in rows], batch_tokens):
            ids, mask = pad([rows[index] for index in batch], pad_id)
            logits = module(ids.to(device), mask.to(device))
            for head in HEADS:
                for index, values in zip(batch, logits[head].float().tolist(), strict=True):
                    result[head][index] = values
    return result


def read(logits: Logits) -> list[Classification]:
    """Turn logits into labels and distributions (softmax in float64, so that each sums to 1)."""
    import numpy as np

    columns: dict[HeadName, list[list[float]]] = {}
    for head, rows in logits.items():
        values = np.asarray(rows, dtype=np.float64)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        columns[head] = (powers / powers.sum(axis=1, keepdims=True)).tolist()
    return [
        from_scores({head: dict(zip(HEADS[head], columns[head][row], strict=True)) for head in HEADS})
        for row in range(len(columns["emotion"]))
    ]


class Classifier:
    """A model ready to serve.

    Parameters
    ----------
    name_or_dir
        Local directory or hub name, see :func:`models.heads.load_model`.
    device
        ``auto`` (CUDA where there is one), ``cpu`` or ``cuda``.
    batch_tokens
        Most tokens in one forward, padding included; by default 2,048 on a CPU, where more only spoils its
        caches, and 65,536 on CUDA.
    max_length
        Tokens of a text that are read; the rest is cut off.
    cache_size
        Classifications kept for texts that come again (reposts do), least recently used dropped first.

    Raises
    ------
    ModelLoadError
        If the model can't be opened, or the device is not there.

    Examples
    --------
    >>> classifier = Classifier("models/fengsheng-small")  # doctest: +SKIP
    >>> classifier.classify(["太难喝了，再也不买"])[0].intent  # doctest: +SKIP
    'complaint'
    """

    def __init__(
        self,
        name_or_dir: str | Path,
        device: str = "auto",
        *,
        batch_tokens: int | None = None,
        max_length: int = 128,
        cache_size: int = 8192,
    ) -> None:
        wait_politely()
        # The device first: a wrong one should not cost the loading of a model.
        from models.precision import choose_device, place

        try:
            self._device = choose_device(device)
        except ValueError as error:
            raise ModelLoadError(str(error)) from None
        self._model: LoadedModel = load_model(name_or_dir)
        self.dtype: torch.dtype = place(self._model.module, self._device)
        self.name = self._model.name
        self.max_length = min(max_length, self._model.max_length)
        self._batch_tokens = batch_tokens or _BATCH_TOKENS.get(self._device.type, _BATCH_TOKENS["cpu"])
        self._cache: OrderedDict[str, Classification] = OrderedDict()
        self._cache_size = cache_size
        # One forward at a time: two would only share the same cores. The thread keeps it off the event loop.
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="classify")

    @property
    def device(self) -> str:
        """Name of the device that the forward runs on."""
        return str(self._device)

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts; the result has their order. No text makes it fail, empty and odd ones included."""
        normalised = [normalise(text) for text in texts]
        with self._lock:
            known: dict[str, Classification] = {}
            for text in normalised:
                if not is_readable(text):
                    known[text] = UNREADABLE
                elif (cached := self._cache.get(text)) is not None:
                    self._cache.move_to_end(text)
                    known[text] = cached
            new = [text for text in dict.fromkeys(normalised) if text not in known]
            if new:
                rows = prepare(new, self._model.tokenizer, self.max_length)
                pad_id = int(self._model.tokenizer.pad_token_id or 0)
                logits = forward(self._model.module, rows, pad_id, self._batch_tokens, self._device)
                for text, found in zip(new, read(logits), strict=True):
                    known[text] = self._cache[text] = found
                while len(self._cache) > self._cache_size:
                    self._cache.popitem(last=False)
        return [known[text] for text in normalised]

    async def classify_async(self, texts: Sequence[str]) -> list[Classification]:
        """Do what :meth:`classify` does, in this classifier's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.classify, list(texts))

    def close(self) -> None:
        """End the thread, after the forward in hand."""
        self._thread.shutdown(wait=True)
