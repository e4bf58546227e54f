"""Whose weights a run began with, and on what terms: for an exported directory's licence file and model card.

Licences are stated only of bases in ``KNOWN``. Of any other the card says that its own terms hold, and its licence
files, where its directory has some, travel with the weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from models.heads import CONFIG_FIELD

_STAOXIAO: Final = """MIT License

Copyright (c) 2022 staoxiao

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
FIGURES: Final = "figures.json"
"""Written by every export, so its presence tells a directory of ours."""

_OTHER: Final = "other"
_FILES: Final = re.compile(r"(licen[sc]e|notice)([.-].*)?", re.IGNORECASE)
_HUB_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a base on the hub.

    Attributes
    ----------
    author, terms
        For people.
    licence
        As the hub's front matter names it.
    layers, hidden
        Its shape, which a local folder of its name must have to be taken for it.
    text
        Of its licence, where that must travel with the weights.
    """

    author: str
    licence: str
    terms: str
    layers: int
    hidden: int
    text: str | None = None


_APACHE: Final = ("apache-2.0", "Apache-2.0 licence")
_HFL: Final = "HFL (Yiming Cui and others)"
KNOWN: Final[Mapping[str, Known]] = {
    "BAAI/bge-small-zh-v1.5": Known(
        "BAAI (Shitao Xiao and others)", "mit", "MIT licence, Copyright (c) 2022 staoxiao", 4, 512, _STAOXIAO
    ),
    "hfl/chinese-macbert-base": Known(_HFL, *_APACHE, 12, 768),
    "hfl/chinese-roberta-wwm-ext": Known(_HFL, *_APACHE, 12, 768),
    "google-bert/bert-base-chinese": Known("Google", *_APACHE, 12, 768),
}
_OTHER_NAMES: Final = {"bert-base-chinese": "google-bert/bert-base-chinese"}


@dataclass(frozen=True, slots=True)
class Origin:
    """The base of a run.

    Attributes
    ----------
    given
        Last part of the path or hub name that training was given; no folder of this machine above it.
    hub
        The base on the hub that ``given`` is, or says it was made from; None if it says nothing.
    direct
        Whether ``given`` is that base itself.
    licence
        As the hub's front matter names it; ``other`` if it is not known.
    files
        What travels with the weights, by name.
    """

    given: str
    hub: str | None
    direct: bool
    licence: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def front_matter(self) -> str:
        """Lines for the front matter of a card; a folder's name is left out, since the hub would look it up."""
        return f"license: {self.licence}" + (f"\nbase_model: {self.hub}" if self.hub else "")

    @property
    def sentence(self) -> str:
        """Say for people what the base is and what terms hold."""
        name = f"[{self.hub}](https://huggingface.co/{self.hub})" if self.hub else f"`{self.given}`"
        shipped = f" ({', '.join(f'`{file}`' for file in self.files)})" if self.files else ""
        if self.licence == _OTHER:
            return f"{name}; licence: see the base's own terms{shipped}."
        known = KNOWN[self.hub or ""]
        return f"{name} by {known.author}, {known.terms}{shipped}."


def origin_of(base: str, folder: Path) -> Origin:
    """Tell what a base is.

    Parameters
    ----------
    base
        Directory or hub name, as training was given it.
    folder
        Where it lies; for a hub name its snapshot.
    """
    by_name = not Path(base).is_dir()
    given = (base if by_name else folder.absolute().as_posix()).rstrip("/").rpartition("/")[2]
    config, front = _config(folder), _front_matter(folder / "README.md")
    itself = _canonical(base) if by_name else _itself(folder, given, config)
    hub = itself or _parent(config, front)
    files = {
        file.name: file.read_bytes()
        for file in sorted(folder.iterdir())
        if file.is_file() and _FILES.fullmatch(file.name)
    }
    stated = _first(front.get("license"))
    known = KNOWN.get(hub or "")
    # Whoever made another model of a known base may have put it under other terms, and then says so beside it.
    agreed = stated is None and (by_name or not files)
    licence = _OTHER
    if known is not None and (agreed or (stated or "").lower() == known.licence):
        licence = known.licence
        if known.text is not None:
            files = {"LICENSE": known.text.encode()}
    return Origin(given, hub, itself is not None or hub is None, licence, files)


def write_licence(origin: Origin, out: Path) -> None:
    """Put the base's licence files into an exported directory, in place of those of an earlier export there."""
    if (out / FIGURES).is_file():
        for file in [file for file in out.iterdir() if file.is_file() and _FILES.fullmatch(file.name)]:
            file.unlink()
    for name, text in origin.files.items():
        (out / name).write_bytes(text)


def _canonical(name: str) -> str:
    return _OTHER_NAMES.get(name, name)


def _itself(folder: Path, given: str, config: Mapping[str, Any]) -> str | None:
    """Recognise a copy of a model of the hub: in the hub's cache, or in a folder of its name and shape."""
    if CONFIG_FIELD in config:
        return None
    place = folder.resolve()
    if place.parent.name == "snapshots" and (cached := place.parents[1].name).startswith("models--"):
        return _canonical(cached.removeprefix("models--").replace("--", "/"))
    shape = (config.get("num_hidden_layers"), config.get("hidden_size"))
    for name, known in KNOWN.items():
        if name.rpartition("/")[2] == given and shape == (known.layers, known.hidden):
            return name
    return None


def _parent(config: Mapping[str, Any], front: Mapping[str, Any]) -> str | None:
    """Give the model of the hub that a directory says it was made from."""
    named = _canonical(_first(front.get("base_model")) or "")
    if _HUB_NAME.fullmatch(named):
        return named
    # transformers 4 left there whatever the weights were loaded from, often a path: only what we know is a name.
    loaded = _canonical(str(config.get("_name_or_path") or ""))
    return loaded if loaded in KNOWN else None


def _config(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _front_matter(card: Path) -> dict[str, Any]:
    """Read the YAML at the head of a model card; nothing where there is none that can be read."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not card.is_file():
        return {}
    parts = re.split(r"^---\s*$", card.read_text(encoding="utf-8", errors="replace"), maxsplit=2, flags=re.M)
    if len(parts) < 3 or parts[0].strip("\ufeff \n"):
        return {}
    try:
        found = YAML(typ="safe").load(parts[1])
    except YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _first(value: object) -> str | None:
    """Give a field's only or first value as text."""
    if isinstance(value, list):
        value = value[0] if value else None
    return str(value) if value else None
