"""The fine-tuning loop: batches by length, checkpoints that survive a kill.

A run that was stopped and resumed takes exactly the steps that an uninterrupted one takes: the order of the
batches follows from seed and epoch alone, and a checkpoint holds the weights, the optimiser and the state
of the random generator that dropout draws from.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

from models.data import Row
from models.devices import device_of, narrowed, random_state, restore_random_state
from models.labels import HEADS, TRAINED
from models.losses import class_weights, distillation, divergence, loss_of, perturbed
from models.optimising import Average, make_optimizer, schedule
from models.recipe import Recipe
from models.replicas import Replicas
from models.run_log import LOG

if TYPE_CHECKING:
    from models.multihead import MentionClassifier

Encoded = tuple[list[int], tuple[int, ...]]
"""Token ids of a row and its label positions in the order of ``TRAINED``, -1 for none."""

Taught = Mapping[int, Sequence[float]]
"""By row, what teachers say of it, see `models.teaching.teach`."""

_POOL_BATCHES = 40
_UNTAUGHT = [0.0] * sum(map(len, HEADS.values()))
CHECKPOINT = "checkpoint.pt"


def encode_rows(tokenizer: Any, rows: Sequence[Row], max_tokens: int) -> list[Encoded]:
    """Tokenise normalised rows and look up their targets."""
    if not rows:
        return []
    ids = tokenizer([row.text for row in rows], truncation=True, max_length=max_tokens)["input_ids"]
    return [
        (list(tokens), tuple(row.target(head) for head in TRAINED))
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


def pad(
    ids: Sequence[Sequence[int]], pad_id: int, device: torch.device | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack token ids into a rectangle with its attention mask, on the CPU unless a device is named."""
    width = max(map(len, ids))
    tokens = torch.tensor([[*row, *[pad_id] * (width - len(row))] for row in ids], dtype=torch.long)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids], dtype=torch.long)
    return tokens.to(device), mask.to(device)


