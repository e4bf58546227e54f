"""Slack's troubles: rate limits, outages, refusals, and what a token must never do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from alerting.senders.slack_api import SlackApi
from config.records import Notification, Transition
from tests.alerting.delivery.conftest import Desk, desk
from tests.alerting.sample_incident import ESCALATED, FIRED, after
from tests.alerting.slack_server import TOKEN, Fault

__all__ = ["desk"]
POST, EDIT, HISTORY = "chat.postMessage", "chat.update", "conversations.history"
UPDATED = after(FIRED, Transition.UPDATED)


async def test_retry_after_is_respected_exactly(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(status=429, retry_after=37), Fault(status=429, retry_after=5))
    await desk.delivery().deliver(FIRED)
    first, second, third = (request.at for request in desk.slack.calls(POST))
    assert (second - first, third - second) == (37.0, 5.0)
    assert desk.time.sleeps == [37.0, 5.0]  # no busy loop
    assert desk.slack.calls(HISTORY) == []  # a 429 was surely not carried out


async def test_a_rate_limit_holds_the_whole_channel(desk: Desk) -> None:
    other = after(FIRED, Transition.FIRED, id="another", sequence=1)
    desk.slack.fail(POST, Fault(status=429, retry_after=30))
    delivery = desk.delivery()
    tasks: list[asyncio.Task[list[Notification]]] = []
    both = asyncio.Event()

    async def another_comes(count: int) -> None:
        if count == 1:
            tasks.append(asyncio.create_task(delivery.deliver(other)))
            await both.wait()
        both.set()

    desk.time.on_sleep = another_comes
    await delivery.deliver(FIRED)
    await asyncio.gather(*tasks)
    assert desk.time.sleeps[:2] == [30.0, 30.0]
    assert len(desk.slack.messages()) == 2


async def test_at_most_one_message_a_second(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = desk.delivery()
    call, started = SlackApi.call, list[float]()

    async def noted(self: SlackApi, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        started.append(desk.time.now)  # the server sees simulated time only after it has moved on
        return await call(self, method, body)

    monkeypatch.setattr(SlackApi, "call", noted)
    incidents = [after(FIRED, Transition.FIRED, id=f"i{n}", sequence=1) for n in range(5)]
    await asyncio.gather(*(delivery.deliver(incident) for incident in incidents))
    assert [b - a for a, b in pairwise(started)] == [1.0] * 4
    assert len(desk.slack.messages()) == 5


async def test_a_page_a_reply_and_an_edit_share_the_channels_pace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = desk.delivery()
    call, started = SlackApi.call, list[float]()

    async def noted(self: SlackApi, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        started.append(desk.time.now)
        return await call(self, method, body)

    monkeypatch.setattr(SlackApi, "call", noted)
    await delivery.deliver(FIRED)  # to #crisis; what follows to the id behind it
    await delivery.deliver(ESCALATED)
    assert [b - a for a, b in pairwise(started)] == [1.0, 1.0]


async def test_quiet_asked_for_at_an_edit_holds_pages_too(desk: Desk) -> None:
    other = after(FIRED, Transition.FIRED, id="another", sequence=1)
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    desk.slack.fail(EDIT, Fault(status=429, retry_after=30))
    tasks: list[asyncio.Task[list[Notification]]] = []

    async def another_comes(count: int) -> None:
        if desk.slack.calls(EDIT) and not tasks:
            tasks.append(asyncio.create_task(delivery.deliver(other)))
            for _ in range(50):  # it comes as far as its turn before time moves on
                await asyncio.sleep(0)

    desk.time.on_sleep = another_comes
    await delivery.deliver(UPDATED)
    await asyncio.gather(*tasks)
    refused = desk.slack.calls(EDIT)[0].at
    assert desk.slack.calls(POST)[-1].at - refused >= 30.0
    assert len(desk.slack.messages()) == 2


async def test_500s_are_waited_out_and_asked_about(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(status=500, done=True), Fault(status=503))
    desk.slack.fail(HISTORY, Fault(status=502, body="<html>bad gateway</html>", content_type="text/html"))
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1  # carried out in spite of the 500, and found
    assert len(desk.slack.calls(POST)) == 1


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
async def test_slacks_own_errors_are_temporary(desk: Desk, error: str) -> None:
    desk.slack.fail(POST, Fault(error=error), Fault(error=error))
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1
    first, second, third = (request.at for request in desk.slack.calls(POST))
    assert second - first == pytest.approx(1.0)  # half a second to one of back-off, one of pacing
    assert 1.0 <= third - second <= 2.0


async def test_a_lost_connection_is_asked_about(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(drop=True, done=True))
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1
    assert len(desk.slack.calls(HISTORY)) == 1


async def test_a_slow_answer_is_not_sent_twice(desk: Desk) -> None:
    desk.timeout = 0.3
    desk.slack.fail(POST, Fault(hang=True, done=True))
    [sent] = await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1
    assert sent.ts == desk.slack.messages()[0]["ts"]


async def test_down_for_a_while_then_delivered(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    delivery = desk.delivery()
    await desk.slack.stop()

    async def up_again(count: int) -> None:
        if count == 20:
            await desk.slack.start()

    desk.time.on_sleep = up_again
    started = desk.time.now
    await asyncio.gather(delivery.deliver(FIRED), delivery.deliver(ESCALATED))
    assert desk.time.now - started > 5 * 60
    assert max(desk.time.sleeps) <= 60.0
    assert len(desk.slack.messages()) == 2
    assert len(desk.slack.calls(POST)) == 2
    assert "no connection" in caplog.text


@pytest.mark.parametrize(
    ("error", "fix"),
    [("invalid_auth", "FENGSHENG_SLACK__TOKEN"), ("channel_not_found", "routes.yaml"),
     ("not_in_channel", "/invite"), ("is_archived", "unarchive"), ("brand_new_error", "docs.slack.dev")],
)  # fmt: skip
async def test_a_refusal_names_the_fix_shows_the_page_and_is_tried_again(
    desk: Desk, error: str, fix: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.slack.fail(POST, Fault(error=error), Fault(error=error))
    [sent] = await desk.delivery().deliver(FIRED)
    assert error in caplog.text
    assert fix in caplog.text
    assert desk.screen.getvalue().count("负面声量突增") == 1
    assert [s for s in desk.time.sleeps if s > 1] == [60.0, 60.0]
    assert sent.receiver == "pr"
    assert len(desk.slack.messages()) == 1


async def test_a_later_page_is_seen_while_the_receiver_refuses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.token = "xoxb-wrong"
    delivery = desk.delivery()
    seen, printed = asyncio.Event(), asyncio.Event()
    save = desk.log.save_notification

    async def saved(notification: Notification) -> None:
        await save(notification)
        if notification.key == ESCALATED.notification_key:
            printed.set()

    monkeypatch.setattr(desk.log, "save_notification", saved)

    async def look(count: int) -> None:
        seen.set()
        await asyncio.Event().wait()

    desk.time.on_sleep = look
    first = asyncio.create_task(delivery.deliver(FIRED))
    await seen.wait()
    second = asyncio.create_task(delivery.deliver(ESCALATED))
    await printed.wait()
    first.cancel()
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert "预警升级" in desk.screen.getvalue()
    receivers = {n.receiver for n in await desk.log.notifications(FIRED.id)}
    assert receivers == {"pr", "pr/fallback"}


async def test_an_edit_of_a_deleted_message_does_no_harm(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    desk.slack.messages().clear()
    await delivery.deliver(UPDATED)
    assert "can't be edited" in caplog.text


async def test_an_escalation_of_a_deleted_message_is_a_new_one(desk: Desk) -> None:
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    desk.slack.messages().clear()
    [sent] = await delivery.deliver(ESCALATED)
    [message] = desk.slack.messages()
    assert "thread_ts" not in message
    assert (sent.page, sent.ts) == (False, message["ts"])


async def test_a_layout_that_slack_refuses_is_sent_as_text(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(error="invalid_blocks"))
    await desk.delivery().deliver(FIRED)
    [message] = desk.slack.messages()
    assert "blocks" not in message
    assert "青山茶饮" in message["text"]
    assert "metadata" in message


async def test_a_failed_edit_does_not_repeat_the_reply(desk: Desk) -> None:
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    desk.slack.fail(EDIT, Fault(error="is_archived"), Fault(status=500))
    await delivery.deliver(ESCALATED)
    assert len(desk.slack.messages()) == 2
    assert desk.slack.messages()[0]["edits"] == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [("<html>hello</html>", "text/html"), ("hello", "text/plain"), ("{", "application/json")],
)
async def test_an_address_that_is_not_slack_is_named(
    desk: Desk, body: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.slack.fail(POST, Fault(body=body, content_type=kind))
    await desk.delivery().deliver(FIRED)
    assert "slack.url" in caplog.text
    assert len(desk.slack.messages()) == 1


@pytest.mark.parametrize("token", [TOKEN, "xoxb-wrong", "xoxb-line\nbreak", "xoxb-中文"])
async def test_the_token_is_never_said(desk: Desk, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.token = token
    desk.slack.fail(POST, Fault(status=500), Fault(error="is_archived"))

    async def enough(count: int) -> None:
        if count == 4:
            raise asyncio.CancelledError

    desk.time.on_sleep = enough
    await asyncio.gather(desk.delivery().deliver(FIRED), return_exceptions=True)
    said = caplog.text + desk.screen.getvalue() + str(desk.log.rows)
    for part in token.split("\n"):
        assert part not in said
    assert all(isinstance(n, Notification) for n in await desk.log.notifications(FIRED.id))
