"""The model card: what it is, where it comes from, how it was made, what it measures, where it fails."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from models.evaluate import as_confusion, as_table
from models.labels import HEADS, LABEL_ZH
from models.metrics import Report
from models.recipe import Recipe

_HEAD: Final = """---
language: zh
license: mit
base_model: {base}
pipeline_tag: text-classification
tags: [emotion, intent, weibo, chinese]
---

# {name}

What a Chinese social-media post feels and what its author wants: one small BERT encoder (4 layers, hidden
512, {pieces:,} word pieces, float16, {megabytes:.1f} MB) under three linear heads.

| head | labels |
| --- | --- |
{labels}

It is the default classifier of Fengsheng 风声. Open it with `models.heads.load_model(directory)` or, ready to
serve, `models.classify.Classifier(directory)`; `transformers.AutoModel` opens its encoder alone. Text must pass
through `models.normalise.normalise` first (`Classifier` does it).

## Where it comes from

- **Base**: [{base}](https://huggingface.co/{base}) by BAAI (Shitao Xiao and others), MIT licence, Copyright
  (c) 2022 staoxiao (`LICENSE`). All its weights were fine-tuned; the word pieces that Weibo text never uses were dropped.
- **Emotion**: SMP2020-EWECT, both training sets (26,599 general posts, 7,077 posts about the epidemic), public
  research data. Polarity follows from the emotion (happy: positive; angry, sad, fear: negative; neutral:
  neutral; surprise: no label).
- **Intent**: no public set has these labels. They are **weak**: high-precision patterns over public research
  posts (weibo_senti_100k, Weibo cascades, unlabelled Weibo text; `models/weak_intents.py`), complaints of car
  owners, and about 320 short examples written for this project with invented brand names
  (`models/intent_examples.txt`). The classes are described in `docs/intents.md`.
- **Polarity**: the above, and {polarity_rows:,} rows of weibo_senti_100k (labelled by emoticons: noisy).

## Recipe

`models/recipes/{name}.yaml`; AdamW, {epochs} epochs, batches of {batch_rows} rows of like length, at most
{max_tokens} tokens, learning rate {learning_rate:g} (heads {head_learning_rate:g}), warm-up over
{warmup_percent:.0f} % of the steps and linear decay, dropout {hidden_dropout:g} (none inside attention), float32
on two CPU cores. Features are the last layer's `[CLS]` beside its mean. A row without a label for a head takes
no part in that head's loss; loss weights {loss_weights}. The best epoch by macro-F1 on the usual dev split was
kept, so that figure is slightly flattered.
"""

_FIGURES: Final = """
## Figures

All measured after the float16 export, through the serving code (normalise, tokenise, forward in float32).

### Emotion, SMP2020-EWECT usual dev split

{usual}

{usual_confusion}

### Emotion, SMP2020-EWECT virus dev split

{virus}

### Intent, held-out rows labelled by the rules (weak)

The labels are the rules' own, so this says how well the model learnt the rules, **not** how well it knows what
people want.

{weak_intent}

### Intent, posts written for measuring

`models/intent_check.txt`: written after the training examples and the rules, trained on by nobody. By the same
hand as the training examples, invented, and few: an indication, not a measurement on real posts.

{written_intent}

### Polarity, the same posts (polarity as their intent implies)

{written_polarity}

After each epoch, in float32 and cut at {max_tokens} tokens (serving reads 128, hence its better figures above):

{epochs}
"""

_LIMITS: Final = """
## Limits

- Intent and polarity were learnt from weak labels; check them by hand on your own brand before you rely on them.
- The emotion labels of the base sets are those of the author of a post, one label a post; mixed feelings are
  lost.
- Sarcasm is only learnt from the written examples.
- Trained on Weibo posts of 2011 to 2021: newer slang, dialects and other platforms' habits are not known to it.
- Texts are cut at 128 tokens; of a repost chain the author's own words come whole, the rest is shortened.
- Emoji outside the base's vocabulary are read as unknown.
- The data sets are public research sets; look at their terms before you train a commercial model on them.
- Scores are softmax outputs and not calibrated.

## Commands

```sh
fengsheng model finetune --recipe {name} --data DATA --base {base} --run-dir runs/{name}
fengsheng model export   --recipe {name} --data DATA --base {base} --run-dir runs/{name} --out models/fengsheng-{name}
fengsheng model evaluate DATA/emotion/smp2020_usual_dev.jsonl.xz --model models/fengsheng-{name}
```

`finetune` goes on where it stopped, after a kill too; `DATA` holds the files named in `models/data.py`.
"""


def _epochs(run_dir: Path) -> str:
    """Read the figures of the epochs from the run's log; a resumed epoch is logged once."""
    lines = ["| epoch | usual macro-F1 | usual accuracy | virus macro-F1 |", "| ---: | ---: | ---: | ---: |"]
    for line in (run_dir / "log.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "epoch" in entry:
            lines.append(
                f"| {entry['epoch']} | {entry['usual_macro_f1']:.4f} | {entry['usual_accuracy']:.4f} "
                f"| {entry['virus_macro_f1']:.4f} |"
            )
    return "\n".join(lines)


def write_card(out: Path, recipe: Recipe, reports: dict[str, Report], run_dir: Path) -> None:
    """Write ``out/README.md`` from the recipe and the figures, and ``out/figures.json`` for programs."""
    labels = "\n".join(
        f"| {head} | " + ", ".join(f"{name} {LABEL_ZH[head][name]}" for name in names) + " |"
        for head, names in HEADS.items()
    )
    settings = asdict(recipe)
    name = recipe.name.removeprefix("fengsheng-")
    settings["loss_weights"] = ", ".join(f"{head} {weight:g}" for head, weight in recipe.loss_weights.items())
    pieces = len((out / "vocab.txt").read_text(encoding="utf-8").splitlines())
    text = _HEAD.format(
        **{**settings, "name": recipe.name},
        labels=labels,
        pieces=pieces,
        megabytes=(out / "model.safetensors").stat().st_size / 1e6,
        warmup_percent=100 * recipe.warmup_share,
    ).replace(f"recipes/{recipe.name}.yaml", f"recipes/{name}.yaml")
    text += _FIGURES.format(
        **{key: as_table(found) for key, found in reports.items()},
        usual_confusion=as_confusion(reports["usual"]),
        epochs=_epochs(run_dir),
        max_tokens=recipe.max_tokens,
    )
    text += _LIMITS.format(name=name, base=recipe.base)
    (out / "README.md").write_text(text, encoding="utf-8")
    figures = {
        key: {"macro_f1": round(found.macro_f1, 4), "accuracy": round(found.accuracy, 4), "rows": found.rows}
        for key, found in reports.items()
    }
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
