"""An engine by its name."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving.directory import ModelDirectory

if TYPE_CHECKING:
    from models.serving.engine import Engine

ENGINES: Final = (
    "auto",
    "onnx-float32",
    "onnx-int8",
    "torch",
    "torch-float32",
    "torch-bfloat16",
    "torch-float16",
    "torch-compile",
    "torch-graphs",
)
"""What may be asked for; ``torch`` is float32 on the CPU and the fastest format on CUDA."""


def installed(runtime: str) -> bool:
    """Say whether ``onnx`` or ``torch`` engines can run here, without loading them."""
    needed = {"onnx": ("onnx", "onnxruntime"), "torch": ("torch", "transformers")}[runtime]
    try:
        return all(importlib.util.find_spec(name) is not None for name in needed)
    except (ImportError, ValueError):
        return False


def open_engine(directory: ModelDirectory, engine: str, device: str, pad_id: int) -> Engine:
    """Open a named engine (any of ``ENGINES`` but ``auto``) on ``cpu`` or ``cuda``.

    Raises
    ------
    ModelLoadError
        If what it needs is not installed or not there, or the model can't be opened by it.
    """
    runtime, _, form = engine.partition("-")
    if runtime == "onnx":
        if device != "cpu":
            raise ModelLoadError(
                f"engine {engine} on {device}: it runs on the CPU; use engine torch, or device cpu",
                f"引擎 {engine} 只在 CPU 上运行，不能用于 {device}；请用引擎 torch，或 --device cpu",
            )
        if not installed("onnx"):
            raise ModelLoadError(
                f"engine {engine}: ONNX Runtime is not installed: pip install onnx onnxruntime",
                f"引擎 {engine}：没有安装 ONNX Runtime：pip install onnx onnxruntime",
            )
        from models.serving.onnx_engine import OnnxEngine

        if form == "int8":
            from models.serving.near_ties import NearTies

            return NearTies(OnnxEngine(directory, form, pad_id), OnnxEngine(directory, "float32", pad_id))
        return OnnxEngine(directory, form, pad_id)
    if not installed("torch"):
        raise ModelLoadError(
            f"engine {engine} on {device}: PyTorch is not installed: {HOW_TO_GET_TORCH}",
            f"引擎 {engine}（{device}）：没有安装 PyTorch：{HOW_TO_GET_TORCH_ZH}",
        )
    from models.serving.torch_engine import TorchEngine

    return TorchEngine(directory, device, form or None, pad_id)
