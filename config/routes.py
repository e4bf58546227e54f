"""Routes: who is told of which incident, and through what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from config.language import Both, meant, one_of
from config.loading import MisplacedError, raise_all
from config.receivers import Receiver, secrets_key
from config.records import Level
from config.signal_fields import INTENTS
from config.watches import Model, entries_of, ids_of
from config.zones import TimeZone

_SOME_HOURS: Final = Both(
    "时段，如 '09:00-18:00'（'22:00-08:00' 跨零点）",
    "hours as '09:00-18:00' ('22:00-08:00' goes over midnight)",
)
HOURS: Final = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"


class Route(Model):
    """Incidents that match everything said go to `receivers`; a key left out matches everything.

    Attributes
    ----------
    watches, levels : the incident's.
    intents : the leading intent of the evidence, ``other`` left out.
    keywords : one of them stands in the reason, a term or a post of the evidence.
    platforms : the platform with most of the mentions.
    hours : when it happened, as ``09:00-18:00``; ``22:00-08:00`` goes over midnight.
    owner : overrides the watch's owner.
    continue_ : ``continue`` in the file: go on to the next routes.
    """

    receivers: list[str] = Field(min_length=1)
    watches: list[str] = Field(default_factory=list)
    levels: list[Level] = Field(default_factory=list)
    intents: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    platforms: list[str] = Field(default_factory=list)
    hours: list[str] = Field(default_factory=list)
    owner: str | None = None
    continue_: bool = Field(default=False, alias="continue")

    @field_validator("keywords", "intents", "platforms")
    @classmethod
    def _no_blanks(cls, words: list[str]) -> list[str]:
        if any(not word.strip() for word in words):
            raise ValueError(Both("不为空的词", "words that are not empty"))
        return words

    @field_validator("intents")
    @classmethod
    def _known_intents(cls, written: list[str]) -> list[str]:
        raise_all(
            [
                MisplacedError(_an_intent(word), repr(word), (place,))
                for place, word in enumerate(written)
                if word.strip() and word not in INTENTS
            ]
        )
        return written

    @field_validator("hours")
    @classmethod
    def _some_time(cls, written: list[str]) -> list[str]:
        raise_all(
            [
                MisplacedError(_SOME_HOURS, repr(hours), (place,))
                for place, hours in enumerate(written)
                if not re.fullmatch(HOURS, hours) or hours.partition("-")[0] == hours.partition("-")[2]
            ]
        )
        return written

    @property
    def matchers(self) -> dict[str, frozenset[str]]:
        """What the route asks for, by key; keys that match everything are left out."""
        asked: dict[str, list[str]] = {
            "watches": self.watches,
            "levels": [level.value for level in self.levels],
            "intents": self.intents,
            "keywords": [word.casefold() for word in self.keywords],
            "platforms": self.platforms,
            "hours": self.hours,
        }
        return {key: frozenset(values) for key, values in asked.items() if values}

    def covers(self, other: Route) -> bool:
        """Whether every incident that `other` matches is matched by this route too."""
        theirs = other.matchers
        return all(key in theirs and theirs[key] <= asked for key, asked in self.matchers.items())


class Routes(Model):
    """The file ``config/routes.yaml``; `timezone` is that of the routes' hours."""

    receivers: list[Receiver] = Field(min_length=1)
    routes: list[Route] = Field(min_length=1)
    timezone: TimeZone = "Asia/Shanghai"

    @model_validator(mode="after")
    def _fits_together(self) -> Routes:
        plain = self.model_dump(by_alias=True)
        raise_all([*_disagreements(plain), *self._never_reached()])
        return self

    @classmethod
    def disagreements(cls, document: Mapping[str, Any]) -> list[MisplacedError]:
        """Return what the entries of a file have wrong between them, however wrong each is by itself."""
        return _disagreements(document)

    def _never_reached(self) -> list[MisplacedError]:
        found: list[MisplacedError] = []
        for number, route in enumerate(self.routes):
            for earlier, before in enumerate(self.routes[:number]):
                if not before.continue_ and before.covers(route):
                    expected = Both(
                        f"routes.{earlier} 写上 continue: true，或把这一条移到它上面",
                        f"'continue: true' in routes.{earlier}, or this route above it",
                    )
                    told = Both(
                        f"永远轮不到的路由：routes.{earlier} 已收下它的全部",
                        f"a route that is never reached: routes.{earlier} takes all that it matches",
                    )
                    found.append(MisplacedError(expected, told, ("routes", number)))
                    break
        return found


def _an_intent(word: str) -> Both:
    known = one_of(INTENTS)
    close = meant(word, INTENTS)
    if close is None:
        return known
    return Both(f"{known.zh}（是不是 {close}？）", f"{known} (did you mean {close}?)")


def _disagreements(document: Mapping[str, Any]) -> list[MisplacedError]:
    receivers = entries_of(document, "receivers")
    names = [name for name in ids_of(receivers, "name") if name is not None]
    known = Both(f"接收方之一：{', '.join(names)}", f"one of the receivers: {', '.join(names)}")
    found = [*_shared_names(receivers), *_fallbacks(receivers, known)]
    for number, route in enumerate(entries_of(document, "routes")):
        told = route.get("receivers")
        for place, name in enumerate(told if isinstance(told, list) else []):
            if isinstance(name, str) and name.strip() not in names:
                found.append(MisplacedError(known, repr(name), ("routes", number, "receivers", place)))
    return found


def _shared_names(receivers: Sequence[Mapping[str, Any]]) -> list[MisplacedError]:
    seen: dict[str, int] = {}
    found = []
    for number, (receiver, name) in enumerate(zip(receivers, ids_of(receivers, "name"), strict=True)):
        if name is None:
            continue
        # Slack and the terminal have no secrets of their own, so their names share no variable.
        plain = receiver.get("type") in ("slack", "terminal")
        firsts = {seen.setdefault(one, number) for one in {name, name if plain else secrets_key(name)}}
        if first := [one for one in firsts if one != number]:
            expected = Both(
                f"与别的不同的名字（receivers.{first[0]} 已用了它）",
                f"a name of its own (receivers.{first[0]} has this one)",
            )
            found.append(MisplacedError(expected, repr(name), ("receivers", number, "name")))
    return found


def _fallbacks(receivers: Sequence[Mapping[str, Any]], known: Both) -> list[MisplacedError]:
    names, fallbacks = ids_of(receivers, "name"), ids_of(receivers, "fallback")
    following = dict(zip(names, fallbacks, strict=True))
    found = []
    for number, (own, name) in enumerate(zip(names, fallbacks, strict=True)):
        at = ("receivers", number, "fallback")
        if name is not None and name not in following:
            found.append(MisplacedError(known, repr(name), at))
            continue
        chain = [own or "?"]
        while name is not None:
            if name in chain:
                expected = Both("有尽头的 fallback", "a chain of fallbacks that ends")
                found.append(MisplacedError(expected, " → ".join([*chain, name]), at))
                break
            chain.append(name)
            name = following.get(name)
    return found
