"""A local HTTP server that behaves as Slack's Web API does, as far as this product uses it.

Tokens, channels by id with names, threads, ``ts``, edits, message metadata (given only on
request), cursors, limits on blocks, 429 with Retry-After; faults are scripted by method.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.alerting.slack_limits import complaint

TOKEN = "xoxb-test-token"


@dataclass(frozen=True)
class Fault:
    """What happens to one call: `status` or `error` instead of an answer, or none at all.

    `done` says whether the call is carried out all the same; `hang` gives no answer,
    `drop` closes the connection, `after` carries it out only once that is set.
    """

    status: int = 200
    error: str | None = None
    retry_after: float | None = None
    body: str | None = None
    content_type: str = "application/json"
    done: bool = False
    hang: bool = False
    after: asyncio.Event | None = None
    drop: bool = False


@dataclass
class Channel:
    id: str
    name: str
    archived: bool = False
    member: bool = True
    private: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    method: str
    body: dict[str, Any]
    at: float


class FakeSlack:
    """The server; ``async with FakeSlack(clock) as slack`` starts it on a free port."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.channels = {"C0CRISIS": Channel("C0CRISIS", "crisis"), "C0OTHER": Channel("C0OTHER", "other")}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.requests: list[Request] = []
        self.scopes = "chat:write,channels:history,channels:read"
        self.port = 0
        self.seen: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._count = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    async def __aenter__(self) -> FakeSlack:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        self._stopping.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        self._stopping.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` meet `faults`, one after the other."""
        self.faults[method].extend(faults)

    def calls(self, method: str) -> list[Request]:
        return [r for r in self.requests if r.method == method]

    def messages(self, channel: str = "C0CRISIS") -> list[dict[str, Any]]:
        return self.channels[channel].messages

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body: dict[str, Any] = dict(request.query)
        if request.can_read_body:
            body.update(json.loads(await request.read()))
        self.requests.append(Request(method, body, self.clock()))
        fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None and fault.after is not None:
            self.seen[method].set()
            await fault.after.wait()
            fault = None
        done = self._answer(method, body, request) if fault is None or fault.done else {}
        self.seen[method].set()
        if fault is None:
            return web.json_response(done, headers={"x-oauth-scopes": self.scopes})
        if fault.hang:
            await self._stopping.wait()
        if fault.drop and request.transport:
            request.transport.abort()
        if fault.body is not None:
            return web.Response(text=fault.body, status=fault.status, content_type=fault.content_type)
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        error = fault.error or ("ratelimited" if fault.status == 429 else "internal_error")
        return web.json_response({"ok": False, "error": error}, status=fault.status, headers=headers)

    def _answer(self, method: str, body: dict[str, Any], request: web.Request) -> dict[str, Any]:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        handler = getattr(self, "_" + re.sub(r"\W", "_", method).lower(), None)
        if handler is None:
            return {"ok": False, "error": "unknown_method"}
        answer = handler(body)
        return answer if "error" not in answer else {"ok": False, **answer}

    def _auth_test(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user": "fengsheng", "team": "Tea", "user_id": "U0BOT"}

    def _channel(self, name: str, by_name: bool) -> Channel | None:
        for channel in self.channels.values():
            if channel.id == name or (by_name and channel.name == name.removeprefix("#")):
                return channel
        return None

    def _chat_postmessage(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body["channel"], by_name=True)
        if channel is None:
            return {"error": "channel_not_found"}
        if channel.archived:
            return {"error": "is_archived"}
        if not channel.member:
            return {"error": "not_in_channel"}
        if wrong := complaint(body):
            return {"error": wrong}
        thread = body.get("thread_ts")
        if thread and not any(m["ts"] == thread for m in channel.messages):
            return {"error": "thread_not_found"}
        ts = f"{self.clock():.0f}.{next(self._count):06d}"
        kept: dict[str, Any] = {k: body[k] for k in ("text", "blocks", "metadata", "thread_ts") if k in body}
        channel.messages.append({"ts": ts, "edits": 0, **kept})
        return {"ok": True, "channel": channel.id, "ts": ts}

    def _chat_update(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body["channel"], by_name=False)
        if channel is None:
            return {"error": "channel_not_found"}
        if wrong := complaint(body):
            return {"error": wrong}
        for message in channel.messages:
            if message["ts"] == body["ts"]:
                message.update(
                    {k: body[k] for k in ("text", "blocks") if k in body}, edits=message["edits"] + 1
                )
                return {"ok": True, "channel": channel.id, "ts": body["ts"]}
        return {"error": "message_not_found"}

    def _page(self, body: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return {"error": "missing_scope"}
        chosen = [m for m in messages if float(m["ts"]) > float(body.get("oldest", 0))]
        start, size = int(body.get("cursor", 0)), int(body.get("limit", 100))
        hidden = () if body.get("include_all_metadata") == "1" else ("metadata",)
        page = [{k: v for k, v in m.items() if k not in hidden} for m in chosen[start : start + size]]
        following = str(start + size) if start + size < len(chosen) else ""
        return {"ok": True, "messages": page, "response_metadata": {"next_cursor": following}}

    def _conversations_history(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body["channel"], by_name=False)
        if channel is None:
            return {"error": "channel_not_found"}
        return self._page(body, [m for m in reversed(channel.messages) if "thread_ts" not in m])

    def _conversations_replies(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body["channel"], by_name=False)
        if channel is None:
            return {"error": "channel_not_found"}
        return self._page(body, [m for m in channel.messages if body["ts"] in (m["ts"], m.get("thread_ts"))])

    def _conversations_list(self, body: dict[str, Any]) -> dict[str, Any]:
        if "channels:read" not in self.scopes:
            return {"error": "missing_scope"}
        start = int(body.get("cursor", 0))
        both = list(self.channels.values())
        following = str(start + 1) if start + 1 < len(both) else ""  # one a page, so that cursors count
        page = [{"id": c.id, "name": c.name} for c in both[start : start + 1]]
        return {"ok": True, "channels": page, "response_metadata": {"next_cursor": following}}

    def _conversations_info(self, body: dict[str, Any]) -> dict[str, Any]:
        if "channels:read" not in self.scopes:
            return {"error": "missing_scope"}
        channel = self._channel(body["channel"], by_name=False)
        if channel is None:
            return {"error": "channel_not_found"}
        return {"ok": True, "channel": {"id": channel.id, "is_archived": channel.archived,
                                        "is_member": channel.member}}  # fmt: skip
