"""Where the forward runs, and in which number format."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import nn

from models.heads import ModelLoadError
from models.labels import HEADS
from models.serving.choice import AGREEMENT, FASTER, unknown_device

if TYPE_CHECKING:
    from models.serving.engine import Logits

    Run = Callable[[Sequence[Sequence[int]]], Logits]

_log = logging.getLogger(__name__)

_ROWS, _ROUNDS = 128, 5
_NATIVE_BFLOAT16: Final = (8, 0)
"""Compute capability from which a GPU has bfloat16 of its own; an older one only emulates it."""

SAME: Final = AGREEMENT["torch-bfloat16"]
"""Share of labels that half the bits must have in common with float32, as on the CPU."""


def choose_device(wanted: str) -> torch.device:
    """Resolve ``auto`` to CUDA where there is one, else the CPU.

    Raises
    ------
    ModelLoadError
        If the name is unknown to torch, or CUDA was asked for by name and is not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise unknown_device(wanted) from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise ModelLoadError(
                f"device {wanted!r}: this torch sees no CUDA GPU; use auto or cpu",
                f"设备 {wanted!r}：这里的 PyTorch 看不到 CUDA GPU；请用 auto 或 cpu",
            )
        if (device.index or 0) >= (count := torch.cuda.device_count()):
            there = ", ".join(f"cuda:{index}" for index in range(count))
            raise ModelLoadError(
                f"device {wanted!r}: this torch sees only {there}; use one of them, or cpu",
                f"设备 {wanted!r}：这里的 PyTorch 只看到 {there}；请用其中之一，或 cpu",
            )
    return device


def narrow_format(capability: tuple[int, int]) -> torch.dtype:
    """Give the format of half the bits that a GPU of this compute capability is good at.

    Float16 overflows at 65,504, so it is only for GPUs without bfloat16.
    """
    return torch.bfloat16 if capability >= _NATIVE_BFLOAT16 else torch.float16


def agreement(found: Logits, exact: Logits) -> float:
    """Give the share of labels, over all heads, that are float32's; 0 where a logit is not finite."""
    if not all(np.isfinite(found[head]).all() for head in HEADS):
        return 0.0
    same = [found[head].argmax(1) == exact[head].argmax(1) for head in HEADS]
    return float(np.concatenate(same).mean())


def decide(narrow: torch.dtype, seconds: float, exact_seconds: float, same: float) -> torch.dtype:
    """Choose between half the bits and float32, which stays unless the other is clearly faster and says the same.

    Parameters
    ----------
    seconds, exact_seconds
        Of one forward in the narrow format and in float32.
    same
        What :func:`agreement` gave for the narrow format.
    """
    return narrow if same >= SAME and seconds * FASTER <= exact_seconds else torch.float32


def fastest(module: nn.Module, device: torch.device, run: Run, rows: Sequence[Sequence[int]]) -> torch.dtype:
    """Move the module to a GPU, in float32 or in the half that a short measurement finds worth it.

    On a CPU nothing is measured in this process: some processors announce a bfloat16 unit and then stop the process
    with an illegal instruction, so ``models.serving.choice`` asks a process of its own.

    Parameters
    ----------
    run
        Runs the module over rows of token ids, as it is at the moment.
    rows
        The probe texts.

    Returns
    -------
    torch.dtype
        The format chosen.
    """
    module.to(device=device, dtype=torch.float32)
    exact, exact_seconds = run(rows), _seconds(run, rows)
    # Narrowing loses bits for good, so the originals are kept to restore from.
    originals = {name: value.cpu().clone() for name, value in module.state_dict().items()}
    narrow = narrow_format(torch.cuda.get_device_capability(device))
    module.to(dtype=narrow)
    same, seconds = agreement(run(rows), exact), _seconds(run, rows)
    chosen = decide(narrow, seconds, exact_seconds, same)
    _log.info(
        "%s: %s; %s takes %.2f ms, float32 %.2f, and %.1f%% of labels are the same (%.1f%% are needed)",
        device, chosen, narrow, 1000 * seconds, 1000 * exact_seconds, 100 * same, 100 * SAME,
    )  # fmt: skip
    if chosen is torch.float32:
        module.to(dtype=torch.float32).load_state_dict(originals)
    return chosen


def _seconds(run: Run, rows: Sequence[Sequence[int]]) -> float:
    """Time a forward, the best of some; its logits come to the CPU, so nothing is left running at its end."""
    batch = [max(rows, key=len)] * _ROWS
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        run(batch)
        best = min(best, time.perf_counter() - start)
    return best
