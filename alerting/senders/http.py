"""Post JSON to an address that is itself a secret; what fails is told without it.

Only this module touches aiohttp for the receivers. No exception that leaves it carries the
address but for its host, so a robot's token can't reach a log through one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from alerting.senders.base import Refused, Unavailable

TIMEOUT: Final = 15.0
LARGEST: Final = 64 * 1024
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Answer:
    """What a server said: its status, its headers, and its JSON object if it is one."""

    status: int
    headers: Mapping[str, str]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """An address to post to.

    Attributes
    ----------
    what : names it in errors, as ``Feishu bot of receiver pr``.
    url : the whole address, kept out of every text.
    variable : where the address comes from, for the fix.
    timeout : seconds for one request.
    """

    what: str
    url: SecretStr
    variable: str
    timeout: float = TIMEOUT

    @property
    def host(self) -> str:
        """The address's host: all of it that may be told."""
        try:
            return urlsplit(self.url.get_secret_value().strip()).hostname or "?"
        except ValueError:
            return "?"

    async def post(
        self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a POST of JSON; redirects are answers.

        Raises
        ------
        Unavailable
            No connection, no answer in time, or it was cut off.
        Refused
            The address is none, or the server's certificate is not trusted.
        """
        return await self.request("POST", body, headers, query)

    async def request(
        self,
        method: str,
        body: bytes | None,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a request; see `post`."""
        url = self.url.get_secret_value().strip()
        if not url.startswith(("https://", "http://")) or self.host == "?":
            raise Refused(self.what, "not an address", f"put the whole webhook address into {self.variable}")
        limit = aiohttp.ClientTimeout(total=self.timeout)
        sent = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "fengsheng", **headers}
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, trust_env=self.host not in _LOCAL) as session,
                session.request(
                    method, url, data=body, headers=sent, params=query, allow_redirects=False
                ) as answer,
            ):
                text = await _body(answer.content)
                return Answer(answer.status, dict(answer.headers), _object(text))
        except aiohttp.ClientConnectorCertificateError:
            raise Refused(
                f"{self.what} at {self.host}", "certificate not trusted", "let the server show a valid one"
            ) from None
        except aiohttp.ClientConnectorError as error:
            # Never connected, so never carried out.
            raise Unavailable(f"{self.what}: no connection to {self.host} ({type(error).__name__})") from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Refused(self.what, "not an address", f"correct {self.variable}") from None
        except TimeoutError:
            raise Unavailable(f"{self.what}: no answer in time", ambiguous=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(
                f"{self.what}: connection lost ({type(error).__name__})", ambiguous=True
            ) from None
        except ValueError as error:
            raise Refused(
                self.what, f"unusable address ({type(error).__name__})", f"correct {self.variable}"
            ) from None

    def sorted_status(self, answer: Answer) -> None:
        """Raise for what the status alone says: a rate limit, the server's own trouble, a redirect."""
        if answer.status == 429:
            raise Unavailable(f"{self.what}: rate limited", after=retry_after(answer.headers))
        if answer.status >= 500:
            raise Unavailable(f"{self.what}: HTTP {answer.status}", ambiguous=True)
        if 300 <= answer.status < 400:
            raise Refused(self.what, f"HTTP {answer.status}: it redirects", f"correct {self.variable}")

    def not_the_service(self, answer: Answer) -> Refused:
        """Return the refusal that says that something else answers at the address."""
        return Refused(
            f"{self.what} at {self.host}", f"HTTP {answer.status} without an error code",
            f"is the address in {self.variable} really the webhook's?",
            maybe=200 <= answer.status < 300,  # a proxy may have spoilt the answer to what was carried out
        )  # fmt: skip


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``, None where there are none to use."""
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return `body` as JSON; characters that UTF-8 has no form for become ``?``."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


async def _body(content: aiohttp.StreamReader) -> bytes:
    """Return what the server says, at most `LARGEST`: one read gives only what has come so far."""
    said = bytearray()
    while len(said) < LARGEST and (piece := await content.read(LARGEST - len(said))):
        said += piece
    return bytes(said)


def _object(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
