"""What a sender promises, and the ways in which it can fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from alerting.notify import Plan
from config.records import Incident, Notification

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
Confirm = Callable[[], Awaitable[None]]


def never() -> bool:
    """Nothing newer is waiting."""
    return False


async def always() -> None:
    """Nobody else sends the same."""


class Sender(Protocol):
    """One receiver's way out."""

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether the receiver gets anything for a transition; asked before the sent-log is written."""
        ...

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Tell the receiver of the incident's newest transition and return what was sent.

        Waits out rate limits and outages for as long as they last. It may be cancelled and
        called again: a message that is already there is not sent twice where the service
        can be asked.

        Parameters
        ----------
        incident : after the transition.
        history : this receiver's notifications of this incident, as they were before this
            call; one of the same key in state ``sending`` means that an earlier attempt
            may or may not have arrived.
        now : epoch seconds, wall clock.
        superseded : asked before an edit; True leaves it to a newer transition that waits.
        confirm : asked right before a message is posted; raises `Lost` where another worker does it.

        Returns
        -------
        Notification or None
            None where this receiver gets nothing for this transition.

        Raises
        ------
        Refused
            The receiver said no and will go on saying it until a person changes something, or has
            not answered for a long time.
        Lost
            What `confirm` raised.
        """
        ...


class Refused(Exception):  # noqa: N818 - an answer, named as the service gives it
    """A refusal: what was refused, the service's code, and what to do about it.

    Attributes
    ----------
    final : no retry can heal it: the service takes this message in no form.
    maybe : the message may have arrived all the same.
    """

    def __init__(self, what: str, code: str, fix: str, *, final: bool = False, maybe: bool = False) -> None:
        self.what = what
        self.code = code
        self.fix = fix
        self.final = final
        self.maybe = maybe
        super().__init__(f"{what}: {code}; fix: {fix}")


class Lost(Exception):  # noqa: N818
    """Another worker has taken the notification over: it tells the receiver."""


class Malformed(Refused):
    """The service does not like the layout or the length: a plainer form may get through."""


class Unavailable(Exception):  # noqa: N818
    """A temporary failure.

    Attributes
    ----------
    why : in words, never with a secret.
    after : seconds that the service asked to wait, None if it did not say.
    ambiguous : whether the request may have been carried out all the same.
    """

    def __init__(self, why: str, *, after: float | None = None, ambiguous: bool = False) -> None:
        self.why = why
        self.after = after
        self.ambiguous = ambiguous
        super().__init__(why)
