"""ONNX Runtime on the CPU, in float32 or int8."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.heads import ModelLoadError
from models.serving.directory import ModelDirectory
from models.serving.engine import ours, padded
from models.serving.graph import build_graph
from models.serving.kept import keep, write
from models.serving.processor import saturates, threads

if TYPE_CHECKING:
    from models.serving.engine import Logits

_log = logging.getLogger(__name__)

GRAPH_VERSION: Final = 3
"""Raised when ``graph`` makes something else of the same weights: older files in the cache are then not used."""

_UNWANTED: Final = ["SkipLayerNormFusion", "BiasGeluFusion"]
"""Fusions of ONNX Runtime whose fused kernels were measured slower than their parts: 24 against 4 ms, 10 against 6.5."""

_NO_MEMORY: Final = ("failed to allocate", "bad allocation", "bad_alloc", "out of memory")


class OnnxEngine:
    """ONNX Runtime's CPU provider over a graph made from the model directory.

    The float32 graph is made anew at each start (its weights stay in the safetensors file alone); the int8
    one, which is smaller than the file and takes longer to make, is kept in the cache.

    Raises
    ------
    ModelLoadError
        If no graph can be made of the directory.
    """

    device = "cpu"

    def __init__(self, directory: ModelDirectory, form: str, pad_id: int) -> None:
        import onnxruntime

        self.name = f"onnx-{form}"
        self.batch_tokens = 1024
        self._emotions = directory.emotions
        self._pad_id = pad_id
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.log_severity_level = 3
        # A waiting thread that spins holds the core that the thread it waits for needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = None
        try:
            self._session = self._open(directory, form, options)
        except ModelLoadError:
            raise
        except Exception as error:
            # onnxruntime raises types of its own, not exported by name.
            raise ModelLoadError(
                f"model {directory.name}: ONNX Runtime can't open its graph ({str(error).strip()[:300]})",
                f"模型 {directory.name}：ONNX Runtime 打不开它的计算图（{str(error).strip()[:300]}）",
            ) from error

    def _open(self, directory: ModelDirectory, form: str, options: Any) -> Any:
        from onnxruntime import InferenceSession

        def session(graph: bytes | str) -> Any:
            return InferenceSession(
                graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=_UNWANTED
            )

        if form == "float32":
            return session(build_graph(directory))
        levels = 63 if saturates() else 127
        name = Path("graphs") / f"{directory.fingerprint[:32]}-int8-{levels}-v{GRAPH_VERSION}.onnx"

        def build() -> bytes:
            return build_graph(directory, int8_levels=levels)

        made = keep(name, build)
        if isinstance(made, bytes):
            return session(made)
        try:
            return session(str(made))
        except Exception as error:
            _log.warning("%s is damaged (%s): made again", made, str(error).strip()[:200])
            again = build()
            write(made, again)
            return session(again)

    def forward(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Give the logits of rows of token ids; see :class:`models.serving.engine.Engine`."""
        ids, mask = padded(rows, self._pad_id)
        names = [output.name for output in self._session.get_outputs()]
        try:
            found = self._session.run(names, {"ids": ids, "mask": mask})
        except Exception as error:
            if any(sign in str(error).lower() for sign in _NO_MEMORY):
                raise MemoryError(str(error)) from error
            raise
        return ours(dict(zip(names, found, strict=True)), self._emotions)

    def close(self) -> None:
        """Let go of the session."""
        self._session = None
