"""Another program as a receiver: every transition as signed JSON, by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md :
``webhook-id`` is the same for every attempt at one notification, ``webhook-timestamp`` is in epoch seconds,
and ``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``. A secret that
begins with ``whsec_`` is base64 after it; any other is taken as it is. 2xx means taken, 410 never again.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import msgspec
from pydantic import SecretStr

from alerting.message.build import full
from alerting.message.content import Presentation
from alerting.message.event import event
from alerting.notify import Plan, plan
from alerting.senders.base import Clock, Confirm, Refused, Unavailable, always, never
from alerting.senders.http import Answer, Endpoint
from alerting.senders.retrying import Retry
from alerting.senders.unedited import entry
from config.receivers import WebhookReceiver, variable
from config.records import Incident, Notification

PREFIX: Final = "whsec_"
LATER: Final = frozenset({408, 409, 423, 425})
UNFIT: Final = frozenset({400, 413, 415, 422})


def sign(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """Return ``webhook-signature`` of a request.

    >>> sign("secret", "msg_1", 1700000000, b"{}")
    'v1,A5oIrJxXPB/PkULSoVu0e4khvPiqpF9vljmhkSKg0FI='

    Raises
    ------
    ValueError
        The secret begins with ``whsec_`` and is no base64.
    """
    try:
        key = (
            b64decode(secret[len(PREFIX) :], validate=True) if secret.startswith(PREFIX) else secret.encode()
        )
    except Error:
        raise ValueError("the secret after whsec_ is no base64") from None
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


@dataclass
class WebhookSender:
    """Sends one receiver's notifications to its address.

    Attributes
    ----------
    clock : epoch seconds, for the signature.
    """

    receiver: WebhookReceiver
    endpoint: Endpoint
    secret: SecretStr
    shown: Presentation
    retry: Retry
    clock: Clock

    def speaks(self, incident: Incident, decided: Plan) -> bool:
        """Whether the program is told: of everything that somebody is told of; see `Sender.speaks`."""
        return bool(decided.actions)

    async def send(
        self,
        incident: Incident,
        history: Sequence[Notification],
        now: float,
        superseded: Callable[[], bool] = never,
        confirm: Confirm = always,
    ) -> Notification | None:
        """Tell the program of the incident's newest transition; see `Sender.send`."""
        decided = plan(incident, history)
        if not decided.actions:
            return None
        content = full(incident, self.shown, call=decided.call)
        body = msgspec.json.encode(event(incident, content, receiver=self.receiver.name, page=decided.page))
        identity = webhook_id(incident.notification_key, self.receiver.name)
        await self.retry.limit.ready()
        self.retry.limit.take()

        async def attempt(maybe: bool) -> None:
            await confirm()
            self._sort(await self.endpoint.post(body, self._headers(identity, body)))

        await self.retry.until_done(incident.notification_key, attempt)
        return entry(incident, self.receiver.name, now, decided, content.fallback, identity)

    def _headers(self, identity: str, body: bytes) -> dict[str, str]:
        timestamp = int(self.clock())
        try:
            signature = sign(self.secret.get_secret_value(), identity, timestamp, body)
        except ValueError:
            key = variable(self.receiver.name, "secret")
            raise Refused(
                self.endpoint.what, "unusable secret", f"{key}: after whsec_ stands base64"
            ) from None
        return {"webhook-id": identity, "webhook-timestamp": str(timestamp), "webhook-signature": signature}

    def _sort(self, answer: Answer) -> None:
        what, status, name = self.endpoint.what, answer.status, self.receiver.name
        if 200 <= status < 300:
            return
        self.endpoint.sorted_status(answer)
        if status in LATER:
            raise Unavailable(f"{what}: HTTP {status}")
        if status in UNFIT:
            raise Refused(what, f"HTTP {status}", "see in its log why it can't take the event", final=True)
        fix = {
            401: f"give both sides the same secret ({variable(name, 'secret')}), and set both clocks",
            403: f"give both sides the same secret ({variable(name, 'secret')}), and set both clocks",
            410: "it wants no more events: take the receiver out of routes.yaml",
        }.get(status, f"correct the address in {variable(name, 'webhook')}")
        raise Refused(what, f"HTTP {status}", fix)


def webhook_id(key: str, receiver: str) -> str:
    """Return the id of a notification: the same for every attempt and in every run."""
    digest = blake2b(f"{receiver}\0{key}".encode("utf-8", "replace"), digest_size=16)
    return f"msg_{digest.hexdigest()}"
