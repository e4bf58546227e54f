"""The committed, resumable command behind ``fengsheng model finetune``: base encoder in, model directory out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models import data
from models.additions import choose_additions, count_additions
from models.data import Row
from models.devices import device_of
from models.emotion_readings import READINGS
from models.folds import Fold
from models.gathering import by_epoch, example_rows, gather, left_out
from models.labelled import LABELS, read_split
from models.labels import HEADS, TRAINED
from models.metrics import report
from models.normalise import normalise
from models.recipe import Recipe
from models.run_facts import FACTS, begin, digest, facts_of
from models.run_log import LOG
from models.serving.directory import FETCHED
from models.serving.precision import choose_device
from models.teaching import Teacher, teach, with_mood, write_teachers
from models.training import Encoded, encode_rows, pad, save_atomically, train
from models.vocabulary import (
    choose_pieces,
    count_pieces,
    keep_tokenizer,
    opened_tokenizer,
    rebuild_embeddings,
    rebuild_tokenizer,
)

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from models.multihead import MentionClassifier

_DECIDING: Final = {
    "emotion": ("usual_macro_f1", "virus_macro_f1"),
    "intent": ("labelled_intent_macro_f1",),
}
"""By head, the figures whose mean decides which epoch is kept; a head that is not learnt decides nothing."""


def resolve_base(base: str) -> Path:
    """Find the base encoder: a directory as it is, a hub name by its snapshot."""
    if Path(base).is_dir():
        return Path(base)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(base, allow_patterns=[*FETCHED, "LICENSE*", "README.md"]))


def heads_of(base: Path) -> dict[str, torch.Tensor]:
    """Read the heads of a model of ours in float32, by their names within ``heads``.

    Raises
    ------
    ValueError
        If it is not a model of ours, or its heads know other labels than ours.
    """
    from safetensors.torch import load_file

    from models.heads import CONFIG_FIELD, ModelLoadError, check_heads

    try:
        check_heads(json.loads((base / "config.json").read_text(encoding="utf-8")).get(CONFIG_FIELD))
    except ModelLoadError:
        raise ValueError(
            f"{base}: keep_heads: no heads with our labels in its config.json; take a model that "
            "fengsheng model export wrote, or set keep_heads to false in the recipe"
        ) from None
    prefix = "heads."
    stored = load_file(base / "model.safetensors")
    return {name[len(prefix) :]: value.float() for name, value in stored.items() if name.startswith(prefix)}


def build_model(base: Path, sources: Sequence[Sequence[int]], recipe: Recipe) -> MentionClassifier:
    """Load the encoder in float32, fit its embeddings to the rebuilt tokeniser, add heads.

    Raises
    ------
    ValueError
        If the recipe keeps the base's heads and the base has none of ours.
    """
    import torch
    from transformers import AutoConfig, AutoModel

    from models.heads import CONFIG_FIELD
    from models.multihead import MentionClassifier

    torch.manual_seed(recipe.seed)
    encoder = AutoModel.from_pretrained(base, dtype=torch.float32, add_pooling_layer=False)
    config = AutoConfig.from_pretrained(base)
    config.vocab_size = len(sources)
    config.hidden_dropout_prob = recipe.hidden_dropout
    # Dropout inside attention keeps torch off its fused kernel: a third slower, no gain seen.
    config.attention_probs_dropout_prob = 0.0
    config.architectures = ["MentionClassifier"]
    setattr(config, CONFIG_FIELD, {head: list(names) for head, names in TRAINED.items()})
    state = encoder.state_dict()
    name = "embeddings.word_embeddings.weight"
    state[name] = rebuild_embeddings(state[name], sources)
    model = MentionClassifier(config)
    model.encoder.load_state_dict(state)
    if recipe.keep_heads:
        model.heads.load_state_dict(heads_of(base), strict=False)  # the auxiliary ones are never exported
    return model


def logits_of(
    model: MentionClassifier, rows: Sequence[Encoded], pad_id: int
) -> dict[str, NDArray[np.float64]]:
    """Give the logits of every row under every head, each ``(rows, labels)``, in the order of the rows."""
    import numpy as np

    device = device_of(model)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][0]))
    result: dict[str, NDArray[np.float64]] = {}
    for start in range(0, len(order), 64):
        part = order[start : start + 64]
        for head, values in model(*pad([rows[index][0] for index in part], pad_id, device)).items():
            if head not in result:
                result[head] = np.empty((len(rows), values.shape[1]))
            result[head][part] = values.double().cpu().numpy()
    return result


def fit_vocabulary(
    base: Path, out: Path, texts: Callable[[str], Iterable[str]], keep: int, add: int
) -> list[list[int]]:
    """Write ``base``'s tokeniser into ``out``, fitted to texts; what does not need them does not read them.

    Parameters
    ----------
    texts
        Gives all normalised texts anew; its argument says what for.
    keep, add
        Least counts of a piece that stays and of a token that is added; both 0: the tokeniser stays as it is.

    Returns
    -------
    list of list of int
        For every new id the old ids whose vectors' mean it starts from.

    Raises
    ------
    ValueError
        If something is to be fitted and the tokeniser is not a WordPiece one.
    """
    if not keep and not add:
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        return keep_tokenizer(base, out, int(config["vocab_size"]))
    opened = opened_tokenizer(base, out)
    model = json.loads((opened / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    if model["type"] != "WordPiece":
        raise ValueError(
            f"{base}: a vocabulary can be fitted to a WordPiece tokeniser only, this is {model['type']}; "
            "set keep_pieces_seen and add_tokens_seen to 0 in the recipe"
        )
    vocabulary: dict[str, int] = model["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    if keep:
        counts = count_pieces(opened / "tokenizer.json", texts("count pieces"))
        pieces = choose_pieces(vocabulary, counts, keep)
    additions: list[str] = []
    if add:
        additions = choose_additions(count_additions(texts("count emoticons")), vocabulary, add)
    return rebuild_tokenizer(opened, out, pieces, additions)


def _prepare(
    recipe: Recipe, data_dir: Path, base: Path, run_dir: Path, labels: Path, fold: Fold | None, readings: Path
) -> None:
    """Write tokeniser and gathered rows, so that every resumption has the very same."""
    gathered = gather(recipe, data_dir, labels, fold, readings)
    rows, epochs = by_epoch(gathered, recipe.epochs)
    texts = [row.text for row in rows]
    if recipe.keep_pieces_seen or recipe.add_tokens_seen:
        unlabelled = data.read_texts(data_dir / data.UNLABELLED)
        texts += map(normalise, itertools.islice(unlabelled, 0, None, recipe.corpus_stride))
    sources = fit_vocabulary(
        base, run_dir / "tokenizer", lambda _: texts, recipe.keep_pieces_seen, recipe.add_tokens_seen
    )

    def plain(some: list[Row]) -> list[tuple[str | None, ...]]:
        return [(row.text, *(getattr(row, head) for head in TRAINED)) for row in some]

    prepared: dict[str, Any] = {
        "rows": plain(rows),
        "epochs": epochs,
        "held": plain(gathered.held),
        "sources": sources,
    }
    prepared["moods"] = {index: list(row.mood) for index, row in enumerate(rows) if row.mood is not None}
    save_atomically(prepared, run_dir / "prepared.pt")


def finetune(
    recipe: Recipe,
    data_dir: Path,
    base: str,
    run_dir: Path,
    *,
    teachers: Sequence[Teacher] = (),
    labels: Path = LABELS,
    fold: Fold | None = None,
    readings: Path = READINGS,
    resume: bool = True,
) -> dict[str, torch.Tensor]:
    """Fine-tune the base on the data; resumes from ``run_dir`` after any stop, kill -9 included.

    Parameters
    ----------
    data_dir
        Folder with the data sets named in ``models.data``.
    base
        Directory or hub name of a BERT encoder with a WordPiece tokeniser.
    teachers
        Models whose mean distribution the run learns too, of labelled and unlabelled rows alike (distilling).
    labels
        The posts labelled by reading, see `models.labelled`.
    fold
        Emotion rows of the training sets that are not learnt, only measured on (`models.folds`).
    readings
        The posts whose emotion was read, see `models.emotion_readings`.
    run_dir
        Where the prepared rows, checkpoints, ``log.jsonl`` and ``best.pt`` lie; not for git.

    Returns
    -------
    dict
        The best weights by the mean macro-F1 of the two emotion dev splits and of the intent dev split, as far as
        the recipe learns these heads.

    Raises
    ------
    FileNotFoundError
        If a data set or the base is missing.
    ValueError
        If ``run_dir`` holds another run than this.
    """
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(recipe.threads)
    run_dir.mkdir(parents=True, exist_ok=True)
    source = resolve_base(base)
    if not resume:
        for name in ("prepared.pt", "checkpoint.pt", "best.pt", LOG, FACTS):
            (run_dir / name).unlink(missing_ok=True)
    begin(
        run_dir,
        facts_of(
            recipe,
            source,
            labels=digest(labels),
            readings=digest(readings) if recipe.reading_copies else None,
            fold=[fold.number, fold.count] if fold is not None else None,
            teachers=[teacher.fingerprint for teacher in teachers],
        ),
    )
    if not (run_dir / "prepared.pt").is_file():
        _prepare(recipe, data_dir, source, run_dir, labels, fold, readings)
    prepared: dict[str, Any] = torch.load(run_dir / "prepared.pt", weights_only=True)
    tokenizer = AutoTokenizer.from_pretrained(run_dir / "tokenizer")
    rows = encode_rows(tokenizer, [Row(*row) for row in prepared["rows"]], recipe.max_tokens)
    held = encode_rows(tokenizer, [Row(*row) for row in prepared["held"]], recipe.max_tokens)
    written = encode_rows(tokenizer, example_rows(2, 1, held_out=True), recipe.max_tokens)
    labelled = encode_rows(tokenizer, read_split(data_dir, "dev", labels), recipe.max_tokens)
    dev = {
        name: encode_rows(
            tokenizer,
            [Row(normalise(row.text), row.emotion) for row in data.read_emotion(data_dir / path)],
            recipe.max_tokens,
        )
        for name, path in (("usual", data.USUAL_DEV), ("virus", data.VIRUS_DEV))
    }
    if fold is not None:
        for name, part in left_out(data_dir, fold).items():
            dev[name] = encode_rows(tokenizer, part, recipe.max_tokens)
    model = build_model(source, prepared["sources"], recipe).to(choose_device("auto"))
    pad_id: int = tokenizer.pad_token_id

    def judge(current: MentionClassifier) -> dict[str, float]:
        figures: dict[str, float] = {}
        for name, split in dev.items():
            guess = logits_of(current, split, pad_id)["emotion"].argmax(1).tolist()
            found = report(HEADS["emotion"], [targets[0] for _, targets in split], guess)
            figures[f"{name}_macro_f1"] = round(found.macro_f1, 4)
            figures[f"{name}_accuracy"] = round(found.accuracy, 4)
        for name, split in (("weak", held), ("written", written), ("labelled", labelled)):
            logits = logits_of(current, split, pad_id)
            for column, head in ((1, "intent"), (2, "polarity")):
                known = [n for n, (_, targets) in enumerate(split) if targets[column] >= 0]
                if known:
                    truth = [split[n][1][column] for n in known]
                    found = report(TRAINED[head], truth, logits[head][known].argmax(1).tolist())
                    figures[f"{name}_{head}_macro_f1"] = round(found.macro_f1, 4)
                    figures[f"{name}_{head}_accuracy"] = round(found.accuracy, 4)
        # Several splits, so that none which decides is flattered by much.
        learnt = [names for head, names in _DECIDING.items() if recipe.loss_weights.get(head, 1.0)]
        deciding = [name for names in learnt or _DECIDING.values() for name in names]
        score = sum(figures.get(name, 0.0) for name in deciding) / len(deciding)
        return {"score": round(score, 5), **figures}

    taught: dict[int, list[float]] = {}
    if teachers:
        write_teachers(teachers, run_dir)
        texts = [row[0] for row in prepared["rows"]]
        taught = dict(enumerate(teach(teachers, texts, run_dir / "taught").tolist()))
    for index, mood in prepared["moods"].items():
        taught[index] = with_mood(taught.get(index), mood, recipe.reading_share)
    train(model, rows, prepared["epochs"], recipe, run_dir, pad_id, judge, taught=taught, resume=resume)
    best: dict[str, torch.Tensor] = torch.load(run_dir / "best.pt", weights_only=True)
    return best
