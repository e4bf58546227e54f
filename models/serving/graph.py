"""The ONNX graph of a model directory, made from ``config.json`` and the safetensors file without torch.

The operators are ONNX's own and those fused ones of ONNX Runtime (``com.microsoft``) that were measured faster
than their parts: attention, GELU, the product in int8. Rows are padded on the right; padding is masked in attention
and left out of the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.labels import HEADS
from models.serving.directory import ModelDirectory
from models.serving.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Linear = Callable[[str, NDArray[np.float32], NDArray[np.float32]], str]

LABELS: Final = "labels"
"""Name of the one output of a foreign classifier."""

_WORDS: Final = "embeddings.word_embeddings.weight"
_OPSET, _IR, _FUSED = 18, 9, "com.microsoft"
_ACTIVATIONS: Final = {
    "gelu": "Gelu",
    "gelu_new": "FastGelu",
    "gelu_pytorch_tanh": "FastGelu",
    "relu": "Relu",
}


class _Nodes:
    """Nodes and constants of a graph in the making; every method gives the name of what it made."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def several(
        self, kind: str, inputs: Sequence[str], outputs: int, domain: str = "", **settings: Any
    ) -> list[str]:
        from onnx import helper

        names = [f"{kind}_{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **settings))
        return names

    def add(self, kind: str, inputs: Sequence[str], domain: str = "", **settings: Any) -> str:
        return self.several(kind, inputs, 1, domain, **settings)[0]

    def linear(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """``x @ weight.T + bias`` of two-dimensional ``x``, in float32."""
        return self.add("Gemm", [x, self.constant(weight.T), self.constant(bias)])

    def linear_int8(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], levels: int) -> str:
        """Do it in int8: weights by output channel, inputs by row, so that a row's result is its own.

        ONNX Runtime's dynamic quantisation takes one scale for the whole batch: what stands beside a text would
        move its scores. Each row is therefore divided by its own largest value and quantised with a fixed scale.
        """
        import numpy as np

        scale = np.maximum(np.abs(weight).max(1) / levels, 1e-12)
        narrow = np.clip(np.round(weight / scale[:, None]), -levels, levels).astype(np.int8)
        largest = self.add(
            "Max",
            [
                self.add("ReduceMax", [self.add("Abs", [x]), self.constant(np.array([1]))], keepdims=1),
                self.constant(np.float32(1e-12)),
            ],
        )
        step, middle = self.constant(np.float32(1 / 127)), self.constant(np.uint8(128))
        whole = self.add("QuantizeLinear", [self.add("Div", [x, largest]), step, middle])
        by_channel = self.constant(scale.astype(np.float32))
        product = self.add(
            "MatMulIntegerToFloat", [whole, self.constant(narrow.T), step, by_channel, middle], _FUSED
        )
        return self.add("Add", [self.add("Mul", [product, largest]), self.constant(bias)])


def can_build(directory: ModelDirectory) -> str | None:
    """Say why no graph can be made of this directory, or None where one can."""
    config = directory.config
    kind = config.get("model_type")
    if kind not in ("bert", "roberta", "xlm-roberta"):
        return f"its form is {kind}, and only BERT's and RoBERTa's are known"
    if config.get("hidden_act", "gelu") not in _ACTIVATIONS:
        return f"its activation is {config['hidden_act']}"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return f"its positions are {config['position_embedding_type']}"
    if not directory.weights:
        return "its weights are only a pickle (pytorch_model.bin)"
    return None


def build_graph(directory: ModelDirectory, *, int8_levels: int | None = None) -> bytes:
    """Make the graph: inputs ``ids`` (int64) and ``mask`` (int32), both rows × tokens; outputs logits.

    Our own form has an output for every head, a foreign classifier the one output ``labels``.

    Parameters
    ----------
    int8_levels
        None for float32; else the largest absolute value of an int8 weight of the encoder (127, or 63 on
        processors whose int8 products saturate at 16 bits).

    Raises
    ------
    ModelLoadError
        If the form is unknown, or a weight is missing or damaged.
    """
    if (reason := can_build(directory)) is not None:
        raise ModelLoadError(
            f"model {directory.name}: no ONNX graph of it ({reason}); serve it with PyTorch: {HOW_TO_GET_TORCH}",
            f"模型 {directory.name}：做不出它的 ONNX 计算图（{reason}）；请用 PyTorch 运行：{HOW_TO_GET_TORCH_ZH}",
        )
    from onnx import TensorProto, helper

    weights = Weights(directory)
    graph = _Nodes()
    linear: Linear = graph.linear
    if int8_levels is not None:
        levels = int8_levels

        def linear(x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
            return graph.linear_int8(x, weight, bias, levels)

    prefix = next((name[: -len(_WORDS)] for name in weights if name.endswith(_WORDS)), "")
    hidden = _encoder(graph, directory.config, weights, prefix, linear)
    outputs = (
        _own_heads(graph, weights, hidden)
        if directory.emotions is None
        else _labels(graph, weights, hidden, prefix)
    )
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "tokens"]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, ["rows", "tokens"]),
    ]
    graph.nodes += [helper.make_node("Identity", [made], [name]) for name, made in outputs.items()]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", None]) for name in outputs]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "classifier", inputs, given, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)],
        ir_version=_IR,
    )
    serialised: bytes = model.SerializeToString()
    return serialised


