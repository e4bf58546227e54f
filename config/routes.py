"""Routes: who is told of which incident, and through what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.loading import MisplacedError
from config.records import Level
from config.watches import Model


class SlackReceiver(Model):
    """A Slack channel; the bot token comes from ``FENGSHENG_SLACK__TOKEN`` in the environment."""

    type: Literal["slack"] = "slack"
    name: str
    channel: str = Field(min_length=1)
    language: Literal["zh", "en"] = "zh"


class TerminalReceiver(Model):
    """The terminal of the running program; what is printed is also stored in the index."""

    type: Literal["terminal"] = "terminal"
    name: str
    language: Literal["zh", "en"] = "zh"


Receiver = Annotated[SlackReceiver | TerminalReceiver, Field(discriminator="type")]


class Route(Model):
    """Incidents that match go to `receivers`; the first matching route wins unless it continues."""

    receivers: list[str] = Field(min_length=1)
    watches: list[str] = Field(default_factory=list)
    levels: list[Level] = Field(default_factory=list)
    owner: str | None = None
    continue_: bool = Field(default=False, alias="continue")


class Routes(Model):
    """The file ``config/routes.yaml``."""

    receivers: list[Receiver] = Field(min_length=1)
    routes: list[Route] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_receivers(self) -> Routes:
        seen: dict[str, int] = {}
        for number, receiver in enumerate(self.receivers):
            first = seen.setdefault(receiver.name, number)
            if first != number:
                expected = f"a name of its own (receivers.{first} has this one)"
                raise MisplacedError(expected, repr(receiver.name), ("receivers", number, "name"))
        for number, route in enumerate(self.routes):
            for place, name in enumerate(route.receivers):
                if name not in seen:
                    expected = f"one of the receivers: {', '.join(seen)}"
                    raise MisplacedError(expected, repr(name), ("routes", number, "receivers", place))
        return self
