"""Which engine serves: what was asked for, a GPU where there is one, else the fastest on this processor.

Which number format is fastest differs from processor to processor, so the CPU's engines are measured at the
first start with a model, each in a process of its own, and the finding is kept by model, processor, threads
and versions. A narrow format serves only if it gives the same labels as float32.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from models.heads import HOW_TO_GET_TORCH, HOW_TO_GET_TORCH_ZH, ModelLoadError
from models.serving.directory import ModelDirectory
from models.serving.graph import can_build
from models.serving.kept import folder, write
from models.serving.onnx_engine import GRAPH_VERSION
from models.serving.opening import ENGINES, installed
from models.serving.processor import describe, gpus, threads

_log = logging.getLogger(__name__)

CANDIDATES: Final = ("onnx-float32", "onnx-int8", "torch-float32", "torch-bfloat16")
AGREEMENT: Final = {"onnx-int8": 0.97, "torch-bfloat16": 0.995}
"""Share of labels, over all heads of the probe texts, that must be those of float32."""

FASTER: Final = 1.1
"""A narrow format must be so many times as fast as float32 to be worth its rounding."""

_PATIENCE: Final = 180.0
Measured = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """What serves and why.

    Attributes
    ----------
    engine
        One of ``ENGINES``, not ``auto``.
    device
        ``cpu`` or ``cuda``.
    why
        For people: the reason, with the rates measured.
    rates
        Posts a second by engine, forward alone, of the probe texts.
    refused
        Why an engine can't serve, by engine.
    """

    engine: str
    device: str
    why: str
    rates: Mapping[str, float] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def unknown_device(device: str) -> ModelLoadError:
    """Return what to say of a device by a name that nobody knows."""
    return ModelLoadError(
        f"device {device!r}: unknown; use auto, cpu or cuda",
        f"没有 {device!r} 这种设备（device）；可用：auto、cpu、cuda",
    )


def choose(directory: ModelDirectory, device: str = "auto", engine: str = "auto") -> Choice:
    """Choose for ``device`` (``auto``, ``cpu``, ``cuda``) and ``engine`` (one of ``ENGINES``).

    Raises
    ------
    ModelLoadError
        If what was asked for is unknown or can't be had, or nothing can serve.
    """
    if engine not in ENGINES:
        raise ModelLoadError(
            f"engine {engine!r}: unknown; use one of {', '.join(ENGINES)}",
            f"没有 {engine!r} 这种引擎（engine）；可用：{'、'.join(ENGINES)}",
        )
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        raise unknown_device(device)
    if device == "auto":
        device = "cuda" if not engine.startswith("onnx") and cuda_works() else "cpu"
    if engine != "auto":
        return Choice(engine, device, "asked for")
    if device != "cpu":
        return Choice(
            "torch", device, "a CUDA GPU is here" if cuda_works() else f"device {device} was asked for"
        )
    why_not = can_build(directory)
    candidates = [name for name in CANDIDATES if installed(name.partition("-")[0])]
    candidates = [name for name in candidates if why_not is None or not name.startswith("onnx")]
    if not candidates:
        raise ModelLoadError(
            f"model {directory.name}: nothing here can serve it ({why_not or 'no ONNX Runtime, no PyTorch'}); "
            f"install PyTorch: {HOW_TO_GET_TORCH}",
            f"模型 {directory.name}：这里没有能运行它的引擎（{why_not or '既没有 ONNX Runtime，也没有 PyTorch'}）；"
            f"请安装 PyTorch：{HOW_TO_GET_TORCH_ZH}",
        )
    return _fastest(directory, candidates)


def cuda_works() -> bool:
    """Say whether there is an NVIDIA GPU and a torch that sees it; torch is loaded only where there is one."""
    if not gpus() or not installed("torch"):
        return False
    import torch

    return torch.cuda.is_available()


def _fastest(directory: ModelDirectory, candidates: list[str]) -> Choice:
    path = _file(directory, candidates)
    if path is not None and path.is_file():
        try:
            return Choice(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            _log.warning("%s can't be read (%s): measured again", path, error)
    _log.info("measuring %s on this processor, once", ", ".join(candidates))
    choice = decide({name: run_apart(directory.path, name) for name in candidates})
    if path is not None:
        write(path, json.dumps(asdict(choice), ensure_ascii=False, indent=2).encode())
    return choice


def _file(directory: ModelDirectory, candidates: list[str]) -> Path | None:
    if (base := folder()) is None:
        return None
    facts = [directory.fingerprint, describe(), threads(), GRAPH_VERSION, candidates]
    facts += [_version(name) for name in ("onnxruntime", "torch", "transformers")]
    return base / "engines" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}.json"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def run_apart(path: Path, engine: str, program: str = "models.serving.measure", *more: str) -> Measured | str:
    """Measure one engine in a process of its own; gives what it found, or why it can't serve."""
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", program, str(path), engine, *more]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, env=environment, capture_output=True, timeout=_PATIENCE, check=False, text=True, encoding="utf-8"
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer within {_PATIENCE:.0f} s"
    except OSError as error:
        return f"no process for it ({error.strerror})"
    if done.returncode < 0:
        return f"this processor stops it ({signal.Signals(-done.returncode).name})"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["it failed without a word"])[-1][:300]
    try:
        found: Measured = json.loads(done.stdout)
    except ValueError:
        return "its measurement can't be read"
    return found


def decide(measured: Mapping[str, Measured | str]) -> Choice:
    """Choose among what was measured: the fastest, where a narrow format must agree and be clearly faster.

    Raises
    ------
    ModelLoadError
        If none can serve.
    """
    refused = {name: found for name, found in measured.items() if isinstance(found, str)}
    found = {name: one for name, one in measured.items() if not isinstance(one, str)}
    exact = {name: one for name, one in found.items() if name.endswith("float32")}
    if not exact:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise ModelLoadError(f"no engine can serve here: {reasons}", f"这里没有能用的引擎：{reasons}")
    best = max(exact, key=lambda name: float(exact[name]["rate"]))
    truth = _flat(exact[best])
    engine = best
    for name in found.keys() - exact.keys():
        same = sum(a == b for a, b in zip(_flat(found[name]), truth, strict=True)) / len(truth)
        if same < AGREEMENT[name]:
            refused[name] = f"{same:.1%} of labels as float32's, {AGREEMENT[name]:.1%} are needed"
        elif found[name]["rate"] > max(found[engine]["rate"], FASTER * found[best]["rate"]):
            engine = name
    rates = {name: float(one["rate"]) for name, one in found.items()}
    told = [f"{name} {rate:.0f}/s" for name, rate in sorted(rates.items(), key=lambda pair: -pair[1])]
    told += [f"not {name}: {reason}" for name, reason in refused.items()]
    return Choice(engine, "cpu", "fastest here: " + "; ".join(told), rates, refused)


def _flat(one: Measured) -> list[str]:
    return [label for row in one["labels"] for label in row]