def save_atomically(value: Any, path: Path) -> None:
    """Write with ``torch.save`` so that a kill leaves either the old file or the new one."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _descend(
    replicas: Replicas,
    rows: Sequence[Encoded],
    soft: Sequence[Sequence[float]] | None,
    pad_id: int,
    recipe: Recipe,
    balance: dict[str, torch.Tensor],
) -> float:
    """Put the gradient of a batch into the first replica; give its cross-entropy."""
    count, device = len(replicas), device_of(replicas.first)
    slices = [rows[start::count] for start in range(count)]
    inputs = [pad([ids for ids, _ in part], pad_id, device) if part else None for part in slices]
    targets = [torch.tensor([labels for _, labels in part], device=device) for part in slices]
    taught = [
        torch.tensor(soft[start::count], device=device) if soft is not None else None
        for start in range(count)
    ]

    def entropy(logits: dict[str, torch.Tensor], part: int) -> torch.Tensor:
        loss = loss_of(
            logits, targets[part], recipe.loss_weights, balance=balance, smoothing=recipe.label_smoothing
        )
        if (said := taught[part]) is not None:
            loss = loss + distillation(logits, said, recipe.distil_weights)
        return loss * (len(slices[part]) / len(rows))

    def plain(model: MentionClassifier, part: int) -> float:
        if (given := inputs[part]) is None:
            return 0.0
        with narrowed(device):
            logits = model(*given)
            loss = total = entropy(logits, part)
            if recipe.rdrop:
                again = model(*given)
                apart = divergence(logits, again, "emotion") * (len(slices[part]) / len(rows))
                total = (loss + entropy(again, part)) / 2 + recipe.rdrop * apart
        total.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def adversarial(model: MentionClassifier, part: int) -> float:
        if (given := inputs[part]) is None:
            return 0.0
        with narrowed(device):
            loss = entropy(model(*given), part)
        loss.backward()  # type: ignore[no-untyped-call]
        return 0.0

    loss = replicas.descend(plain)
    if recipe.fgm:
        with perturbed(replicas.first.get_input_embeddings().weight, recipe.fgm):
            replicas.descend(adversarial)
    return loss


def train(
    model: MentionClassifier,
    rows: Sequence[Encoded],
    epochs: Sequence[Sequence[int]],
    recipe: Recipe,
    run_dir: Path,
    pad_id: int,
    judge: Callable[[MentionClassifier], dict[str, float]],
    *,
    taught: Taught | None = None,
    resume: bool = True,
    stop_after: int | None = None,
) -> bool:
    """Train ``model`` in place; keep the best weights by ``judge(...)["score"]`` in ``run_dir/best.pt``.

    Parameters
    ----------
    rows, epochs
        All rows, and for each epoch which of them it takes; as many in every epoch.
    judge
        Called after every epoch with the model in evaluation mode (the averaged weights where the recipe
        averages); returns figures for the log.
    taught
        Teachers' distributions of some rows, weighed by ``recipe.distil_weights``.
    resume
        Go on from ``run_dir/checkpoint.pt`` where there is one.
    stop_after
        Stop after this many steps of this call, without a checkpoint of its own (what a kill does).

    Returns
    -------
    bool
        Whether all epochs are done, or as many as the recipe's patience allows.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    per_epoch = -(-len(epochs[0]) // recipe.batch_rows)
    total = per_epoch * recipe.epochs
    optimizer = make_optimizer(model, recipe, model.layers)
    average = Average(model, recipe.average) if recipe.average else None
    device = device_of(model)
    balance = {
        head: weights.to(device)
        for head, weights in class_weights([rows[index][1] for index in epochs[0]], recipe.balance).items()
    }
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    torch.manual_seed(recipe.seed)
    step, best, stale, running = 0, -1.0, 0, 0.0
    checkpoint = run_dir / CHECKPOINT
    if resume and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        if state["total"] != total:
            raise ValueError(
                f"{checkpoint}: made for {state['total']} steps, this run has {total}; "
                "start afresh with --no-resume or another --run-dir"
            )
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        restore_random_state(state["random"], device)
        step, best, stale, running = state["step"], state["best"], state["stale"], state["running"]
        if average is not None:
            average.restore(state["average"])

    def save() -> None:
        state = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": random_state(device),
            "average": average.state() if average is not None else None,
            "step": step,
            "best": best,
            "stale": stale,
            "running": running,
            "total": total,
        }
        save_atomically(state, checkpoint)

    def log(entry: dict[str, float]) -> None:
        with (run_dir / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **entry}) + "\n")

    def judged() -> tuple[dict[str, float], dict[str, torch.Tensor]]:
        trained = {name: value.clone() for name, value in model.state_dict().items()}
        kept = average.weights if average is not None else trained
        model.load_state_dict(kept)
        model.eval()
        with torch.inference_mode():
            figures = judge(model)
        model.load_state_dict(trained)
        replicas.train()
        return figures, kept

    taken = 0
    replicas = Replicas(model, recipe.threads if device.type == "cpu" else 1)
    progress = tqdm(total=total, initial=step, unit="step", desc=recipe.name, mininterval=10)
    replicas.train()
    while step < total and not (recipe.patience and stale >= recipe.patience):
        epoch = step // per_epoch
        chosen = epochs[epoch]
        order = batches([len(rows[index][0]) for index in chosen], recipe.batch_rows, recipe.seed, epoch)
        for batch in order[step % per_epoch :]:
            if stop_after is not None and taken >= stop_after:
                progress.close()
                replicas.close()
                return False
            factor = schedule(step, total, recipe.warmup_share)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            part = [rows[chosen[index]] for index in batch]
            soft = [taught.get(chosen[index], _UNTAUGHT) for index in batch] if taught else None
            loss = _descend(replicas, part, soft, pad_id, recipe, balance)
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            optimizer.zero_grad()
            if average is not None:
                average.update(model)
            step, taken = step + 1, taken + 1
            running = loss if step == 1 else 0.98 * running + 0.02 * loss
            progress.update()
            if step % 50 == 0:
                log({"loss": round(running, 4), "rate": rates[0] * factor})
            if step % per_epoch == 0:
                figures, kept = judged()
                log({"epoch": epoch + 1, **figures})
                progress.write(f"epoch {epoch + 1}: {figures}")
                stale += 1
                if figures["score"] > best:
                    best, stale = figures["score"], 0
                    save_atomically({name: value.cpu() for name, value in kept.items()}, run_dir / "best.pt")
                save()
            elif step % recipe.checkpoint_every == 0:
                save()
    progress.close()
    replicas.close()
    return True
