"""How fast which weight learns, and the average of the weights over the steps."""

from __future__ import annotations

import re
from typing import Any, Final

import torch
from torch import nn

from models.recipe import Recipe

_LAYER: Final = re.compile(r"\.layer\.(\d+)\.")


def depth_of(name: str, layers: int) -> int | None:
    """Give how many layers lie above a parameter of the encoder, the embeddings below all; None for a head's."""
    if name.startswith("heads."):
        return None
    found = _LAYER.search(name)
    return layers - 1 - int(found[1]) if found else layers


def make_optimizer(model: nn.Module, recipe: Recipe, layers: int) -> torch.optim.AdamW:
    """Group the parameters by depth and decay; biases, norms and embeddings do not decay."""
    groups: dict[tuple[int | None, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = parameter.ndim > 1 and "embeddings" not in name
        groups.setdefault((depth_of(name, layers), decays), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.head_learning_rate
                if depth is None
                else recipe.learning_rate * recipe.layer_decay**depth,
                "weight_decay": recipe.weight_decay if decays else 0.0,
            }
            for (depth, decays), parameters in groups.items()
        ],
        fused=True,
    )


def schedule(step: int, total: int, warmup_share: float) -> float:
    """Give the factor on the learning rate: linear up over the warm-up, then linear down to zero."""
    warmup = max(1, round(total * warmup_share))
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (total - step) / max(1, total - warmup))


class Average:
    """Exponential moving average of a model's weights (Polyak averaging), with early steps averaged evenly.

    Parameters
    ----------
    decay
        Share of the average that stays at each step; the first steps use (n + 1) / (n + 10) if that is less, so
        that the untrained start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self.steps = 0
        self.weights: dict[str, torch.Tensor] = {
            name: value.detach().clone() for name, value in model.state_dict().items()
        }

    def update(self, model: nn.Module) -> None:
        """Take in the weights after a step."""
        keep = min(self._decay, (self.steps + 1) / (self.steps + 10))
        self.steps += 1
        current = model.state_dict()
        with torch.no_grad():
            for name, mean in self.weights.items():
                if mean.is_floating_point():
                    mean.lerp_(current[name], 1 - keep)

    def state(self) -> dict[str, Any]:
        """Give what `restore` needs to go on."""
        return {"steps": self.steps, "weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.steps = state["steps"]
        self.weights = dict(state["weights"])
