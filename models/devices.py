"""Where training runs: on CUDA where torch sees a GPU, in bfloat16 where that has units for it; else on the CPU.

On a CPU nothing is narrowed: of the processors that announce bfloat16 some are slower in it and some stop the
process (`models.serving.precision`). ``CUDA_VISIBLE_DEVICES=`` keeps a run off the GPU.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from models.serving.precision import narrow_format


def device_of(model: nn.Module) -> torch.device:
    """Give the device that a model's weights lie on."""
    return next(model.parameters()).device


def narrowed(device: torch.device) -> AbstractContextManager[Any]:
    """Compute matrix products in bfloat16 inside, weights and sums of losses stay in float32 (torch.autocast)."""
    if device.type != "cuda" or narrow_format(torch.cuda.get_device_capability(device)) is not torch.bfloat16:
        return nullcontext()
    return torch.autocast("cuda", dtype=torch.bfloat16)


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Give the state of the generators that dropout draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Go on drawing where `random_state` was taken; a run that changes devices draws anew on the other one."""
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
