"""The committed, resumable command behind ``fengsheng model finetune``: base encoder in, model directory out."""

from __future__ import annotations

import itertools
import json
import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import data
from models.data import Row
from models.labels import HEADS
from models.metrics import report
from models.normalise import normalise
from models.recipe import Recipe
from models.training import Encoded, encode_rows, pad, save_atomically, train
from models.vocabulary import choose_pieces, count_pieces, prune_embeddings, prune_tokenizer
from models.weak_intents import (
    is_held_out,
    label_text,
    read_examples,
    weak_rows,
    windows,
)

if TYPE_CHECKING:
    import torch

    from models.multihead import MentionClassifier

_EMOTION_SETS = (data.USUAL_TRAIN, data.VIRUS_TRAIN)
_SCAN = 3  # every third unlabelled line is offered to the rules
_OTHER_SHARE = 4  # one in four of the emotion rows without any intent says so; all would drown the rest


def _labelled(row: Row) -> Row:
    """Normalise an emotion row and let the rules add an intent to it; that costs no further step."""
    text = normalise(row.text)
    intent = label_text(text)
    if is_held_out(text) or (intent == "other" and zlib.crc32(text.encode()) % _OTHER_SHARE != 1):
        intent = None
    return Row(text, row.emotion, intent, row.polarity)


def _offered(data_dir: Path) -> Iterator[str]:
    """Give the texts that the rules may label, the sets nearest to brand talk first."""
    complaints = (item["text"] for item in data.read_jsonl(data_dir / data.CAR_COMPLAINTS))
    cut = [part for text in complaints for part in windows(normalise(text), 60)[1:3]]
    return itertools.chain(
        cut,
        data.read_texts(data_dir / data.POLARITY),
        data.read_texts(data_dir / data.CASCADES),
        itertools.islice(data.read_texts(data_dir / data.CONTROL), 0, None, 4),
        itertools.islice(data.read_texts(data_dir / data.UNLABELLED), 0, None, _SCAN),
    )


def _complaint_rows(data_dir: Path, limit: int) -> list[Row]:
    """Take the openings of the car owners' complaints, which their source labels as such."""
    rows = []
    for item in data.read_jsonl(data_dir / data.CAR_COMPLAINTS):
        parts = windows(normalise(item["text"]), 60)
        if parts:
            rows.append(Row(parts[min(1, len(parts) - 1)], intent="complaint", polarity="negative"))
    random.Random(7).shuffle(rows)  # noqa: S311 - a sample, not a secret
    return rows[:limit]


def example_rows(copies: int, seed: int, *, held_out: bool) -> list[Row]:
    """Fill the written examples with names; the template decides which side of the split all copies are on."""
    rng = random.Random(seed)  # noqa: S311 - names, not a secret
    return [
        example.fill(rng)
        for example in read_examples()
        if is_held_out(example.template) == held_out
        for _ in range(copies)
    ]


def gather(recipe: Recipe, data_dir: Path) -> tuple[list[Row], list[Row]]:
    """Gather the training rows and the held-out weak intent rows.

    Raises
    ------
    FileNotFoundError
        If a data set is missing; names the file.
    """
    emotion = [_labelled(row) for name in _EMOTION_SETS for row in data.read_emotion(data_dir / name)]
    weak = weak_rows(_offered(data_dir), recipe.intent_rows_per_class)
    weak += _complaint_rows(data_dir, recipe.intent_rows_per_class // 2)
    polar = data.read_polarity(data_dir / data.POLARITY)
    random.Random(recipe.seed).shuffle(polar)  # noqa: S311 - a sample, not a secret
    polar = [Row(text, polarity=row.polarity) for row in polar if 4 <= len(text := normalise(row.text)) <= 70]
    examples = example_rows(recipe.example_copies, recipe.seed, held_out=False)
    kept = [row for row in weak if not is_held_out(row.text)]
    held = [row for row in weak if is_held_out(row.text)]
    training = emotion + kept + examples + polar[: recipe.polarity_rows]
    return [row for row in training if row.text], held


def resolve_base(base: str) -> Path:
    """Find the base encoder: a directory as it is, a hub name by its snapshot."""
    if Path(base).is_dir():
        return Path(base)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(base, allow_patterns=["*.json", "vocab.txt", "model.safetensors"]))


def build_model(base: Path, old_ids: Sequence[int], recipe: Recipe) -> MentionClassifier:
    """Load the encoder in float32, cut its embeddings to the kept pieces, add fresh heads."""
    import torch
    from transformers import AutoConfig, BertModel

    from models.heads import CONFIG_FIELD
    from models.multihead import MentionClassifier

    torch.manual_seed(recipe.seed)
    encoder = BertModel.from_pretrained(base, dtype=torch.float32, add_pooling_layer=False)
    config = AutoConfig.from_pretrained(base)
    config.vocab_size = len(old_ids)
    config.hidden_dropout_prob = recipe.hidden_dropout
    # Dropout inside attention keeps torch off its fused kernel: a third slower, no gain seen.
    config.attention_probs_dropout_prob = 0.0
    config.architectures = ["MentionClassifier"]
    setattr(config, CONFIG_FIELD, {head: list(names) for head, names in HEADS.items()})
    state = encoder.state_dict()
    name = "embeddings.word_embeddings.weight"
    state[name] = prune_embeddings(state[name], old_ids)
    model = MentionClassifier(config)
    model.bert.load_state_dict(state)
    return model


