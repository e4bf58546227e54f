"""PyTorch, on the CPU and on CUDA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving.batching import WITHOUT_MEMORY, WITHOUT_MEMORY_ZH
from models.serving.directory import ModelDirectory
from models.serving.engine import ours, padded
from models.serving.measure import probe_texts
from models.serving.processor import threads
from models.serving.tokenising import Tokeniser
from models.serving.torch_model import load_model
from models.threads import wait_politely

if TYPE_CHECKING:
    import torch

    from models.serving.engine import Logits

    Outputs = dict[str, torch.Tensor]

_CPU_TOKENS: Final = 2048
_CUDA_TOKENS: Final = 65536
_GRAPH_TOKENS: Final = 16384
_BUCKET: Final = 16
"""CUDA graphs are recorded for lengths that are multiples of this."""

TORCH_FORMS: Final = ("float32", "bfloat16", "float16", "compile", "graphs")

_NO_MEMORY: Final = (
    "out of memory",  # the CUDA runtime and driver, and torch's own allocator on a GPU
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "not enough memory",  # torch's allocator on the CPU
    "can't allocate memory",
)


def says_no_memory(text: str) -> bool:
    """Say whether the text of a torch error is about memory that was not there: a smaller batch may pass."""
    lower = text.lower()
    return any(sign in lower for sign in _NO_MEMORY)


def bucket(rows: int, width: int, longest: int) -> tuple[int, int]:
    """Give rows and width of the CUDA graph for a batch; rows beyond it go into another.

    Widths are multiples of 16 up to ``longest``, rows are powers of two up to what ``_GRAPH_TOKENS`` hold, so
    that a batch computes less than twice its rows and there are some dozens of graphs, not thousands.
    """
    wide = min(-(-width // _BUCKET) * _BUCKET, longest)
    return min(1 << (rows - 1).bit_length(), max(1, _GRAPH_TOKENS // wide)), wide


class _Recorded(NamedTuple):
    """A CUDA graph and the memory that it reads from and writes to."""

    graph: Any
    ids: torch.Tensor
    mask: torch.Tensor
    outputs: Outputs


class TorchEngine:
    """A torch module in one number format on one device.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda`` (with an index where wanted).
    form
        A number format, or None: float32 on the CPU, on CUDA what :func:`models.serving.precision.fastest` finds.
        On CUDA also ``compile`` (torch.compile, one graph for all lengths) and ``graphs`` (CUDA graphs, one for
        each :func:`bucket` of rows and lengths), both in the format found.

    Raises
    ------
    ModelLoadError
        If torch is not installed, the device is not there or has no room, or the model can't be opened.
    """

    def __init__(self, directory: ModelDirectory, device: str, form: str | None, pad_id: int) -> None:
        wait_politely()
        try:
            import torch

            from models.serving.precision import choose_device
        except ImportError:
            raise ModelLoadError(
                f"engine torch on {device}: PyTorch is not installed: {HOW_TO_GET_TORCH}",
                f"引擎 torch（{device}）：没有安装 PyTorch：{HOW_TO_GET_TORCH_ZH}",
            ) from None
        self._device = choose_device(device)
        self._torch = torch
        cuda = self._device.type == "cuda"
        if form in ("compile", "graphs") and not cuda:
            raise ModelLoadError(
                f"engine torch-{form}: it needs a CUDA GPU; use auto or torch",
                f"引擎 torch-{form} 需要 CUDA GPU；请用 auto 或 torch",
            )
        if not cuda:
            torch.set_num_threads(threads())
        self._module: Any = load_model(directory)
        self._emotions = directory.emotions
        self._pad_id = pad_id
        self._longest = directory.max_length
        self._recorded: dict[tuple[int, int], _Recorded] = {}
        self._stream: Any = None
        self._graphs = form == "graphs"
        kind = None if form in (None, "compile", "graphs") else getattr(torch, str(form))
        try:
            self.dtype = self._place(directory, kind)
            if form == "compile":
                self._module = torch.compile(self._module, dynamic=True)
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, MemoryError) or says_no_memory(str(error)):
                why, how = "no memory for the model", WITHOUT_MEMORY
                why_zh, how_zh = "内存（显存）放不下这个模型", WITHOUT_MEMORY_ZH
            else:
                why = why_zh = " ".join(str(error).split())[:300]
                how, how_zh = "use another engine or another device", "请换一种引擎或设备"
            named = "-".join(filter(None, ("torch", form)))
            raise ModelLoadError(
                f"engine {named} on {self._device}: {why}; {how}",
                f"引擎 {named}（{self._device}）：{why_zh}；{how_zh}",
            ) from error
        name = str(self.dtype).removeprefix("torch.")
        self.name = f"torch-{name}" + (f"-{form}" if form in ("compile", "graphs") else "")
        self.device = str(self._device)
        self.batch_tokens = (_GRAPH_TOKENS if self._graphs else _CUDA_TOKENS) if cuda else _CPU_TOKENS

    def _place(self, directory: ModelDirectory, kind: torch.dtype | None) -> torch.dtype:
        from models.serving.precision import fastest

        if kind is None and self._device.type == "cuda":
            rows = Tokeniser(directory, 128).encode(probe_texts())
            return fastest(self._module, self._device, lambda batch: self._logits(self._eager, batch), rows)
        kind = kind or self._torch.float32
        self._module.to(device=self._device, dtype=kind)
        return kind

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of rows of token ids; see :class:`models.serving.engine.Engine`."""
        return self._logits(self._replay if self._graphs else self._eager, rows)

    def _logits(
        self, run: Callable[[torch.Tensor, torch.Tensor], Outputs], rows: Sequence[Sequence[int]]
    ) -> Logits:
        torch = self._torch
        ids, mask = (torch.from_numpy(part) for part in padded(rows, self._pad_id))
        try:
            with torch.inference_mode():
                found = {name: value.float().cpu().numpy() for name, value in run(ids, mask.long()).items()}
        except RuntimeError as error:
            # Where memory ends while a graph is recorded, the end of the recording may fail as well and hide it.
            if any(says_no_memory(str(one)) for one in (error, error.__context__)):
                torch.cuda.empty_cache()
                raise MemoryError(str(error)) from error
            raise
        return ours(found, self._emotions)

    def _eager(self, ids: torch.Tensor, mask: torch.Tensor) -> Outputs:
        return self._call(ids.to(self._device), mask.to(self._device))

    def _call(self, ids: torch.Tensor, mask: torch.Tensor) -> Outputs:
        found = self._module(input_ids=ids, attention_mask=mask)
        return dict(found) if self._emotions is None else {"labels": found.logits}

    def _replay(self, ids: torch.Tensor, mask: torch.Tensor) -> Outputs:
        """Run the graph of the bucket, recorded when it is first met; rows beyond its size go in a next run."""
        count, width = ids.shape
        parts: list[Outputs] = []
        start = 0
        while start < count:
            size, wide = bucket(count - start, width, self._longest)
            if (size, wide) not in self._recorded:
                self._recorded[size, wide] = self._record(size, wide)
            one = self._recorded[size, wide]
            part = ids[start : start + size]
            rows = len(part)
            one.ids.fill_(self._pad_id)
            one.mask.zero_()
            one.mask[:, 0] = 1  # a row without any token would make attention divide by zero
            one.ids[:rows, :width].copy_(part)
            one.mask[:rows, :width].copy_(mask[start : start + size])
            one.graph.replay()
            # Copied before the next replay, which may write over them: the graphs share their memory.
            parts.append({name: value[:rows].clone() for name, value in one.outputs.items()})
            start += size
        return {name: self._torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _record(self, size: int, width: int) -> _Recorded:
        torch = self._torch
        ids = torch.full((size, width), self._pad_id, dtype=torch.long, device=self._device)
        mask = torch.zeros_like(ids)
        mask[:, 0] = 1
        with torch.cuda.device(
            self._device
        ):  # streams belong to the current device, which may be another GPU
            if self._stream is None:
                self._stream = torch.cuda.Stream()
            self._stream.wait_stream(torch.cuda.current_stream())
            # Recording needs libraries that are already set up. A batch that is too large finds no memory here,
            # before anything is recorded.
            with torch.cuda.stream(self._stream):
                for _ in range(3):
                    self._call(ids, mask)
            torch.cuda.current_stream().wait_stream(self._stream)
            # All graphs use the first one's memory, since one runs at a time. A handle made beforehand
            # (graph_pool_handle) would be of no use any more after a first recording that failed.
            pool = next((one.graph.pool() for one in self._recorded.values()), None)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool, stream=self._stream):
                outputs = self._call(ids, mask)
        return _Recorded(graph, ids, mask, outputs)

    def close(self) -> None:
        """Let go of the module and its graphs."""
        self._recorded.clear()
        self._module = None
