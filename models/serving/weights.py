"""Read the tensors of a model directory into numpy: stored in any float format, given in float32."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving.directory import ModelDirectory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

_HEADER: Final = 8
_PLAIN: Final = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


class Weights(Mapping[str, "Array"]):
    """The tensors of a model by name, read one at a time when asked for.

    Raises
    ------
    ModelLoadError
        If there is no safetensors file, or one is damaged.
    """

    def __init__(self, directory: ModelDirectory) -> None:
        from safetensors import SafetensorError, safe_open

        self._name = directory.name
        if not directory.weights:
            raise ModelLoadError(
                f"model {self._name}: its weights are only a pickle (pytorch_model.bin), which ONNX Runtime can't read; "
                f"save it again as safetensors, or serve it with PyTorch: {HOW_TO_GET_TORCH}",
                f"模型 {self._name}：权重只有 pickle（pytorch_model.bin），ONNX Runtime 读不了；请另存为 safetensors，"
                f"或用 PyTorch 运行：{HOW_TO_GET_TORCH_ZH}",
            )
        self._where = {}
        try:
            for path in directory.weights:
                with safe_open(path, framework="numpy") as file:  # checks the header against the size
                    names = list(file.keys())
                with path.open("rb") as stream:
                    size = int.from_bytes(stream.read(_HEADER), "little")
                    header = json.loads(stream.read(size))
                for name in names:
                    start, end = header[name]["data_offsets"]
                    self._where[name] = (
                        path,
                        _HEADER + size + start,
                        end - start,
                        header[name]["dtype"],
                        header[name]["shape"],
                    )
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise ModelLoadError(
                f"model {self._name}: {path.name} can't be opened ({error})",
                f"模型 {self._name}：{path.name} 打不开（{error}）",
            ) from None

    def __getitem__(self, name: str) -> Array:
        import numpy as np

        if name not in self._where:
            raise ModelLoadError(
                f"model {self._name}: its weights lack {name}", f"模型 {self._name}：权重里缺少 {name}"
            )
        path, start, size, kind, shape = self._where[name]
        with path.open("rb") as stream:
            stream.seek(start)
            raw = stream.read(size)
        if kind == "BF16":  # the upper half of a float32, which numpy has no type for
            values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif kind in _PLAIN:
            values = np.frombuffer(raw, _PLAIN[kind]).astype(np.float32)
        else:
            raise ModelLoadError(
                f"model {self._name}: {name} is {kind}, expected floating-point numbers",
                f"模型 {self._name}：{name} 是 {kind}，应为浮点数",
            )
        return values.reshape(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, name: object) -> bool:
        return name in self._where
