"""The settings of a training run, read from YAML and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

from models.labels import HEADS, TRAINED

RECIPES: Final = Path(__file__).with_name("recipes")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the outcome of a fine-tuning run, besides the data and the base.

    Attributes
    ----------
    keep_pieces_seen, add_tokens_seen
        Word pieces seen less often in the corpus are dropped (0: none); emoticons, emoji and punctuation seen
        as often become tokens (0: none). Both 0 for a base that ``adapt`` made.
    intent_rows_per_class
        Most rows a class that the patterns of ``models.weak_intents`` may label.
    labelled_copies
        How often an epoch holds each post whose intent was labelled by reading; 0: never.
    reading_copies
        How often an epoch holds each post whose emotion was read and that is in none of its other rows; 0: readings
        are not learnt from, those of labelled rows neither.
    polarity_rows, extra_rows, offensive_rows
        Rows an epoch drawn from weibo_senti_100k, from OCEMOTION with CLUEmotion2020, from COLD; another
        part of each set in every epoch.
    reading_share
        How much of what a read post teaches of its emotion is the reading; the rest is what teachers say of it.
    keep_heads
        Whether the heads begin as those of the base, a model of ours; else they begin fresh.
    base_share
        How much of every exported weight is the base's, the rest the run's (Wortsman et al. 2022, WiSE-FT); more than
        0 with ``keep_heads`` only.
    learning_rate, head_learning_rate
        Of the encoder's last layer and of the heads; both warm up over ``warmup_share`` of the steps
        and then fall linearly to zero.
    layer_decay
        Factor on the learning rate from each layer to the one below it, embeddings last (Howard and Ruder
        2018, discriminative fine-tuning); 1.0: all learn alike.
    label_smoothing
        Share of a target that is spread over all labels (Szegedy et al. 2016).
    balance
        By head, the power to which (mean class size / a class's size) is raised to weigh its loss; unnamed: none.
    average
        Decay a step of the exponential moving average of the weights that is judged and kept; 0: none.
    fgm
        Length of the adversarial step on the word embeddings (Miyato et al. 2017), 0: none. Doubles the cost.
    rdrop
        Weight of the divergence between two dropout passes (Liang et al. 2021, R-Drop), 0: none. Doubles the cost.
    patience
        Epochs without a better score on the dev splits after which the run ends early; 0: it takes all its epochs.
    share
        Part of the rows that are in every epoch, for trials.
    distil_rows, distil_weights
        Unlabelled posts an epoch that only teachers label, and by head the weight of what teachers and readers say,
        labelled rows included; of an unnamed head they say nothing (``fengsheng model distil``).
    polarity_from_emotion
        Whether an emotion row teaches the polarity that usually goes with its emotion.
    threads
        CPU threads, each with a slice of every batch; only with 1 a run repeats to the last bit.
    loss_weights
        Weights of the mean cross-entropy of each head over the rows that carry its label.
    """

    name: str
    base: str
    seed: int = 20
    keep_pieces_seen: int = 3
    add_tokens_seen: int = 0
    corpus_stride: int = 4
    intent_rows_per_class: int = 600
    labelled_copies: int = 2
    reading_copies: int = 0
    reading_share: float = 1.0
    keep_heads: bool = False
    base_share: float = 0.0
    polarity_rows: int = 1500
    extra_rows: int = 0
    offensive_rows: int = 0
    example_copies: int = 4
    epochs: int = 3
    batch_rows: int = 32
    max_tokens: int = 96
    learning_rate: float = 1e-4
    head_learning_rate: float = 5e-4
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    warmup_share: float = 0.06
    clip_norm: float = 1.0
    hidden_dropout: float = 0.1
    label_smoothing: float = 0.0
    balance: dict[str, float] = field(default_factory=dict)
    average: float = 0.0
    fgm: float = 0.0
    rdrop: float = 0.0
    patience: int = 0
    share: float = 1.0
    distil_rows: int = 0
    distil_weights: dict[str, float] = field(default_factory=lambda: dict.fromkeys(HEADS, 1.0))
    polarity_from_emotion: bool = True
    loss_weights: dict[str, float] = field(default_factory=lambda: dict.fromkeys(HEADS, 1.0))
    checkpoint_every: int = 200
    threads: int = 2


@dataclass(frozen=True, slots=True)
class AdaptRecipe:
    """All that decides the outcome of masked-language-model training, besides the data and the base.

    Attributes
    ----------
    corpus
        Files below the data folder, and of each every how many-th text is read.
    row_tokens, batch_rows
        Tokens of a packed row, rows of a step.
    mask_share
        Share of the words that are hidden.
    """

    name: str
    base: str
    corpus: dict[str, int]
    steps: int
    seed: int = 20
    keep_pieces_seen: int = 3
    add_tokens_seen: int = 60
    row_tokens: int = 128
    batch_rows: int = 16
    mask_share: float = 0.15
    learning_rate: float = 3e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    clip_norm: float = 1.0
    checkpoint_every: int = 100
    threads: int = 2


_AnyRecipe = TypeVar("_AnyRecipe", Recipe, AdaptRecipe)


def read_recipe(name_or_path: str | Path, kind: type[_AnyRecipe]) -> _AnyRecipe:
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
    kinds = {item.name: str(item.type) for item in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in loaded.items():
        if key not in kinds:
            raise ValueError(f"{path}: unknown key {key!r}; expected one of {', '.join(kinds)}")
        if kinds[key] == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        expected = {"int": int, "float": float, "str": str, "bool": bool}.get(kinds[key], dict)
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise ValueError(f"{path}: {key}: expected {expected.__name__}, found {value!r}")
        values[key] = value
    needed = [item.name for item in fields(kind) if item.name in {"name", "base", "corpus", "steps"}]
    for key in needed:
        if key not in values:
            raise ValueError(f"{path}: no {key!r}; every recipe of this kind has {', '.join(needed)}")
    if values.get("reading_copies", 0) < 0:
        raise ValueError(f"{path}: reading_copies: expected 0 or more, found {values['reading_copies']}")
    for key in ("reading_share", "base_share"):
        if not 0 <= values.get(key, 0.0) <= 1:
            raise ValueError(f"{path}: {key}: expected 0 to 1, found {values[key]}")
    if values.get("base_share") and not values.get("keep_heads"):
        raise ValueError(f"{path}: base_share: fresh heads have nothing to be mixed with; set keep_heads")
    if values.get("reading_copies") and not values.get("distil_weights", {"emotion": 1.0}).get("emotion"):
        raise ValueError(
            f"{path}: reading_copies: readings weigh nothing unless distil_weights names emotion"
        )
    for key, heads in (("loss_weights", TRAINED), ("balance", HEADS), ("distil_weights", HEADS)):
        for head in values.get(key, {}):
            if head not in heads:
                raise ValueError(f"{path}: {key}: unknown head {head!r}; expected {', '.join(heads)}")
    return kind(**values)
