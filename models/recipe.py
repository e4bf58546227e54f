"""The settings of a fine-tuning run, read from YAML and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from models.labels import HEADS, HeadName

RECIPES: Final = Path(__file__).with_name("recipes")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the outcome of a run, besides the data and the base.

    ``learning_rate`` is the encoder's, ``head_learning_rate`` that of the fresh heads; both warm up over
    ``warmup_share`` of the steps and then fall linearly to zero. ``loss_weights`` weigh the mean
    cross-entropy of each head over the rows that carry its label.
    """

    name: str
    base: str
    seed: int = 20
    keep_pieces_seen: int = 3
    corpus_stride: int = 4
    intent_rows_per_class: int = 600
    polarity_rows: int = 1500
    example_copies: int = 4
    epochs: int = 3
    batch_rows: int = 32
    max_tokens: int = 96
    learning_rate: float = 1e-4
    head_learning_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.06
    clip_norm: float = 1.0
    hidden_dropout: float = 0.1
    loss_weights: dict[HeadName, float] = field(default_factory=lambda: dict.fromkeys(HEADS, 1.0))
    checkpoint_every: int = 200
    threads: int = 2


def read_recipe(name_or_path: str | Path) -> Recipe:
    """Read a recipe by its name among ``models/recipes`` or by its path.

    Raises
    ------
    FileNotFoundError
        If neither exists; names the recipes there are.
    ValueError
        With the file and key, at an unknown key or a value of the wrong type.
    """
    from ruamel.yaml import YAML

    path = Path(name_or_path)
    if not path.is_file():
        path = RECIPES / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise FileNotFoundError(f"no recipe {name_or_path!s}: give a YAML file or one of: {known}")
    loaded: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise ValueError(f"{path}: expected keys and values, found {type(loaded).__name__}")
    kinds = {item.name: item.type for item in fields(Recipe)}
    values: dict[str, Any] = {}
    for key, value in loaded.items():
        if key not in kinds:
            raise ValueError(f"{path}: unknown key {key!r}; expected one of {', '.join(kinds)}")
        kind = kinds[key]
        if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        expected = {"int": int, "float": float, "str": str}.get(str(kind), dict)
        if not isinstance(value, expected) or isinstance(value, bool):
            raise ValueError(f"{path}: {key}: expected {expected.__name__}, found {value!r}")
        values[key] = value
    for key in ("name", "base"):
        if key not in values:
            raise ValueError(f"{path}: no {key!r}; it names the result and the encoder to start from")
    for head in values.get("loss_weights", {}):
        if head not in HEADS:
            raise ValueError(f"{path}: loss_weights: unknown head {head!r}; expected {', '.join(HEADS)}")
    return Recipe(**values)
