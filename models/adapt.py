"""The resumable command behind ``fengsheng model adapt``: a base encoder learns Weibo's language from plain text.

The result is a directory of the base's own kind with the vocabulary fitted to Weibo; ``finetune --base`` takes
it. A stopped run goes on with the very steps an uninterrupted one would take: rows and masks of a step follow
from the seed and the step's number.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from models import data
from models.devices import device_of, narrowed, random_state, restore_random_state
from models.finetune import fit_vocabulary, resolve_base
from models.licence import origin_of, write_licence
from models.normalise import normalise
from models.optimising import schedule
from models.packing import pack
from models.recipe import AdaptRecipe
from models.run_facts import FACTS, begin, facts_of
from models.run_log import LOG
from models.serving.precision import choose_device
from models.training import CHECKPOINT, save_atomically
from models.vocabulary import rebuild_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.mlm import MaskedLanguageModel

ENCODER: Final = "encoder"
_PACKED: Final = "packed.npz"
_MIN_CHARS: Final = 6
_DEV_EVERY: Final = 200  # every 200th row is only ever guessed, never learnt from
_DEV_ROWS: Final = 64


def corpus(data_dir: Path, sets: dict[str, int]) -> Iterator[str]:
    """Give the normalised texts of a recipe's corpus, set after set.

    Raises
    ------
    FileNotFoundError
        If a set is missing.
    """
    for name, stride in sets.items():
        for text in itertools.islice(data.read_texts(data_dir / name), 0, None, stride):
            if len(kept := normalise(text)) >= _MIN_CHARS:
                yield kept


def _prepare(recipe: AdaptRecipe, data_dir: Path, base: Path, run_dir: Path) -> None:
    """Fit the vocabulary and pack the corpus; both are kept, so that every resumption has the very same."""
    import numpy as np

    def texts(what: str) -> Iterator[str]:
        return iter(tqdm(corpus(data_dir, recipe.corpus), desc=what, unit="post", mininterval=5))

    sources = fit_vocabulary(base, run_dir / ENCODER, texts, recipe.keep_pieces_seen, recipe.add_tokens_seen)
    (run_dir / "sources.json").write_text(json.dumps(sources), encoding="utf-8")
    ids, starts = pack(texts("pack"), run_dir / ENCODER / "tokenizer.json")
    width = recipe.row_tokens
    rows = len(ids) // width
    if rows < 2 * _DEV_EVERY // 100:
        raise ValueError(f"{data_dir}: {len(ids)} tokens of text are too few to train on")
    order = np.random.default_rng(recipe.seed).permutation(rows)
    temporary = run_dir / "packed.tmp.npz"
    np.savez(
        temporary,
        ids=ids[: rows * width].reshape(rows, width)[order],
        starts=starts[: rows * width].reshape(rows, width)[order],
    )
    temporary.replace(run_dir / _PACKED)


def _model(base: Path, sources: list[list[int]], seed: int) -> MaskedLanguageModel:
    import torch
    from transformers import AutoModel

    from models.mlm import MaskedLanguageModel

    torch.manual_seed(seed)
    # Dropout inside attention keeps torch off its fused kernel: a third slower, no gain seen.
    encoder: Any = AutoModel.from_pretrained(
        base, dtype=torch.float32, add_pooling_layer=False, attention_probs_dropout_prob=0.0
    )
    words = encoder.get_input_embeddings().weight.detach()
    encoder.resize_token_embeddings(len(sources), mean_resizing=False)
    with torch.no_grad():
        encoder.get_input_embeddings().weight.copy_(rebuild_embeddings(words, sources))
    return MaskedLanguageModel(encoder)


class _Rows:
    """The packed corpus: which rows and masks a step has."""

    def __init__(self, recipe: AdaptRecipe, run_dir: Path) -> None:
        import numpy as np
        from transformers import AutoTokenizer

        packed = np.load(run_dir / _PACKED)
        tokenizer = AutoTokenizer.from_pretrained(run_dir / ENCODER)
        self._ids, self._starts = packed["ids"], packed["starts"]
        held = np.arange(len(self._ids)) % _DEV_EVERY == 0
        self._train, self._dev = np.flatnonzero(~held), np.flatnonzero(held)[:_DEV_ROWS]
        self._special = np.array(sorted(tokenizer.all_special_ids))
        self._mask_id: int = tokenizer.mask_token_id
        self._size = len(tokenizer)
        self._recipe = recipe

    def of_step(self, step: int) -> tuple[Any, Any, Any]:
        """Give ids, flat places and targets of a training step as tensors."""
        rows = self._recipe.batch_rows
        at = [(step * rows + row) % len(self._train) for row in range(rows)]
        return self._hide(self._train[at], (self._recipe.seed, step))

    def dev(self) -> tuple[Any, Any, Any]:
        """Give the held-out rows, always hidden alike."""
        return self._hide(self._dev, (self._recipe.seed, -1 & 0xFFFF))

    def _hide(self, rows: NDArray[np.int64], seed: tuple[int, int]) -> tuple[Any, Any, Any]:
        import numpy as np
        import torch

        from models.mlm import hide_words

        ids = self._ids[rows]
        hidden, chosen = hide_words(
            ids, self._starts[rows], self._special, self._mask_id, self._size,
            self._recipe.mask_share, np.random.default_rng(seed),
        )  # fmt: skip
        places = np.flatnonzero(chosen)
        return (
            torch.from_numpy(hidden.astype(np.int64)),
            torch.from_numpy(places),
            torch.from_numpy(ids.ravel()[places].astype(np.int64)),
        )


def adapt(
    recipe: AdaptRecipe,
    data_dir: Path,
    base: str,
    run_dir: Path,
    *,
    resume: bool = True,
    stop_after: int | None = None,
) -> Path | None:
    """Train the base as a masked language model on the recipe's corpus; resumes after any stop, kill -9 included.

    Parameters
    ----------
    base
        Directory or hub name of an encoder with a WordPiece tokeniser (BERT's or RoBERTa's form).
    run_dir
        Where the packed corpus, checkpoints, ``log.jsonl`` (mean loss in nats a hidden token) and at last
        ``encoder/`` lie.
    stop_after
        Stop after this many steps of this call, without a checkpoint of its own (what a kill does).

    Returns
    -------
    Path or None
        The directory of the finished encoder; None if stopped before.

    Raises
    ------
    FileNotFoundError
        If the base or a set of the corpus is missing.
    ValueError
        If ``run_dir`` holds another run than this, or there is too little text.
    """
    import torch

    torch.set_num_threads(recipe.threads)
    run_dir.mkdir(parents=True, exist_ok=True)
    source = resolve_base(base)
    if not resume:
        for name in (_PACKED, CHECKPOINT, LOG, FACTS):
            (run_dir / name).unlink(missing_ok=True)
    begin(run_dir, facts_of(recipe, source))
    if not (run_dir / _PACKED).is_file():
        _prepare(recipe, data_dir, source, run_dir)
    sources = json.loads((run_dir / "sources.json").read_text(encoding="utf-8"))
    rows = _Rows(recipe, run_dir)
    model = _model(source, sources, recipe.seed).to(choose_device("auto"))
    if not _train(model, rows, recipe, run_dir, stop_after):
        return None
    out = run_dir / ENCODER
    model.encoder.to("cpu").save_pretrained(out)
    origin = origin_of(base, source)
    write_licence(origin, out)
    (out / "README.md").write_text(f"---\n{origin.front_matter}\n---\n", encoding="utf-8")
    return out


def _train(
    model: MaskedLanguageModel, rows: _Rows, recipe: AdaptRecipe, run_dir: Path, stop_after: int | None
) -> bool:
    import torch

    groups: dict[bool, list[torch.nn.Parameter]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        groups[parameter.ndim > 1 and "embeddings" not in name].append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": groups[True], "weight_decay": recipe.weight_decay}, {"params": groups[False], "weight_decay": 0.0}],
        lr=recipe.learning_rate, betas=(0.9, 0.98), fused=True,
    )  # fmt: skip
    torch.manual_seed(recipe.seed)
    device = device_of(model)
    step, running = 0, 0.0
    checkpoint = run_dir / CHECKPOINT
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        restore_random_state(state["random"], device)
        step, running = state["step"], state["running"]

    def log(entry: dict[str, float]) -> None:
        with (run_dir / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **entry}) + "\n")

    def save() -> None:
        model.eval()
        with torch.inference_mode():
            log(
                {
                    "loss": round(running, 4),
                    "dev_loss": round(model(*(part.to(device) for part in rows.dev())).item(), 4),
                }
            )
        model.train()
        save_atomically(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "random": random_state(device),
                "step": step,
                "running": running,
            },
            checkpoint,
        )

    model.train()
    taken = 0
    with tqdm(total=recipe.steps, initial=step, unit="step", desc=recipe.name, mininterval=10) as progress:
        while step < recipe.steps:
            if stop_after is not None and taken >= stop_after:
                return False
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step, recipe.steps, recipe.warmup_share)
            with narrowed(device):
                loss = model(*(part.to(device) for part in rows.of_step(step)))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            step, taken = step + 1, taken + 1
            running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
            progress.update()
            if step % recipe.checkpoint_every == 0 or step == recipe.steps:
                save()
                progress.set_postfix(loss=f"{running:.3f}")
    return True
