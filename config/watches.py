"""Watches: the brands, products, persons and topics that are listened for."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.loading import ID, MisplacedError

Keyword = str


class Model(BaseModel):
    """Base of the configuration models: no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


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
            raise ValueError("keywords that are not empty")
        if joined := [word for word in words if set(word) & set("，、；")]:
            listed = "[" + ", ".join(re.split("[，、；]", joined[0])) + "]"
            raise ValueError(f"keywords with half-width commas between them: {listed}")
        return words

    @model_validator(mode="after")
    def _has_keywords(self) -> Watch:
        if not self.any and not self.all:
            raise ValueError("at least one keyword in 'any' or 'all'")
        if word := self._cancelled():
            expected = "exclusions that leave something to find"
            raise MisplacedError(expected, f"a keyword that occurs in {word!r} itself", ("none",))
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
    def _unique_ids(self) -> Watches:
        seen: dict[str, int] = {}
        for number, watch in enumerate(self.watches):
            first = seen.setdefault(watch.id, number)
            if first != number:
                expected = f"an id of its own (watches.{first} has this one)"
                raise MisplacedError(expected, repr(watch.id), ("watches", number, "id"))
        return self

    @model_validator(mode="after")
    def _known_parents(self) -> Watches:
        ids = {watch.id for watch in self.watches}
        children = {watch.id for watch in self.watches if watch.parent is not None}
        for number, watch in enumerate(self.watches):
            if watch.parent is None:
                continue
            place = ("watches", number, "parent")
            if watch.parent not in ids - {watch.id}:
                others = ", ".join(sorted(ids - {watch.id}))
                raise MisplacedError(f"the id of another watch ({others})", repr(watch.parent), place)
            if watch.parent in children:
                raise MisplacedError("a watch without a parent of its own", repr(watch.parent), place)
        return self

    def by_id(self) -> dict[str, Watch]:
        """Return the watches by their id."""
        return {watch.id: watch for watch in self.watches}
