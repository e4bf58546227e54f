"""The model card: what it is, where it comes from, how it was made, what it measures, where it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
from typing import Final

from models.calibrator import Calibrator
from models.evaluate import as_confusion, as_table
from models.labels import HEADS, LABEL_ZH, HeadName
from models.licence import FIGURES, Origin
from models.metrics import Report
from models.recipe import Recipe
from models.run_log import read_epochs
from models.teaching import read_teachers

_HEAD: Final = """---
language: zh
{front_matter}
pipeline_tag: text-classification
tags: [emotion, intent, weibo, chinese]
---

# {title}

What a Chinese social-media post feels and what its author wants: one {architecture} encoder ({layers} layers, hidden
{hidden}, {pieces:,} word pieces, float16, {megabytes:.1f} MB) under three linear heads.

| head | labels |
| --- | --- |
{labels}

It is a classifier of Fengsheng 风声 (its setting `model` names the one that serves). Open it with
`models.serving.open_directory(directory)` or, ready to serve, `models.serving.Classifier(directory)`;
`transformers.AutoModel` opens its encoder alone. Text must pass through `models.normalise.normalise` first
(`Classifier` does it).

## Where it comes from

{base}
{taught}{emotion}
- **Intent and polarity**: {read_train:,} real posts labelled by reading (`models/intent_labels.tsv`, guideline and
  agreement in `docs/intents.md`); posts that high-precision patterns label (at most {intent_rows_per_class} a class,
  `models/weak_intents.py`), openings of car owners' complaints, about 320 short examples written for this project
  with invented brand names (`models/intent_examples.txt`).{polarity}

## Recipe

`models/recipes/{short}.yaml`; AdamW, {length}, batches of {batch_rows} rows of like length, at most
{max_tokens} tokens, learning rate {learning_rate:g} in the last layer, {layer_decay:g} times that in each layer below
({heads} {head_learning_rate:g}), warm-up over {warmup_percent:.0f} % of the steps and linear decay, dropout
{hidden_dropout:g} (none inside attention), label smoothing {label_smoothing:g}, class weights to the power
{powers}, exponential moving average of the weights with decay {average:g}, weights in float32. Features are
the last layer's `[CLS]` beside its mean. A row takes part only in the losses of what is known of it; loss
weights {loss_weights}{distilled}.{chosen} What each part of the recipe is worth: `docs/ablation.md`.
"""

_FIGURES: Final = """
## Figures

All measured after the float16 export, through the serving code (normalise, tokenise, ONNX Runtime in float32).

### Emotion, SMP2020-EWECT usual dev split

{usual}

{usual_confusion}

### Emotion, SMP2020-EWECT virus dev split

{virus}

### Intent, {intent_rows} real posts labelled by reading

Drawn so that rare intents are well represented, not as often as they occur; read twice, blind, and a third time where
the readings differed. Nobody trained on them.

{intent}

{intent_confusion}

### Polarity toward what is discussed, the same posts

{polarity}

### Calibration

One temperature a head and a curve of three numbers for its likeliest label (`fengsheng_calibration` in `config.json`,
`models/calibrator.py`), fitted on the dev rows; neither changes a label. The expected calibration error (15 bins,
likeliest label) after them is measured with every row's calibrator fitted on the other nine tenths. "By chance
alone" is what the same estimate gives on as many rows of a perfectly calibrated model: less than that says nothing.

{calibration}

After each epoch, in float32 and cut at {max_tokens} tokens; serving reads 128:

{epochs}
"""

_TAUGHT: Final = (
    "- **Teachers**: {teachers}. The student begins with the encoder of {first}; of the emotion of its "
    "rows{unlabelled} it learns their mean distribution{read}."
)
_INSTEAD: Final = ", of a post that was read the reading instead"
_MIXED_READING: Final = ", mixed with the reading of a post that was read ({share:.0%})"
_EMOTION: Final = (
    "- **Emotion**: SMP2020-EWECT, both training sets (26,599 general posts, 7,077 posts about the epidemic), public "
    "research data.{beside}{readings}"
)
_BESIDE: Final = {
    "extra_rows": "OCEMOTION with CLUEmotion2020 ({rows:,} posts an epoch)",
    "offensive_rows": "COLD ({rows:,} posts an epoch)",
}
_CHOSEN: Final = """ The best epoch by the mean macro-F1
of the two emotion dev splits and of the intent dev split was kept, so those figures are slightly flattered."""
_BASE_SHARE: Final = """ Every weight is
{share:g} of the base's and {rest:g} of the run's (Wortsman et al. 2022, WiSE-FT)."""
_DROPPED: Final = "the word pieces that Weibo text never uses were dropped"
_ADDED: Final = "{count} emoticons, emoji and signs that it could not read became tokens"
_READINGS: Final = (
    " Of {count:,} posts, some of these sets and most of others, it learns how a reader's belief is spread over the "
    "emotions (`models/emotion_readings.tsv`; how they were read and how often the sets' annotators agree: `docs/emotions.md`)."
)
_POLARITY: Final = """ Polarity besides follows from the emotion
  (happy: positive; angry, sad, fear: negative; neutral: neutral) and from {rows:,} posts an epoch of weibo_senti_100k
  (labelled by emoticons: noisy)."""

_WIDTH: Final = 116
_ARCHITECTURES: Final = {"bert": "BERT", "roberta": "RoBERTa", "xlm-roberta": "XLM-RoBERTa"}
_MEASURED: Final = ("usual", "virus", "intent", "polarity")

_LIMITS: Final = """
## Limits

