"""What the webhook robots of chat groups have in common: how a message is posted, how one is asked without any."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from alerting.message.content import Content, Presentation
from alerting.senders.base import Malformed, Refused, Unavailable
from alerting.senders.http import Answer, Endpoint, encoded

QUIET: Final = 60.0
"""Seconds for which a robot that posted too much is left alone."""


@dataclass(frozen=True)
class Form:
    """The bodies that a platform takes.

    Attributes
    ----------
    rich, plain : body of a message, from content and the ids of mentions (`rich` from the language too).
    strange : a body of a kind that it does not have, which can't become a message.
    """

    rich: Callable[[Content, Mapping[str, str], Any], Mapping[str, Any]]
    plain: Callable[[Content, Mapping[str, str]], Mapping[str, Any]]
    strange: Mapping[str, str]


class WebhookRobot(ABC):
    """A robot behind a webhook; see `group.Robot`."""

    form: ClassVar[Form]
    endpoint: Endpoint
    shown: Presentation

    async def post(self, content: Content, *, plain: bool = False) -> None:
        """Post a message; see `group.Robot`."""
        ids, form = self.shown.mentions, self.form
        body = form.plain(content, ids) if plain else form.rich(content, ids, self.shown.language)
        self._sort(await self._call(body))

    async def probe(self) -> str:
        """Send a request that can't become a message and return what the answer shows; raises like `post`."""
        answer = await self._call(self.form.strange)
        try:
            self._sort(answer)
        except Malformed as refused:
            return refused.code
        return "0"

    async def _call(self, body: Mapping[str, Any]) -> Answer:
        return await self.endpoint.post(encoded(body), {})

    @abstractmethod
    def _sort(self, answer: Answer) -> None:
        """Raise what an answer stands for."""


class ErrcodeRobot(WebhookRobot):
    """A robot whose platform answers HTTP 200 with ``errcode``, 0 where all is well and -1 where it is busy."""

    service: ClassVar[str]
    limited: ClassVar[frozenset[int]]
    malformed: ClassVar[frozenset[int]]

    def _sort(self, answer: Answer) -> None:
        what = self.endpoint.what
        self.endpoint.sorted_status(answer)
        code = answer.data.get("errcode")
        if not isinstance(code, int):
            raise self.endpoint.not_the_service(answer)
        if code == 0:
            return
        if code in self.limited:
            raise Unavailable(f"{what}: rate limited ({code})", after=QUIET)
        if code == -1:
            raise Unavailable(f"{what}: {self.service} is busy (-1)", ambiguous=True)
        if code in self.malformed:
            raise Malformed(
                what,
                str(code),
                f"report this as a bug: {self.service} refuses the message's form",
                final=True,
            )
        raise Refused(what, str(code), self._fix(code, str(answer.data.get("errmsg", "")).lower()))

    @abstractmethod
    def _fix(self, code: int, message: str) -> str:
        """Return what to do about a refusal."""
