"""The torch engine's parts that need no GPU: buckets of graphs, what says that memory ended, what can't be placed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.heads import ModelLoadError
from models.labels import HEADS
from models.serving import torch_engine
from models.serving.batching import Forward
from models.serving.directory import open_directory
from models.serving.torch_engine import TorchEngine, bucket, says_no_memory

ROWS = [[2, *range(5, 5 + length), 3] for length in (1, 3, 3, 9, 17, 18, 30)]


@given(st.integers(1, 5000), st.integers(1, 512), st.integers(8, 512))
def test_a_bucket_holds_the_batch_at_less_than_twice_its_rows_or_is_full(
    rows: int, width: int, longest: int
) -> None:
    width = min(width, longest)
    size, wide = bucket(rows, width, longest)
    assert width <= wide <= longest
    assert wide < width + 16
    most = 16384 // wide
    assert size <= most
    if rows <= most:
        assert rows <= size < 2 * rows or size == rows == 1
    else:
        assert size == most
    assert bucket(size, wide, longest) == (size, wide)


def test_buckets_are_few() -> None:
    assert bucket(1, 8, 128) == (1, 16)
    assert bucket(5, 17, 128) == (8, 32)
    assert bucket(300, 48, 128) == (16384 // 48, 48)
    assert bucket(1000, 120, 125) == (131, 125)
    assert bucket(3, 20_000, 20_000) == (1, 20_000)
    assert len({bucket(rows, width, 128) for rows in range(1, 1100) for width in range(1, 129)}) < 90


@pytest.mark.parametrize(
    "text",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.92 GiB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA driver error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes",
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_no_memory_is_known_by_what_torch_says(text: str) -> None:
    assert says_no_memory(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`",
        "mat1 and mat2 shapes cannot be multiplied (4x8 and 16x2)",
    ],
)
def test_other_errors_are_not_taken_for_it(text: str) -> None:
    assert not says_no_memory(text)


@pytest.fixture
def engine(directory: Path) -> Iterator[TorchEngine]:
    opened = TorchEngine(open_directory(directory), "cpu", "float32", 0)
    yield opened
    opened.close()


def _failing(error: Exception, context: Exception | None = None) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        if context is None:
            raise error
        try:
            raise context
        finally:
            raise error

    return fail


@pytest.mark.parametrize(
    ("error", "context"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), None),
        (RuntimeError("CUDA error: out of memory"), None),
        (
            RuntimeError("CUDA error: operation failed due to a previous error during capture"),
            torch.OutOfMemoryError("CUDA out of memory."),
        ),
    ],
)
def test_a_forward_without_memory_is_a_memory_error(
    engine: TorchEngine, error: Exception, context: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_call", _failing(error, context))
    with pytest.raises(MemoryError, match="CUDA"):
        engine.forward(ROWS)


def test_a_forward_that_fails_otherwise_says_so(engine: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_call", _failing(RuntimeError("an illegal memory access")))
    with pytest.raises(RuntimeError, match="illegal"):
        engine.forward(ROWS)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory."),
            r"engine torch-float32 on cpu: no memory .*free memory there, run fewer workers.*another device",
        ),
        (
            RuntimeError("CUDA error: all CUDA-capable devices\nare busy"),
            r"engine torch-float32 on cpu: CUDA error: all CUDA-capable devices are busy; use another",
        ),
    ],
)
def test_a_device_that_takes_no_model_is_named_with_what_to_do(
    directory: Path, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.nn.Module, "to", _failing(error))
    with pytest.raises(ModelLoadError, match=said):
        TorchEngine(open_directory(directory), "cpu", "float32", 0)


class _Recordings:
    """Takes the place of `TorchEngine._record`: replays by running the module, and may find no memory."""

    def __init__(self, engine: TorchEngine, room: int = 1_000_000) -> None:
        self.made: list[tuple[int, int]] = []
        self.replayed: list[tuple[int, int]] = []
        self._engine = engine
        self._room = room

    def __call__(self, size: int, width: int) -> torch_engine._Recorded:
        if size * width > self._room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        self.made.append((size, width))
        ids = torch.zeros((size, width), dtype=torch.long)
        mask = torch.zeros_like(ids)
        mask[:, 0] = 1
        outputs = self._engine._call(ids, mask)

        class Graph:
            def replay(_self) -> None:  # noqa: N805 - the outer self is needed
                self.replayed.append((size, width))
                for name, value in self._engine._call(ids, mask).items():
                    outputs[name].copy_(value)

        return torch_engine._Recorded(Graph(), ids, mask, outputs)


@pytest.fixture
def recordings(engine: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> _Recordings:
    made = _Recordings(engine)
    monkeypatch.setattr(engine, "_graphs", True)
    monkeypatch.setattr(engine, "_record", made)
    return made


def test_graphs_give_the_logits_of_a_plain_run_in_graphs_of_the_batch_s_size(
    engine: TorchEngine, recordings: _Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_graphs", False)
    exact = engine.forward(ROWS)
    monkeypatch.setattr(engine, "_graphs", True)
    for count in (
        1,
        3,
        4,
        len(ROWS),
        1,
    ):  # the last finds its graph recorded, with another batch's rows in it
        found = engine.forward(ROWS[:count])
        for head in HEADS:
            np.testing.assert_allclose(found[head], exact[head][:count], atol=1e-5)
    assert recordings.made == [(1, 16), (4, 16), (8, 32)]
    assert recordings.replayed == [(1, 16), (4, 16), (4, 16), (8, 32), (1, 16)]


def test_rows_beyond_the_largest_graph_go_into_a_smaller_one(
    engine: TorchEngine, recordings: _Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_engine, "_GRAPH_TOKENS", 128)
    found = engine.forward(ROWS[:4] * 5)
    assert recordings.replayed == [(8, 16), (8, 16), (4, 16)]
    for head in HEADS:
        np.testing.assert_allclose(found[head], np.tile(found[head][:4], (5, 1)), atol=1e-5)


def test_a_recording_without_memory_is_halved_until_one_fits(
    engine: TorchEngine, recordings: _Recordings
) -> None:
    recordings._room = 100
    forward = Forward(engine, 10_000)
    with pytest.raises(MemoryError):
        engine.forward(ROWS)
    found = forward(ROWS)
    assert found["emotion"].shape[0] == len(ROWS)
    assert recordings.made == [(4, 16), (2, 32)]
    assert forward.batch_tokens < 10_000