- Intent and polarity were learnt from {read_train:,} posts that were read, and from weaker sources; check them by hand
  on your own brand before you rely on them. The readers were language models following one guideline: where they
  share a blind spot, so do the figures.
- The emotion labels of the base sets are those of the author of a post, one label a post; mixed feelings are
  lost.
- Sarcasm is the hardest kind of complaint and often read as praise.
- Trained on Weibo posts of 2011 to 2021: newer slang, dialects and other platforms' habits are not known to it.
- Texts are cut at 128 tokens; of a repost chain the author's own words come whole, the rest is shortened.
- The data sets are public research sets; look at their terms before you train a commercial model on them.

## Commands

```sh
{learn}
fengsheng model export   --recipe {short} --data DATA --base {start} --run-dir runs/{short} --out models/{title}
fengsheng model evaluate DATA/emotion/smp2020_usual_dev.jsonl.xz --model models/{title} --engine onnx-float32
fengsheng model posts    --data DATA --split dev > intents.jsonl
fengsheng model evaluate intents.jsonl --head intent --model models/{title} --engine onnx-float32
```

A run goes on where it stopped, after a kill too; `DATA` holds the files named in `models/data.py`.
"""


def _epochs(run_dir: Path) -> str:
    """Read the figures of the epochs from the run's log; a resumed epoch is logged once."""
    lines = [
        "| epoch | usual macro-F1 | usual accuracy | virus macro-F1 | intent macro-F1 | polarity accuracy |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {entry['epoch']} | {entry['usual_macro_f1']:.4f} | {entry['usual_accuracy']:.4f} "
        f"| {entry['virus_macro_f1']:.4f} | {entry.get('labelled_intent_macro_f1', 0):.4f} "
        f"| {entry.get('labelled_polarity_accuracy', 0):.4f} |"
        for entry in read_epochs(run_dir)
    ]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a head's calibrator did: expected calibration error before and after, by chance alone, on how many rows."""

    calibrator: Calibrator
    error_before: float
    error_after: float
    error_by_chance: float
    rows: int


def _calibration(found: Mapping[HeadName, Calibration]) -> str:
    lines = [
        "| head | temperature | curve | error before | error after | by chance alone | rows |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for head, item in found.items():
        lines.append(
            f"| {head} | {item.calibrator.temperature:.3f} | {_curve(item.calibrator)} | {item.error_before:.4f} | {item.error_after:.4f} "
            f"| {item.error_by_chance:.4f} | {item.rows} |"
        )
    return "\n".join(lines)


def _curve(calibrator: Calibrator) -> str:
    return ", ".join(f"{value:.3f}" for value in calibrator.curve)


def _weights(values: Mapping[str, float]) -> str:
    return ", ".join(f"{head} {weight:g}" for head, weight in values.items())


def _emotion(recipe: Recipe, readings: int) -> str:
    """Say what the emotions are learnt from; name the foreign sets only where an epoch draws from them."""
    drawn = [text.format(rows=getattr(recipe, key)) for key, text in _BESIDE.items() if getattr(recipe, key)]
    beside = (
        f" Beside them, under heads of their own that are left out here, it learns {' and '.join(drawn)}."
    )
    return _EMOTION.format(
        beside=beside if drawn else "", readings=_READINGS.format(count=readings) if readings else ""
    )


def _filled(item: str) -> str:
    return fill(item, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _vocabulary(recipe: Recipe, out: Path) -> str:
    """Say how the base's vocabulary was fitted, where it was."""
    document = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))
    count = sum(not entry["special"] for entry in document["added_tokens"])
    told = [_DROPPED] * bool(recipe.keep_pieces_seen) + [_ADDED.format(count=count)] * bool(count)
    return "; " + ", and ".join(told) if told else ""