def predict(model: MentionClassifier, rows: Sequence[Encoded], pad_id: int) -> dict[str, list[int]]:
    """Give the best label position of every row under every head."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][0]))
    guesses: dict[str, list[int]] = {head: [0] * len(rows) for head in HEADS}
    for start in range(0, len(order), 64):
        part = order[start : start + 64]
        logits = model(*pad([rows[index][0] for index in part], pad_id))
        for head in HEADS:
            for index, guess in zip(part, logits[head].argmax(-1).tolist(), strict=True):
                guesses[head][index] = guess
    return guesses


def _prepare(recipe: Recipe, data_dir: Path, base: Path, run_dir: Path) -> None:
    """Write tokeniser, old ids and gathered rows, so that every resumption has the very same."""
    training, held = gather(recipe, data_dir)
    unlabelled = itertools.islice(data.read_texts(data_dir / data.UNLABELLED), 0, None, recipe.corpus_stride)
    corpus = itertools.chain((row.text for row in training), map(normalise, unlabelled))
    counts = count_pieces(base / "tokenizer.json", corpus)
    vocabulary = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = choose_pieces(vocabulary, counts, recipe.keep_pieces_seen)
    old_ids = prune_tokenizer(base, run_dir / "tokenizer", pieces)

    def plain(rows: list[Row]) -> list[tuple[str, str | None, str | None, str | None]]:
        return [(row.text, row.emotion, row.intent, row.polarity) for row in rows]

    prepared = {"training": plain(training), "held": plain(held), "old_ids": old_ids}
    save_atomically(prepared, run_dir / "prepared.pt")


def finetune(
    recipe: Recipe, data_dir: Path, base: str, run_dir: Path, *, resume: bool = True
) -> dict[str, torch.Tensor]:
    """Fine-tune the base on the data; resumes from ``run_dir`` after any stop, kill -9 included.

    Parameters
    ----------
    data_dir
        Folder with the data sets named in ``models.data``.
    base
        Directory or hub name of a BERT encoder with a WordPiece tokeniser.
    run_dir
        Where the prepared rows, checkpoints, ``log.jsonl`` and ``best.pt`` lie; not for git.

    Returns
    -------
    dict
        The best weights by macro-F1 on the usual dev split.

    Raises
    ------
    FileNotFoundError
        If a data set or the base is missing.
    """
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(recipe.threads)
    run_dir.mkdir(parents=True, exist_ok=True)
    source = resolve_base(base)
    if not resume:
        for name in ("prepared.pt", "checkpoint.pt", "best.pt", "log.jsonl"):
            (run_dir / name).unlink(missing_ok=True)
    if not (run_dir / "prepared.pt").is_file():
        _prepare(recipe, data_dir, source, run_dir)
    prepared: dict[str, Any] = torch.load(run_dir / "prepared.pt", weights_only=True)
    tokenizer = AutoTokenizer.from_pretrained(run_dir / "tokenizer")
    rows = encode_rows(tokenizer, [Row(*row) for row in prepared["training"]], recipe.max_tokens)
    held = encode_rows(tokenizer, [Row(*row) for row in prepared["held"]], recipe.max_tokens)
    written = encode_rows(tokenizer, example_rows(2, 1, held_out=True), recipe.max_tokens)
    dev = {
        name: encode_rows(
            tokenizer,
            [Row(normalise(row.text), row.emotion) for row in data.read_emotion(data_dir / path)],
            recipe.max_tokens,
        )
        for name, path in (("usual", data.USUAL_DEV), ("virus", data.VIRUS_DEV))
    }
    model = build_model(source, prepared["old_ids"], recipe)
    pad_id: int = tokenizer.pad_token_id

    def judge(current: MentionClassifier) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, split in dev.items():
            guess = predict(current, split, pad_id)["emotion"]
            found = report(HEADS["emotion"], [targets[0] for _, targets in split], guess)
            figures[f"{name}_macro_f1"] = round(found.macro_f1, 4)
            figures[f"{name}_accuracy"] = round(found.accuracy, 4)
        for name, split in (("weak_intent", held), ("written_intent", written)):
            guess = predict(current, split, pad_id)["intent"]
            truth = [targets[1] for _, targets in split]
            figures[f"{name}_macro_f1"] = round(report(HEADS["intent"], truth, guess).macro_f1, 4)
        return {"score": figures["usual_macro_f1"], **figures}

    train(model, rows, recipe, run_dir, pad_id, judge, resume=resume)
    best: dict[str, torch.Tensor] = torch.load(run_dir / "best.pt", weights_only=True)
    return best
