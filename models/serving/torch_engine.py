"""PyTorch, on the CPU and on CUDA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from models.heads import HOW_TO_GET_TORCH, ModelLoadError
from models.serving.directory import ModelDirectory
from models.serving.engine import ours, padded
from models.serving.processor import threads
from models.serving.torch_model import load_model
from models.threads import wait_politely

if TYPE_CHECKING:
    import torch

    from models.serving.engine import Logits

_CPU_TOKENS: Final = 2048
_CUDA_TOKENS: Final = 65536
_GRAPH_TOKENS: Final = 16384
_BUCKET: Final = 16
"""CUDA graphs are recorded for lengths that are multiples of this."""

TORCH_FORMS: Final = ("float32", "bfloat16", "float16", "compile", "graphs")


class TorchEngine:
    """A torch module in one number format on one device.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda`` (with an index where wanted).
    form
        A number format, or None: float32 on the CPU, the fastest of a short measurement on CUDA. On CUDA also
        ``compile`` (torch.compile, one graph for all lengths) and ``graphs`` (CUDA graphs, one for each
        bucket of lengths, at a fixed number of rows), both in the fastest format.

    Raises
    ------
    ModelLoadError
        If torch is not installed, the device is not there, or the model can't be opened.
    """

    def __init__(self, directory: ModelDirectory, device: str, form: str | None, pad_id: int) -> None:
        wait_politely()
        try:
            import torch

            from models.serving.precision import choose_device, place
        except ImportError:
            raise ModelLoadError(
                f"engine torch on {device}: PyTorch is not installed: {HOW_TO_GET_TORCH}"
            ) from None
        try:
            self._device = choose_device(device)
        except ValueError as error:
            raise ModelLoadError(str(error)) from None
        self._torch = torch
        cuda = self._device.type == "cuda"
        if form in ("compile", "graphs") and not cuda:
            raise ModelLoadError(f"engine torch-{form}: it needs a CUDA GPU; use auto or torch")
        if not cuda:
            torch.set_num_threads(threads())
        module = load_model(directory)
        kind = None if form in (None, "compile", "graphs") else getattr(torch, str(form))
        self.dtype = place(module, self._device, kind)
        self._module: Any = module
        self._emotions = directory.emotions
        self._pad_id = pad_id
        self._longest = directory.max_length
        self._recorded: dict[int, tuple[Any, torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]] = {}
        self._graphs = form == "graphs"
        if form == "compile":
            self._module = torch.compile(module, dynamic=True)
        name = str(self.dtype).removeprefix("torch.")
        self.name = f"torch-{name}" + (f"-{form}" if form in ("compile", "graphs") else "")
        self.device = str(self._device)
        self.batch_tokens = (_GRAPH_TOKENS if self._graphs else _CUDA_TOKENS) if cuda else _CPU_TOKENS

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of rows of token ids; see :class:`models.serving.engine.Engine`."""
        torch = self._torch
        ids, mask = (torch.from_numpy(part) for part in padded(rows, self._pad_id))
        try:
            with torch.inference_mode():
                run = self._replay if self._graphs else self._eager
                found = {name: value.float().cpu().numpy() for name, value in run(ids, mask.long()).items()}
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            if "not enough memory" in str(error) or "can't allocate memory" in str(
                error
            ):  # torch's CPU allocator
                raise MemoryError(str(error)) from error
            raise
        return ours(found, self._emotions)

    def _eager(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        return self._call(ids.to(self._device), mask.to(self._device))

    def _call(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        found = self._module(input_ids=ids, attention_mask=mask)
        return dict(found) if self._emotions is None else {"labels": found.logits}

    def _replay(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Run the graph of the bucket, recorded when it is first met; rows beyond its size go in a next run."""
        torch = self._torch
        width = min(-(-ids.shape[1] // _BUCKET) * _BUCKET, self._longest)
        if width not in self._recorded:
            self._recorded[width] = self._record(max(1, _GRAPH_TOKENS // width), width)
        graph, kept_ids, kept_mask, outputs = self._recorded[width]
        size = kept_ids.shape[0]
        parts: list[dict[str, Any]] = []
        for start in range(0, len(ids), size):
            part = ids[start : start + size]
            kept_ids.fill_(self._pad_id)
            kept_mask.zero_()
            kept_mask[:, 0] = 1  # a row without any token would make attention divide by zero
            kept_ids[: len(part), : ids.shape[1]].copy_(part)
            kept_mask[: len(part), : ids.shape[1]].copy_(mask[start : start + size])
            graph.replay()
            parts.append({name: value[: len(part)].clone() for name, value in outputs.items()})
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def _record(
        self, size: int, width: int
    ) -> tuple[Any, torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
        torch = self._torch
        ids = torch.full((size, width), self._pad_id, dtype=torch.long, device=self._device)
        mask = torch.zeros_like(ids)
        mask[:, 0] = 1
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # recording needs libraries that are already set up
            for _ in range(3):
                self._call(ids, mask)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = self._call(ids, mask)
        return graph, ids, mask, outputs

    def close(self) -> None:
        """Let go of the module and its graphs."""
        self._recorded.clear()
        self._module = None