def write_card(
    out: Path,
    recipe: Recipe,
    reports: Mapping[str, Report],
    calibration: Mapping[HeadName, Calibration],
    run_dir: Path,
    *,
    origin: Origin,
    read_train: int,
    readings: int = 0,
) -> None:
    """Write ``out/README.md`` from the recipe and the figures, and ``out/figures.json`` for programs.

    Parameters
    ----------
    out
        The exported directory, its weights and tokeniser in place.
    origin
        The base that training was given.
    read_train
        Posts labelled by reading that the run learnt from.
    readings
        Posts whose emotion was read that the run learnt from.
    """
    labels = "\n".join(
        f"| {head} | " + ", ".join(f"{name} {LABEL_ZH[head][name]}" for name in names) + " |"
        for head, names in HEADS.items()
    )
    settings = asdict(recipe)
    short = recipe.name.removeprefix("fengsheng-")
    settings["loss_weights"] = _weights(recipe.loss_weights)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    teachers = read_teachers(run_dir)
    of_first = bool(teachers) and teachers[0] == origin.given
    began = (
        "" if origin.direct or of_first else f" Training began with `{origin.given}`, made from it before."
    )
    base = f"- **Base**: {origin.sentence}{began} All its weights were trained on{_vocabulary(recipe, out)}."
    settings["base"] = _filled(base)
    read = _MIXED_READING.format(share=recipe.reading_share) if recipe.reading_share < 1 else _INSTEAD
    mixed = _BASE_SHARE.format(share=recipe.base_share, rest=1 - recipe.base_share)
    taught = _TAUGHT.format(
        teachers=" and ".join(teachers),
        read=read * bool(readings),
        unlabelled=f", {recipe.distil_rows:,} unlabelled posts an epoch among them,"
        * bool(recipe.distil_rows),
        first="the first" if of_first else f"`{origin.given}`" if began else "the base",
    )
    said = " and ".join(["the teachers say"] * bool(teachers) + ["was read"] * bool(readings))
    text = _HEAD.format(
        **settings,
        short=short,
        heads="heads, which begin as the base's," if recipe.keep_heads else "heads",
        title=out.name,
        front_matter=origin.front_matter,
        architecture=_ARCHITECTURES.get(config["model_type"], config["model_type"]),
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        powers=_weights(recipe.balance) or "0",
        taught=_filled(taught) + "\n" if teachers else "",
        distilled=f", of what {said} {_weights(recipe.distil_weights)}" if said else "",
        polarity=_POLARITY.format(rows=recipe.polarity_rows) if recipe.polarity_from_emotion else "",
        labels=labels,
        length="one epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs",
        chosen=_CHOSEN * (recipe.epochs > 1) + mixed * bool(recipe.base_share),
        read_train=read_train,
        emotion=_filled(_emotion(recipe, readings)),
        pieces=int(config["vocab_size"]),
        megabytes=(out / "model.safetensors").stat().st_size / 1e6,
        warmup_percent=100 * recipe.warmup_share,
    )
    none = "(no rows)"
    tables = {key: as_table(reports[key]) if key in reports else none for key in _MEASURED}
    intent = reports.get("intent")
    text += _FIGURES.format(
        **tables,
        usual_confusion=as_confusion(reports["usual"]),
        intent_confusion=none if intent is None else as_confusion(intent),
        intent_rows=0 if intent is None else intent.rows,
        calibration=_calibration(calibration),
        epochs=_epochs(run_dir),
        max_tokens=recipe.max_tokens,
    )
    # A folder of this machine means nothing to who reads the card.
    start = "TEACHER1" if of_first else origin.hub if origin.direct and origin.hub else "BASE"
    names = " ".join(f"TEACHER{number}" for number, _ in enumerate(teachers, 1))
    verb = f"distil {names}" if teachers else "finetune"
    learn = f"fengsheng model {verb} --recipe {short} --data DATA --base {start} --run-dir runs/{short}"
    text += _LIMITS.format(short=short, title=out.name, start=start, learn=learn, read_train=read_train)
    (out / "README.md").write_text(text, encoding="utf-8")
    figures: dict[str, object] = {
        key: {"macro_f1": round(found.macro_f1, 4), "accuracy": round(found.accuracy, 4), "rows": found.rows}
        for key, found in reports.items()
    }
    figures["calibration"] = {
        head: {"error": round(item.error_after, 4), "by_chance": round(item.error_by_chance, 4)}
        for head, item in calibration.items()
    }
    (out / FIGURES).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