def _encoder(graph: _Nodes, config: dict[str, Any], weights: Weights, prefix: str, linear: Linear) -> str:
    """Embeddings and layers; gives the last layer, rows × tokens × hidden."""
    import numpy as np

    size = int(config["hidden_size"])
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    first = 0 if config["model_type"] == "bert" else int(config.get("pad_token_id", 1)) + 1
    within = f"{prefix}embeddings."
    # One segment: its row is added to every position once, here.
    positions = weights[f"{within}position_embeddings.weight"][first:]
    positions = positions + weights[f"{within}token_type_embeddings.weight"][0]
    shape = graph.add("Shape", ["ids"])
    zero = graph.constant(np.array([0]))
    tokens = graph.add("Slice", [shape, graph.constant(np.array([1])), graph.constant(np.array([2])), zero])
    x = graph.add(
        "Add",
        [
            graph.add("Gather", [graph.constant(weights[prefix + _WORDS]), "ids"]),
            graph.add("Slice", [graph.constant(positions), zero, tokens, zero]),
        ],
    )

    def norm(name: str) -> list[str]:
        return [graph.constant(weights[f"{name}LayerNorm.{part}"]) for part in ("weight", "bias")]

    def after(made: str, residual: str, name: str) -> str:
        total = graph.add("Add", [made, residual])
        return graph.add("LayerNormalization", [total, *norm(name)], epsilon=epsilon, axis=-1)

    x = graph.add("LayerNormalization", [x, *norm(within)], epsilon=epsilon, axis=-1)
    flat = graph.constant(np.array([-1, size]))
    whole = graph.add("Concat", [shape, graph.constant(np.array([size]))], axis=0)
    x = graph.add("Reshape", [x, flat])
    kind = _ACTIVATIONS[config.get("hidden_act", "gelu")]
    for index in range(int(config["num_hidden_layers"])):
        layer = f"{prefix}encoder.layer.{index}."

        def dense(name: str, layer: str = layer) -> tuple[Any, Any]:
            return weights[f"{layer}{name}.weight"], weights[f"{layer}{name}.bias"]

        parts = [dense(f"attention.self.{name}") for name in ("query", "key", "value")]
        joined = linear(x, np.concatenate([w for w, _ in parts]), np.concatenate([b for _, b in parts]))
        split = graph.several("Split", [joined], 3, axis=-1, num_outputs=3)
        three = [graph.add("Reshape", [part, whole]) for part in split]
        heads = int(config["num_attention_heads"])
        mixed = graph.add("MultiHeadAttention", [*three, "", "mask"], _FUSED, num_heads=heads)
        mixed = linear(graph.add("Reshape", [mixed, flat]), *dense("attention.output.dense"))
        x = after(mixed, x, f"{layer}attention.output.")
        wide = linear(x, *dense("intermediate.dense"))
        wide = graph.add(kind, [wide], "" if kind == "Relu" else _FUSED)
        x = after(linear(wide, *dense("output.dense")), x, f"{layer}output.")
    return graph.add("Reshape", [x, whole])


def _first_token(graph: _Nodes, hidden: str) -> str:
    import numpy as np

    return graph.add("Gather", [hidden, graph.constant(np.int64(0))], axis=1)


def _own_heads(graph: _Nodes, weights: Weights, hidden: str) -> dict[str, str]:
    """Features ``[CLS] ‖ mean over the real tokens``, one linear layer a head."""
    import numpy as np
    from onnx import TensorProto

    real = graph.add("Cast", ["mask"], to=TensorProto.FLOAT)
    one = graph.constant(np.array([1]))
    total = graph.add("Squeeze", [graph.add("MatMul", [graph.add("Unsqueeze", [real, one]), hidden]), one])
    mean = graph.add("Div", [total, graph.add("ReduceSum", [real, one], keepdims=1)])
    features = graph.add("Concat", [_first_token(graph, hidden), mean], axis=1)
    return {
        head: graph.linear(features, weights[f"heads.{head}.weight"], weights[f"heads.{head}.bias"])
        for head in HEADS
    }


def _labels(graph: _Nodes, weights: Weights, hidden: str, prefix: str) -> dict[str, str]:
    """Hugging Face's sequence classifiers: BERT's pooler and one layer, RoBERTa's head of two."""
    names = ("classifier.dense", "classifier.out_proj")
    if f"{names[0]}.weight" not in weights:
        names = (f"{prefix}pooler.dense", "classifier")
    pooled = graph.linear(
        _first_token(graph, hidden), weights[f"{names[0]}.weight"], weights[f"{names[0]}.bias"]
    )
    logits = graph.linear(
        graph.add("Tanh", [pooled]), weights[f"{names[1]}.weight"], weights[f"{names[1]}.bias"]
    )
    return {LABELS: logits}
