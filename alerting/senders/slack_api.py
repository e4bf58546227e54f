"""Slack's Web API with its failures sorted: temporary, refused, or something to work around.

Only this module touches slack-sdk. No exception that leaves it carries a request, so
the token can't reach a log through one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from alerting.senders.base import Refused, Unavailable
from alerting.senders.slack_errors import NOT_SLACK, TEMPORARY, fix_for
from config.addresses import masked

TIMEOUT = 15.0
DEFAULT_RETRY_AFTER = 30.0


class SlackApi:
    """Calls of Slack's Web API.

    Parameters
    ----------
    token : bot token.
    url : base address of the API; a test server may stand in.
    timeout : seconds for one call.
    """

    def __init__(self, token: SecretStr, url: str, timeout: float = TIMEOUT) -> None:
        self.url = masked(url)
        quiet = logging.getLogger("alerting.senders.slack_sdk")
        quiet.setLevel(logging.WARNING)  # its debug lines hold whole messages
        self._client = AsyncWebClient(
            token=token.get_secret_value(),
            base_url=url,
            timeout=timeout,  # type: ignore[arg-type]  # handed to aiohttp, which takes fractions
            retry_handlers=[],
            logger=quiet,
        )
        host = urlsplit(url).hostname or ""
        if host in ("127.0.0.1", "localhost", "::1") or proxy_bypass(host):
            self._client.proxy = None  # the SDK reads HTTPS_PROXY but not NO_PROXY

    async def call(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return Slack's answer to `method`, its headers under ``headers``.

        Raises
        ------
        Unavailable
            Rate limit, Slack's own errors, no connection, no answer in time.
        Refused
            Slack's answer is a no, or it is not Slack that answers.
        """
        query = method.startswith("conversations.")
        arguments = {k: v for k, v in body.items() if v is not None}
        what = f"Slack {method}"
        try:
            if query:  # the reading methods take no JSON
                answer = await self._client.api_call(method, http_verb="GET", params=arguments)
            else:
                answer = await self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise _sorted(what, error.response) from None
        except aiohttp.ClientConnectorError as error:
            # Never connected, so never carried out.
            raise Unavailable(f"{what}: no connection to {self.url} ({type(error).__name__})") from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Refused(what, "not an address", NOT_SLACK) from None
        except TimeoutError:
            raise Unavailable(f"{what}: no answer in time", ambiguous=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"{what}: connection lost ({type(error).__name__})", ambiguous=True) from None
        except (AttributeError, ValueError, TypeError) as error:
            # slack-sdk trips over an answer that is not JSON, aiohttp over a token with a line break.
            raise Refused(what, f"unusable answer or token ({type(error).__name__})", NOT_SLACK) from None
        data = answer.data if isinstance(answer.data, dict) else {}
        return {**data, "headers": answer.headers}


def _sorted(what: str, response: Any) -> Exception:
    """Return the failure that an unsuccessful answer stands for."""
    status = int(getattr(response, "status_code", None) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Unavailable(f"{what}: rate limited", after=_retry_after(getattr(response, "headers", None)))
    if status >= 500 or code in TEMPORARY:
        # Slack: "it's possible some aspect of the operation succeeded before the error was raised".
        return Unavailable(f"{what}: Slack is in trouble ({code or status})", ambiguous=True)
    if not code:
        return Refused(what, f"HTTP {status}", NOT_SLACK)
    return Refused(what, code, fix_for(code))


def _retry_after(headers: Mapping[str, str] | None) -> float:
    try:
        seconds = float((headers or {}).get("Retry-After", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return seconds if 0 <= seconds < 86_400 else DEFAULT_RETRY_AFTER
