"""Where the forward runs, and in which number format."""

from __future__ import annotations

import time
from typing import Final

import torch
from torch import nn

_ROWS, _TOKENS, _ROUNDS = 64, 64, 5
_CUDA_FORMATS: Final = (torch.float32, torch.float16, torch.bfloat16)


def choose_device(wanted: str) -> torch.device:
    """Resolve ``auto`` to CUDA where there is one, else the CPU.

    Raises
    ------
    ValueError
        If the name is unknown to torch, or CUDA was asked for by name and is not there.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise ValueError(f"device {wanted!r}: unknown; use auto, cpu or cuda") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {wanted!r}: this torch sees no CUDA GPU; use auto or cpu")
    return device


def _seconds(module: nn.Module, device: torch.device) -> float:
    ids = torch.ones((_ROWS, _TOKENS), dtype=torch.long, device=device)
    mask = torch.ones_like(ids)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(_ROUNDS):
            torch.cuda.synchronize(device)
            start = time.perf_counter()
            module(ids, mask)
            torch.cuda.synchronize(device)
            best = min(best, time.perf_counter() - start)
    return best


def place(module: nn.Module, device: torch.device, wanted: torch.dtype | None = None) -> torch.dtype:
    """Move the module to its device, in the format wanted or, on CUDA, the one that a short measurement finds fastest.

    On a CPU nothing is measured here: some processors announce a bfloat16 unit and then stop the process with
    an illegal instruction, so that is left to ``models.serving.choice``, which asks a process of its own.
    Float32 stays on CUDA too unless half the bits are at least a tenth faster, so that near ties do not cost
    accuracy.

    Returns
    -------
    torch.dtype
        The format chosen.
    """
    if wanted is not None or device.type != "cuda":
        kind = wanted or torch.float32
        module.to(device=device, dtype=kind)
        return kind
    module.to(device=device, dtype=torch.float32)
    # Narrowing loses bits for good, so the originals are kept to restore from.
    originals = {name: value.cpu().clone() for name, value in module.state_dict().items()}
    times: dict[torch.dtype, float] = {}
    for kind in _CUDA_FORMATS:
        times[kind] = _seconds(module.to(dtype=kind), device)
    fastest = min(times, key=times.__getitem__)
    if times[fastest] > 0.9 * times[torch.float32]:
        fastest = torch.float32
    module.to(dtype=torch.float32).load_state_dict(originals)
    module.to(device=device, dtype=fastest)
    return fastest
