"""Texts in, classifications out, in the same order."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final

from models.classification import Classification
from models.heads import ModelLoadError
from models.serving.batching import WITHOUT_MEMORY, WITHOUT_MEMORY_ZH
from models.serving.choice import Choice, choose
from models.serving.directory import open_directory
from models.serving.opening import open_engine
from models.serving.stages import Stages
from models.serving.tokenising import Tokeniser

if TYPE_CHECKING:
    from models.serving.engine import Engine

_WARM_UP: Final = ((1, 8), (4, 32))
"""Rows and tokens of the first forwards."""


def _warm_up(engine: Engine, tokeniser: Tokeniser) -> None:
    """Run the first forwards of a process, which are slow, and may be where a device or a compiler fails.

    Raises
    ------
    ModelLoadError
        If one fails.
    """
    try:
        for rows, tokens in _WARM_UP:
            engine.forward([[tokeniser.pad_id] * min(tokens, tokeniser.max_length)] * rows)
    except Exception as error:  # torch.compile and what it calls raise a dozen unrelated types
        if isinstance(error, MemoryError):
            why, how = "no memory for a first forward", WITHOUT_MEMORY
            why_zh, how_zh = "内存（显存）不够运行", WITHOUT_MEMORY_ZH
        else:
            seen = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            why, why_zh = f"its first forward fails ({seen})", f"第一次运行就失败（{seen}）"
            how = "use engine torch or auto, or another device"
            how_zh = "请用引擎 torch 或 auto，或换一个设备"
        engine.close()
        raise ModelLoadError(
            f"engine {engine.name} on {engine.device}: {why}; {how}",
            f"引擎 {engine.name}（{engine.device}）：{why_zh}；{how_zh}",
        ) from error


class Classifier:
    """A model ready to serve. Any number of threads and tasks may use it at once; their texts are batched together.

    Parameters
    ----------
    name_or_dir
        Local directory or hub name.
    device
        ``auto`` (CUDA where there is a GPU and torch), ``cpu`` or ``cuda``.
    engine
        One of ``models.serving.opening.ENGINES``; ``auto`` takes the fastest, see :mod:`models.serving.choice`.
    batch_tokens
        Most tokens in one forward, padding included; by default what suits the engine.
    max_length
        Tokens of a text that are read; the rest is cut off.
    cache_size
        Classifications kept for texts that come again (reposts do), least recently used dropped first.

    Attributes
    ----------
    name
        What the model was opened by.
    engine, device
        What runs it.
    choice
        Why that engine.

    Raises
    ------
    ModelLoadError
        If the model can't be opened, the device or engine is not there, or its first forward fails.

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
        engine: str = "auto",
        batch_tokens: int | None = None,
        max_length: int = 128,
        cache_size: int = 8192,
    ) -> None:
        directory = open_directory(name_or_dir)
        self.choice: Choice = choose(directory, device, engine)
        tokeniser = Tokeniser(directory, max_length)
        opened = open_engine(directory, self.choice.engine, self.choice.device, tokeniser.pad_id)
        self.name = directory.name
        self._directory = directory
        self.max_length = tokeniser.max_length
        self.engine = opened.name
        self.device = opened.device
        _warm_up(opened, tokeniser)
        self._stages = Stages(
            tokeniser,
            opened,
            directory.calibrators,
            batch_tokens=batch_tokens or opened.batch_tokens,
            cache_size=cache_size,
        )
        # The threads know the stages only, so a classifier that nobody closes still ends with its last user.
        self._end = weakref.finalize(self, self._stages.close)

    @property
    def fingerprint(self) -> str:
        """What tells the model's content from another's; the first to ask waits until its weights are read."""
        return self._directory.fingerprint

    @property
    def repeats(self) -> tuple[int, int]:
        """How many readable texts were answered from memory, and how many there were."""
        recent = self._stages.recent
        return recent.hits, recent.hits + recent.misses

    @property
    def hit_rate(self) -> float:
        """Share of readable texts that were answered from memory; 0 before the first."""
        hits, asked = self.repeats
        return hits / asked if asked else 0.0

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts; the result has their order. No text makes it fail, empty and odd ones included.

        Raises
        ------
        RuntimeError
            After :meth:`close`.
        TypeError
            If one of the texts is no ``str``; none is classified then.
        """
        future = self._stages.submit(texts)
        assert future is not None
        return future.result()

    async def classify_async(self, texts: Sequence[str]) -> list[Classification]:
        """Do what :meth:`classify` does without holding up the event loop."""
        future: Future[list[Classification]] | None = self._stages.submit(texts, wait=False)
        if future is None:
            return await asyncio.to_thread(self.classify, list(texts))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what is in hand and end the threads."""
        self._end()
