"""Routes: who is told of which incident, and through what."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from config.loading import MisplacedError
from config.receivers import Receiver, SlackReceiver, TerminalReceiver, secrets_key
from config.records import Level
from config.watches import Model

HOURS = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"


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
            raise ValueError("words that are not empty")
        return words

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
    timezone: str = "Asia/Shanghai"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("a time zone, as Asia/Shanghai") from None
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Routes:
        self._unique_names()
        self._fallbacks()
        names = [receiver.name for receiver in self.receivers]
        for number, route in enumerate(self.routes):
            for place, name in enumerate(route.receivers):
                if name not in names:
                    expected = f"one of the receivers: {', '.join(names)}"
                    raise MisplacedError(expected, repr(name), ("routes", number, "receivers", place))
            _check_hours(route, number)
            for earlier, before in enumerate(self.routes[:number]):
                if not before.continue_ and before.covers(route):
                    expected = f"'continue: true' in routes.{earlier}, or this route above it"
                    found = f"a route that is never reached: routes.{earlier} takes all that it matches"
                    raise MisplacedError(expected, found, ("routes", number))
        return self

    def _unique_names(self) -> None:
        seen: dict[str, int] = {}
        for number, receiver in enumerate(self.receivers):
            # Slack and the terminal have no secrets of their own, so their names share no variable.
            plain = isinstance(receiver, SlackReceiver | TerminalReceiver)
            for name in {receiver.name, receiver.name if plain else secrets_key(receiver.name)}:
                first = seen.setdefault(name, number)
                if first != number:
                    expected = f"a name of its own (receivers.{first} has this one)"
                    raise MisplacedError(expected, repr(receiver.name), ("receivers", number, "name"))

    def _fallbacks(self) -> None:
        following = {receiver.name: receiver.fallback for receiver in self.receivers}
        for number, receiver in enumerate(self.receivers):
            if receiver.fallback is None:
                continue
            at = ("receivers", number, "fallback")
            if receiver.fallback not in following:
                expected = f"one of the receivers: {', '.join(following)}"
                raise MisplacedError(expected, repr(receiver.fallback), at)
            chain = [receiver.name]
            name: str | None = receiver.fallback
            while name is not None:
                if name in chain:
                    found = " → ".join([*chain, name])
                    raise MisplacedError("a chain of fallbacks that ends", found, at)
                chain.append(name)
                name = following.get(name)


def _check_hours(route: Route, number: int) -> None:
    for place, hours in enumerate(route.hours):
        start, _, end = hours.partition("-")
        if not re.fullmatch(HOURS, hours) or start == end:
            expected = "hours as '09:00-18:00' ('22:00-08:00' goes over midnight)"
            raise MisplacedError(expected, repr(hours), ("routes", number, "hours", place))
