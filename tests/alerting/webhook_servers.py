"""A local HTTP server with the webhooks of Feishu, DingTalk, WeCom and of any program, answering as they do.

Each checks what the real one checks: token, signature, age of the timestamp, form, size, rate; errors come
as the platform gives them, mostly HTTP 200 with a code. Formats: see the docstrings of the senders.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "token-0f1e2d3c"
SECRET = "SECret-of-the-test"

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What happens to one call: another answer, or none. `done` says whether it is carried out all the same."""

    status: int = 200
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    hang: bool = False
    drop: bool = False


@dataclass
class WebhookServer:
    """``async with WebhookServer(clock) as server`` starts it on a free port of 127.0.0.1.

    `taken` are the messages that reached people, by platform; `calls` every request's body.
    """

    clock: Callable[[], float]
    secret: str | None = SECRET
    per_minute: int | None = None
    faults: deque[Fault] = field(default_factory=deque)
    taken: list[Json] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    keywords: tuple[str, ...] = ()
    port: int = 0
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, platform: str, token: str = TOKEN) -> str:
        path = {
            "feishu": f"/open-apis/bot/v2/hook/{token}",
            "dingtalk": f"/robot/send?access_token={token}",
            "wecom": f"/cgi-bin/webhook/send?key={token}",
            "webhook": f"/hooks/{token}",
        }[platform]
        return f"http://127.0.0.1:{self.port}{path}"

    async def __aenter__(self) -> WebhookServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/open-apis/bot/v2/hook/{token}", self._feishu)
        app.router.add_post("/robot/send", self._dingtalk)
        app.router.add_post("/cgi-bin/webhook/send", self._wecom)
        app.router.add_post("/hooks/{token}", self._program)
        self._stopping.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        self._stopping.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def fail(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    async def _serve(self, request: web.Request, judge: Callable[[bytes, Json], Json]) -> web.StreamResponse:
        raw = await request.read()
        body: Json = json.loads(raw)
        self.calls.append(body)
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        self.times.append(self.clock())
        fault = self.faults.popleft() if self.faults else None
        answer = judge(raw, body) if fault is None or fault.done else {}
        self.seen.set()
        if fault is None:
            return web.json_response(answer, status=answer.pop("http", 200))
        if fault.hang:
            await self._stopping.wait()
        if fault.drop and request.transport:
            request.transport.abort()
        text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body or {})
        return web.Response(text=text, status=fault.status, headers=fault.headers)

    def _too_many(self) -> bool:
        recent = [at for at in self.times if at > self.times[-1] - 60]
        return self.per_minute is not None and len(recent) > self.per_minute

    async def _feishu(self, request: web.Request) -> web.StreamResponse:
        def judge(raw: bytes, body: Json) -> Json:
            if request.match_info["token"] != TOKEN:
                return {
                    "code": 19001,
                    "msg": "param invalid: incoming webhook access token invalid",
                    "data": {},
                }
            if self._too_many():
                return {"code": 9499, "msg": "too many request", "data": {}}
            if self.secret is not None and not self._feishu_signed(body):
                text = "sign match fail or timestamp is not within one hour from current time"
                return {"code": 19021, "msg": text, "data": {}}
            if body.get("msg_type") not in ("text", "interactive"):
                return {"code": 19002, "msg": "params error, msg_type need", "data": {}}
            if len(raw) > 20 * 1024:
                return {"code": 9499, "msg": "Bad Request", "data": {}}
            if self.keywords and not any(word in raw.decode() for word in self.keywords):
                return {"code": 19024, "msg": "Key Words Not Found", "data": {}}
            self.taken.append(body)
            return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}

        return await self._serve(request, judge)

    def _feishu_signed(self, body: Json) -> bool:
        stamp = str(body.get("timestamp", "0"))
        key = f"{stamp}\n{self.secret}".encode()
        right = b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        return abs(self.clock() - int(stamp)) < 3600 and body.get("sign") == right

    async def _dingtalk(self, request: web.Request) -> web.StreamResponse:
        def judge(raw: bytes, body: Json) -> Json:
            if request.query.get("access_token") != TOKEN:
                return {"errcode": 300001, "errmsg": "token is not exist"}
            if self._too_many():
                return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
            if self.secret is not None:
                stamp = int(request.query.get("timestamp", "0"))
                if abs(self.clock() * 1000 - stamp) > 3_600_000:
                    return {"errcode": 310000, "errmsg": "invalid timestamp"}
                right = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256)
                if request.query.get("sign") != b64encode(right.digest()).decode():
                    return {"errcode": 310000, "errmsg": "sign not match"}
            if body.get("msgtype") not in ("text", "markdown"):
                return {"errcode": 400105, "errmsg": "unsupported msgtype"}
            if len(raw) > 20_000:
                return {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}
            if self.keywords and not any(word in raw.decode() for word in self.keywords):
                return {"errcode": 310000, "errmsg": "keywords not in content"}
            self.taken.append(body)
            return {"errcode": 0, "errmsg": "ok"}

        return await self._serve(request, judge)

    async def _wecom(self, request: web.Request) -> web.StreamResponse:
        def judge(raw: bytes, body: Json) -> Json:
            if request.query.get("key") != TOKEN:
                return {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1], from ip: 127.0.0.1"}
            if self._too_many():
                return {"errcode": 45009, "errmsg": "api freq out of limit"}
            kind = body.get("msgtype")
            if kind not in ("text", "markdown"):
                return {"errcode": 40008, "errmsg": "invalid message type"}
            if len(body[kind]["content"].encode()) > {"text": 2048, "markdown": 4096}[kind]:
                return {"errcode": 40058, "errmsg": f"{kind}.content exceed max length"}
            self.taken.append(body)
            return {"errcode": 0, "errmsg": "ok"}

        return await self._serve(request, judge)

    async def _program(self, request: web.Request) -> web.StreamResponse:
        def judge(raw: bytes, body: Json) -> Json:
            if request.match_info["token"] != TOKEN:
                return {"http": 404}
            if self._too_many():
                return {"http": 429}
            head = request.headers
            stamp = head.get("webhook-timestamp", "0")
            signed = f"{head.get('webhook-id')}.{stamp}.".encode() + raw
            right = hmac.new((self.secret or "").encode(), signed, hashlib.sha256).digest()
            fresh = abs(self.clock() - int(stamp)) <= 300
            if not fresh or head.get("webhook-signature") != "v1," + b64encode(right).decode():
                return {"http": 401}
            if "type" not in body:
                return {"http": 422}
            known = [one["id"] for one in self.taken]
            if head["webhook-id"] not in known:  # the same id again is the same event
                self.taken.append({"id": head["webhook-id"], **body})
            return {}

        return await self._serve(request, judge)
