"""The training loop: masked multi-task loss, batches by length, checkpoints that survive a kill.

A run that was stopped and resumed takes exactly the steps that an uninterrupted one takes: the order of the
batches follows from seed and epoch alone, and a checkpoint holds the weights, the optimiser and the state
of the random generator that dropout draws from.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

from models.data import Row
from models.labels import HEADS
from models.recipe import Recipe

if TYPE_CHECKING:
    from models.multihead import MentionClassifier

Encoded = tuple[list[int], tuple[int, int, int]]
"""Token ids of a row and its label positions by head, -1 for none."""

_POOL_BATCHES = 40
CHECKPOINT = "checkpoint.pt"


def encode_rows(tokenizer: Any, rows: Sequence[Row], max_tokens: int) -> list[Encoded]:
    """Tokenise normalised rows and look up their targets."""
    ids = tokenizer([row.text for row in rows], truncation=True, max_length=max_tokens)["input_ids"]
    return [
        (list(tokens), (row.target("emotion"), row.target("intent"), row.target("polarity")))
        for tokens, row in zip(ids, rows, strict=True)
    ]


def batches(lengths: Sequence[int], rows: int, seed: int, epoch: int) -> list[list[int]]:
    """Put row indices into batches of like length, in an order that ``seed`` and ``epoch`` decide."""
    rng = random.Random(seed * 1009 + epoch)  # noqa: S311 - an order, not a secret
    order = list(range(len(lengths)))
    rng.shuffle(order)
    pool = rows * _POOL_BATCHES
    result: list[list[int]] = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lengths.__getitem__)
        result.extend(part[at : at + rows] for at in range(0, len(part), rows))
    rng.shuffle(result)
    return result


def pad(ids: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack token ids into a rectangle with its attention mask."""
    width = max(map(len, ids))
    tokens = torch.tensor([[*row, *[pad_id] * (width - len(row))] for row in ids], dtype=torch.long)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids], dtype=torch.long)
    return tokens, mask


def loss_of(
    logits: dict[Any, torch.Tensor], targets: torch.Tensor, weights: dict[Any, float]
) -> torch.Tensor:
    """Weigh each head's cross-entropy, averaged over the rows of the whole batch that it has labels for."""
    total = torch.zeros((), device=targets.device)
    for column, head in enumerate(HEADS):
        target = targets[:, column]
        known = target >= 0
        if bool(known.any()):
            # Divided by the rows of the batch, so a head with one labelled row does not shout.
            entropy = torch.nn.functional.cross_entropy(logits[head][known], target[known], reduction="sum")
            total = total + weights.get(head, 1.0) * entropy / len(targets)
    return total


def _optimizer(model: MentionClassifier, recipe: Recipe) -> torch.optim.AdamW:
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = parameter.ndim > 1 and "embeddings" not in name
        groups.setdefault((name.startswith("heads."), decays), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.head_learning_rate if is_head else recipe.learning_rate,
                "weight_decay": recipe.weight_decay if decays else 0.0,
            }
            for (is_head, decays), parameters in groups.items()
        ],
        fused=True,
    )


def schedule(step: int, total: int, warmup_share: float) -> float:
    """Give the factor on the learning rate: linear up over the warm-up, then linear down to zero."""
    warmup = max(1, round(total * warmup_share))
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (total - step) / max(1, total - warmup))


def save_atomically(value: Any, path: Path) -> None:
    """Write with ``torch.save`` so that a kill leaves either the old file or the new one."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def train(
    model: MentionClassifier,
    rows: Sequence[Encoded],
    recipe: Recipe,
    run_dir: Path,
    pad_id: int,
    judge: Callable[[MentionClassifier], dict[str, float]],
    *,
    resume: bool = True,
    stop_after: int | None = None,
) -> bool:
    """Train ``model`` in place; keep the best weights by ``judge(...)["score"]`` in ``run_dir/best.pt``.

    Parameters
    ----------
    judge
        Called after every epoch with the model in evaluation mode; returns figures for the log.
    resume
        Go on from ``run_dir/checkpoint.pt`` where there is one.
    stop_after
        Stop after this many steps of this call, without a checkpoint of its own (what a kill does).

    Returns
    -------
    bool
        Whether all epochs are done.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    lengths = [len(ids) for ids, _ in rows]
    per_epoch = -(-len(rows) // recipe.batch_rows)
    total = per_epoch * recipe.epochs
    optimizer = _optimizer(model, recipe)
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    torch.manual_seed(recipe.seed)
    step, best, running = 0, -1.0, 0.0
    checkpoint = run_dir / CHECKPOINT
    if resume and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        if state["total"] != total:
            raise ValueError(
                f"{checkpoint}: made for {state['total']} steps, this run has {total}; "
                "start afresh with --no-resume or another --run-dir"
            )
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        step, best, running = state["step"], state["best"], state["running"]

    def save() -> None:
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "step": step,
            "best": best,
            "running": running,
            "total": total,
        }
        save_atomically(state, checkpoint)

    def log(entry: dict[str, float]) -> None:
        with (run_dir / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **entry}) + "\n")

    taken = 0
    progress = tqdm(total=total, initial=step, unit="step", desc=recipe.name, mininterval=10)
    model.train()
    while step < total:
        epoch = step // per_epoch
        for batch in batches(lengths, recipe.batch_rows, recipe.seed, epoch)[step % per_epoch :]:
            if stop_after is not None and taken >= stop_after:
                progress.close()
                return False
            factor = schedule(step, total, recipe.warmup_share)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            tokens, mask = pad([rows[index][0] for index in batch], pad_id)
            targets = torch.tensor([rows[index][1] for index in batch])
            loss = loss_of(model(tokens, mask), targets, dict(recipe.loss_weights))
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            step, taken = step + 1, taken + 1
            running = loss.item() if step == 1 else 0.98 * running + 0.02 * loss.item()
            progress.update()
            if step % 50 == 0:
                log({"loss": round(running, 4), "rate": rates[0] * factor})
            if step % per_epoch == 0:
                model.eval()
                with torch.inference_mode():
                    figures = judge(model)
                model.train()
                log({"epoch": epoch + 1, **figures})
                progress.write(f"epoch {epoch + 1}: {figures}")
                if figures["score"] > best:
                    best = figures["score"]
                    save_atomically(model.state_dict(), run_dir / "best.pt")
                save()
            elif step % recipe.checkpoint_every == 0:
                save()
    progress.close()
    return True
