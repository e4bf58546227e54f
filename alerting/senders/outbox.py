"""Send one after the other, and together what the rate limit leaves no room to send alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from alerting.senders.limiting import Limit

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False)
class _Waiting(Generic[T, R]):
    what: T
    outcome: asyncio.Future[R]
    tried: bool = False


@dataclass
class Outbox(Generic[T, R]):
    """What waits at one receiver.

    While the limit has room for everything that waits, each goes alone; otherwise all that waits
    goes as one. A caller that gives up takes only its own part along; the others are sent by the next,
    who is told that they may have been sent.

    Attributes
    ----------
    limit : the receiver's rate limit.
    deliver : sends one or several, retries included, told whether one of them may have been sent
        before; its result or failure is that of each.
    """

    limit: Limit
    deliver: Callable[[Sequence[T], bool], Awaitable[R]]
    _waiting: list[_Waiting[T, R]] = field(default_factory=list)
    _desk: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, what: T) -> R:
        """Return when `what` has been sent, alone or with others; raises what `deliver` raises."""
        own: _Waiting[T, R] = _Waiting(what, asyncio.get_running_loop().create_future())
        self._waiting.append(own)
        try:
            async with self._desk:
                if not own.outcome.done():
                    await self._serve(own)
            return await own.outcome
        finally:
            if own in self._waiting:
                self._waiting.remove(own)

    async def _serve(self, own: _Waiting[T, R]) -> None:
        await self.limit.ready()
        together = list(self._waiting) if len(self._waiting) > self.limit.left else [own]
        self.limit.take()
        try:
            tried = any(one.tried for one in together)
            for one in together:
                one.tried = True
            result = await self.deliver([one.what for one in together], tried)
        except Exception as failure:
            for one in together:
                _settle(one.outcome, failure=failure)
        else:
            for one in together:
                _settle(one.outcome, result=result)
        self._waiting = [one for one in self._waiting if one not in together]


def _settle(outcome: asyncio.Future[R], *, result: R | None = None, failure: Exception | None = None) -> None:
    if outcome.done():
        return
    if failure is None:
        outcome.set_result(result)  # type: ignore[arg-type]  # a result that is None is one of type R
    else:
        outcome.set_exception(failure)
