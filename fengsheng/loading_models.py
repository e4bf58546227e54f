"""Load the classifier that the settings name, with errors a user can act on."""

from __future__ import annotations

from pathlib import Path

from fengsheng.output import fail
from models.classify import Classifier
from models.heads import ModelLoadError

ROOT = Path(__file__).resolve().parent.parent


def resolve(name: str) -> str:
    """Return the directory that `name` means, looked for here and beside the program, else the hub name."""
    for folder in (Path(name), ROOT / name):
        if folder.is_dir():
            return str(folder)
    return name


def load_classifier(name: str, device: str) -> Classifier:
    """Return the classifier, or end the command with what is wrong with the model."""
    try:
        return Classifier(resolve(name), device=device)
    except ModelLoadError as error:
        fail(str(error))
