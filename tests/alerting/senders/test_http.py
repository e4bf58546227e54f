"""What is read of an answer, and what an answer that is not the service's means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from alerting.senders.http import LARGEST, Answer, Endpoint

PAUSE = 0.02


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[Endpoint]:
    """An endpoint whose answers come in these pieces, one after the other."""

    async def serve(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for piece in pieces:
            await asyncio.sleep(PAUSE)
            await answer.write(piece)
        await answer.write_eof()
        return answer

    app = web.Application()
    app.router.add_post("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        yield Endpoint("bot", SecretStr(f"http://127.0.0.1:{port}/"), "WEBHOOK", 5.0)
    finally:
        await runner.cleanup()


async def test_an_answer_in_pieces_is_read_to_its_end() -> None:
    said = json.dumps({"errcode": 0, "errmsg": "ok" * 100}).encode()
    async with answering(said[:5], said[5:40], said[40:]) as endpoint:
        answer = await endpoint.post(b"{}", {})
    assert answer.data["errcode"] == 0


async def test_no_more_is_read_than_anybody_needs() -> None:
    said = b'{"a": 1}' + b" " * LARGEST
    async with answering(said, b"x" * LARGEST) as endpoint:
        answer = await endpoint.post(b"{}", {})
    assert answer.data == {"a": 1}  # the x that follow would be no JSON


@pytest.mark.parametrize(("status", "maybe"), [(200, True), (204, True), (404, False), (403, False)])
def test_a_2xx_that_is_not_the_services_may_have_been_carried_out(status: int, maybe: bool) -> None:
    endpoint = Endpoint("bot", SecretStr("https://bot.example/"), "WEBHOOK")
    assert endpoint.not_the_service(Answer(status, {})).maybe is maybe
