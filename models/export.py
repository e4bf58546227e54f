"""From a run's best weights to the committed directory: float16 safetensors, tokeniser, calibrators, card, licence."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models import data
from models.calibration import (
    calibration_error,
    error_if_calibrated,
    softmax,
)
from models.calibrator import Calibrator, cross_fitted
from models.card import Calibration, write_card
from models.data import Row
from models.evaluate import evaluate, read_labelled
from models.finetune import build_model, logits_of, resolve_base
from models.labelled import LABELS, checksum_of_normalised, read_labels, read_split
from models.labels import HEADS, HeadName
from models.licence import origin_of, write_licence
from models.metrics import Report
from models.normalise import normalise
from models.recipe import Recipe
from models.run_facts import digest, facts_in
from models.serving.classifier import Classifier
from models.serving.directory import CALIBRATION_FIELD
from models.training import encode_rows
from models.vocabulary import TOKENIZER_FILES

if TYPE_CHECKING:
    from models.multihead import MentionClassifier

_WEIGHTS: Final = "model.safetensors"


def export_weights(recipe: Recipe, run_dir: Path, base: str, out: Path) -> MentionClassifier:
    """Write ``run_dir``'s best weights to ``out`` as a Hugging Face directory in float16.

    They are mixed with the base's by the recipe's ``base_share``; the auxiliary heads stay behind.

    Returns
    -------
    MentionClassifier
        What was written, in float32.

    Raises
    ------
    FileNotFoundError
        If the run has no finished epoch yet.
    ValueError
        If they are to be mixed with the base's, and the base is another than the run's.
    """
    import torch

    from models.heads import CONFIG_FIELD

    for name in ("prepared.pt", "best.pt"):
        if not (run_dir / name).is_file():
            raise FileNotFoundError(f"{run_dir / name}: not there; has the run finished an epoch?")
    prepared = torch.load(run_dir / "prepared.pt", weights_only=True)
    source = resolve_base(base)
    begun_with = facts_in(run_dir).get("base")
    if recipe.base_share and begun_with != digest(source):
        raise ValueError(
            f"{base}: base_share: {run_dir} began with another base (its digest is {begun_with}, this one's "
            f"{digest(source)}); give that one by --base"
        )
    model: Any = build_model(source, prepared["sources"], recipe)
    best = torch.load(run_dir / "best.pt", weights_only=True, map_location="cpu")
    begun = model.state_dict()
    share = recipe.base_share
    model.load_state_dict(
        {name: value.lerp(begun[name], share) if share else value for name, value in best.items()}
    )
    for head in [head for head in model.heads if head not in HEADS]:
        del model.heads[head]
    setattr(model.config, CONFIG_FIELD, {head: list(names) for head, names in HEADS.items()})
    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(out)
    for name in TOKENIZER_FILES:
        if (run_dir / "tokenizer" / name).is_file():
            shutil.copyfile(run_dir / "tokenizer" / name, out / name)
    (out / _WEIGHTS).chmod(0o644)  # safetensors writes it for its owner alone
    written: MentionClassifier = model.to(torch.float32).eval()
    return written


def calibrate(
    model: MentionClassifier, recipe: Recipe, data_dir: Path, out: Path, labels: Path = LABELS
) -> dict[HeadName, Calibration]:
    """Fit one calibrator a head on its dev rows and write them into ``out/config.json``.

    The error after is measured with every row's calibrator fitted on the other nine tenths of the rows.
    """
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(out)
    posts = read_split(data_dir, "dev", labels)
    emotion = [
        Row(normalise(row.text), row.emotion)
        for path in (data.USUAL_DEV, data.VIRUS_DEV)
        for row in data.read_emotion(data_dir / path)
    ]
    found: dict[HeadName, Calibration] = {}
    sets: dict[HeadName, list[Row]] = {"emotion": emotion, "intent": posts, "polarity": posts}
    for head, rows in sets.items():
        known = [row for row in rows if row.target(head) >= 0]
        if len(known) < 2 * len(HEADS[head]):
            continue
        encoded = encode_rows(tokenizer, known, recipe.max_tokens)
        with torch.inference_mode():
            logits = logits_of(model, encoded, tokenizer.pad_token_id)[head]
        truth = [row.target(head) for row in known]
        fitted = cross_fitted(logits, truth)
        found[head] = Calibration(
            calibrator=Calibrator.fit(logits, truth),
            error_before=calibration_error(softmax(logits), truth),
            error_after=calibration_error(fitted, truth),
            error_by_chance=error_if_calibrated(fitted),
            rows=len(known),
        )
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config[CALIBRATION_FIELD] = {head: item.calibrator.as_dict() for head, item in found.items()}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return found


def measure(directory: Path, data_dir: Path, labels: Path = LABELS) -> dict[str, Report]:
    """Measure an exported directory through the serving code, on both emotion dev splits and the posts that were read."""
    # One format for the card wherever it is made; what int8 loses is measured by tests.
    classifier = Classifier(directory, device="cpu", engine="onnx-float32")
    try:
        reports = {
            name: evaluate(classifier, read_labelled(data_dir / path))
            for name, path in (("usual", data.USUAL_DEV), ("virus", data.VIRUS_DEV))
        }
        posts = read_split(data_dir, "dev", labels)
        heads: tuple[HeadName, ...] = ("intent", "polarity")
        for head in heads:
            if known := [row for row in posts if row.target(head) >= 0]:
                reports[head] = evaluate(classifier, known, head)
    finally:
        classifier.close()
    return reports


def posts_read(recipe: Recipe, run_dir: Path, labels: Path = LABELS) -> int:
    """Count the posts labelled by reading among a run's rows; the file of labels may have grown since.

    They are told from posts that patterns label by the checksum of their text and by how often they were laid in.
    """
    import torch

    if not recipe.labelled_copies:
        return 0
    known = {label.checksum for label in read_labels(labels) if label.split == "train"}
    rows = torch.load(run_dir / "prepared.pt", weights_only=True)["rows"]
    copies = Counter(text for text, emotion, intent, *_ in rows if emotion is None and intent is not None)
    least = recipe.labelled_copies if recipe.share == 1 else 1
    return len(known & {checksum_of_normalised(text) for text, count in copies.items() if count >= least})


def readings_learnt(run_dir: Path) -> int:
    """Count the posts of a run of which it learns a reader's belief; however often, a text counts once."""
    import torch

    prepared = torch.load(run_dir / "prepared.pt", weights_only=True)
    return len({prepared["rows"][index][0] for index in prepared["moods"]})


def export(
    recipe: Recipe, run_dir: Path, base: str, data_dir: Path, out: Path, *, labels: Path = LABELS
) -> dict[str, Report]:
    """Export, calibrate, measure what was exported, and write its card and the base's licence.

    Raises
    ------
    FileNotFoundError
        If the run has no finished epoch, or a dev split is missing.
    """
    origin = origin_of(base, resolve_base(base))  # first: `out` may be the base
    model = export_weights(recipe, run_dir, base, out)
    write_licence(origin, out)
    calibration = calibrate(model, recipe, data_dir, out, labels)
    reports = measure(out, data_dir, labels)
    write_card(
        out,
        recipe,
        reports,
        calibration,
        run_dir,
        origin=origin,
        read_train=posts_read(recipe, run_dir, labels),
        readings=readings_learnt(run_dir),
    )
    return reports
