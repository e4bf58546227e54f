"""Watches: the brands, products, persons and topics that are listened for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.findings import ID
from config.language import Both
from config.loading import MisplacedError, raise_all

Keyword = str


class Model(BaseModel):
    """Base of the configuration models: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @classmethod
    def instead_of(cls, key: str, entry: object) -> Both | None:
        """Return what to write in the place of an unknown key; None: the keys that there are."""
        return None


class Watch(Model):
    """What to listen for: mentions with one of `any`, every one of `all` and none of `none`.

    `rules` names a rule set; `override` changes single values of it for this watch
    (`config.rules.Rules.overridden`).
    `owners` are called after the owner, in turn, while nobody acknowledges. `parent` is the
    watch of the company whose incidents mute those of this product.
    """

    id: str = Field(pattern=ID)
    name: str = Field(min_length=1)
    any: list[Keyword] = Field(default_factory=list)
    all: list[Keyword] = Field(default_factory=list)
    none: list[Keyword] = Field(default_factory=list)
    owner: str | None = None
    owners: list[str] = Field(default_factory=list)
    parent: str | None = None
    rules: str = "default"
    override: dict[str, Any] = Field(default_factory=dict)

    @field_validator("any", "all", "none")
    @classmethod
    def _no_blank_keywords(cls, words: list[str]) -> list[str]:
        if any(not word.strip() for word in words):
            raise ValueError(Both("不为空的词", "keywords that are not empty"))
        if joined := [word for word in words if set(word) & set("，、；")]:
            listed = "[" + ", ".join(re.split("[，、；]", joined[0])) + "]"
            raise ValueError(
                Both(
                    f"用半角逗号隔开的词：{listed}", f"keywords with half-width commas between them: {listed}"
                )
            )
        return words

    @model_validator(mode="after")
    def _has_keywords(self) -> Watch:
        if not self.any and not self.all:
            raise ValueError(Both("any 或 all 里至少一个词", "at least one keyword in 'any' or 'all'"))
        if word := self._cancelled():
            expected = Both("还能找到东西的排除词", "exclusions that leave something to find")
            found = Both(f"就在要找的词 {word!r} 里的排除词", f"a keyword that occurs in {word!r} itself")
            raise MisplacedError(expected, found, ("none",))
        return self

    def _cancelled(self) -> str | None:
        """A keyword without which nothing matches, and which holds an excluded one itself."""

        def holds(word: str) -> bool:
            return any(no.casefold() in word.casefold() for no in self.none)

        needed = [word for word in self.all if holds(word)]
        if not needed and self.any and all(map(holds, self.any)):
            needed = self.any
        return needed[0] if needed else None


class Watches(Model):
    """The file ``config/watches.yaml``."""

    watches: list[Watch] = Field(min_length=1)

    @model_validator(mode="after")
    def _fit_together(self) -> Watches:
        raise_all(_disagreements([watch.model_dump() for watch in self.watches]))
        return self

    @classmethod
    def disagreements(cls, document: Mapping[str, Any]) -> list[MisplacedError]:
        """Return what the watches of a file have wrong between them, however wrong each is by itself."""
        return _disagreements(entries_of(document, "watches"))

    def by_id(self) -> dict[str, Watch]:
        """Return the watches by their id."""
        return {watch.id: watch for watch in self.watches}


def entries_of(document: object, section: str) -> list[Mapping[str, Any]]:
    """Return the entries of a section that was not checked yet; an empty mapping for what is none."""
    section_of = document.get(section) if isinstance(document, Mapping) else None
    entries = section_of if isinstance(section_of, list) else []
    return [entry if isinstance(entry, Mapping) else {} for entry in entries]


def ids_of(entries: Sequence[Mapping[str, Any]], key: str = "id") -> list[str | None]:
    """Return the id of each entry, None where it has none that is text."""
    ids = [entry.get(key) for entry in entries]
    return [one.strip() if isinstance(one, str) else None for one in ids]


def _disagreements(entries: Sequence[Mapping[str, Any]]) -> list[MisplacedError]:
    ids, parents = ids_of(entries), ids_of(entries, "parent")
    found: list[MisplacedError] = []
    for number, (own, parent) in enumerate(zip(ids, parents, strict=True)):
        if own is not None and (first := ids.index(own)) != number:
            expected = Both(
                f"与别的不同的 id（watches.{first} 已用了它）",
                f"an id of its own (watches.{first} has this one)",
            )
            found.append(MisplacedError(expected, repr(own), ("watches", number, "id")))
        if parent is None:
            continue
        others = sorted({one for one in ids if one is not None} - {own})
        place = ("watches", number, "parent")
        if parent not in others:
            found.append(MisplacedError(_another_of(others), repr(parent), place))
        elif parents[ids.index(parent)] is not None:
            expected = Both("自己没有 parent 的监测对象", "a watch without a parent of its own")
            found.append(MisplacedError(expected, repr(parent), place))
    return found


def _another_of(others: Sequence[str]) -> Both:
    if not others:
        return Both(
            "同一文件里另一个监测对象的 id（文件里没有别的，请先写上，或去掉 parent）",
            "the id of another watch of this file (there is none: describe it here, or leave parent out)",
        )
    listed = ", ".join(others)
    return Both(f"另一个监测对象的 id（{listed}）", f"the id of another watch ({listed})")
