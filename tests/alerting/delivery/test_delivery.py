"""Each transition once to each receiver: one thread an incident, replays, crashes, order."""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from alerting.delivery import Delivery
from alerting.senders.slack_lookup import EVENT
from config.records import NotificationState, Transition
from config.routes import Routes
from tests.alerting.delivery.conftest import Desk
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE, RECOVERING, RESOLVED, after
from tests.alerting.slack_server import TOKEN, Fault

UPDATED = after(FIRED, Transition.UPDATED)
POST, EDIT = "chat.postMessage", "chat.update"


async def test_the_life_of_an_incident_is_one_thread(desk: Desk) -> None:
    delivery = desk.delivery()
    sent = [n for incident in LIFE for n in await delivery.deliver(incident)]
    assert [(n.transition, n.page) for n in sent] == [
        (Transition.FIRED, True), (Transition.ESCALATED, False), (Transition.RECOVERING, False),
        (Transition.RESOLVED, False), (Transition.REOPENED, False),
    ]  # fmt: skip
    first, *replies = desk.slack.messages()
    assert [m["thread_ts"] for m in replies] == [first["ts"]] * 3
    assert first["edits"] == 4
    assert "再次升温" in first["blocks"][0]["text"]["text"]
    assert first["metadata"]["event_type"] == EVENT
    assert first["metadata"]["event_payload"]["key"] == FIRED.notification_key


async def test_an_escalation_mentions_the_owner_and_a_reopening_nobody(desk: Desk) -> None:
    delivery = desk.delivery()
    for incident in LIFE:
        await delivery.deliver(incident)
    first, escalated, resolved, reopened = desk.slack.messages()
    assert "<@U0LEAD>" in str(desk.slack.calls(POST)[0].body)
    assert "<@U0LEAD>" in escalated["blocks"][1]["text"]["text"]
    assert escalated["text"].startswith("<@U0LEAD> ")
    for quiet in (first, resolved, reopened):  # the first one by now edited
        assert "<@" not in str(quiet)


async def test_a_route_overrides_the_owner(desk: Desk) -> None:
    desk.routes = Routes.model_validate(
        {
            "receivers": [{"type": "slack", "name": "pr", "channel": "C0CRISIS"}],
            "routes": [{"receivers": ["pr"], "owner": "U0HEAD789"}],
        }
    )
    await desk.delivery().deliver(FIRED)
    assert "<@U0HEAD789>" in desk.slack.messages()[0]["text"]


async def test_a_replayed_incident_pages_once(desk: Desk) -> None:
    delivery = desk.delivery()
    assert len(await delivery.deliver(FIRED)) == 1
    assert await delivery.deliver(FIRED) == []
    assert await desk.delivery().deliver(FIRED) == []
    assert len(desk.slack.calls(POST)) == 1


async def test_a_replay_from_the_start_changes_nothing(desk: Desk) -> None:
    for incident in LIFE:
        await desk.delivery().deliver(incident)
    before, requests = [dict(m) for m in desk.slack.messages()], len(desk.slack.requests)
    for incident in LIFE:
        assert await desk.delivery().deliver(incident) == []
    assert desk.slack.messages() == before
    assert len(desk.slack.requests) == requests


async def test_killed_between_send_and_log_asks_slack_and_does_not_send_again(desk: Desk) -> None:
    desk.log.fail_on = NotificationState.SENT
    with pytest.raises(ConnectionError, match="the log is down"):
        await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1
    desk.log.fail_on = None
    [sent] = await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1
    assert sent.ts == desk.slack.messages()[0]["ts"]
    assert sent.channel == "C0CRISIS"
    assert desk.slack.calls("conversations.history")[0].body["include_all_metadata"] == "1"


async def test_cancelled_in_the_middle_of_a_send_asks_slack(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(hang=True, done=True))
    task = asyncio.create_task(desk.delivery().deliver(FIRED))
    await desk.slack.seen[POST].wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 1


async def test_killed_before_the_send_sends_after_asking(desk: Desk) -> None:
    desk.slack.fail(POST, Fault(hang=True))
    task = asyncio.create_task(desk.delivery().deliver(FIRED))
    await desk.slack.seen[POST].wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.calls("conversations.history")) == 1
    assert len(desk.slack.messages()) == 1


async def test_a_reply_that_was_sent_before_a_crash_is_found_in_its_thread(desk: Desk) -> None:
    await desk.delivery().deliver(FIRED)
    for n in range(40):  # more than one page of other people's answers
        desk.slack.messages().append(
            {"ts": f"{desk.time.now:.0f}.9{n:05d}", "edits": 0, "text": "?",
             "thread_ts": desk.slack.messages()[0]["ts"]}
        )  # fmt: skip
    desk.log.fail_on = NotificationState.SENT
    with pytest.raises(ConnectionError):
        await desk.delivery().deliver(ESCALATED)
    desk.log.fail_on = None
    count = len(desk.slack.messages())
    await desk.delivery().deliver(ESCALATED)
    assert len(desk.slack.messages()) == count
    assert len(desk.slack.calls("conversations.replies")) > 2


async def test_where_asking_is_not_permitted_it_says_so_and_sends_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.slack.scopes = "chat:write"
    desk.log.fail_on = NotificationState.SENT
    with pytest.raises(ConnectionError):
        await desk.delivery().deliver(FIRED)
    desk.log.fail_on = None
    await desk.delivery().deliver(FIRED)
    assert len(desk.slack.messages()) == 2
    assert "missing_scope" in caplog.text
    assert "channels:history" in caplog.text


async def test_an_edit_is_in_place(desk: Desk) -> None:
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    [sent] = await delivery.deliver(UPDATED)
    [message] = desk.slack.messages()
    assert message["edits"] == 1
    assert "仍在持续" in message["blocks"][0]["text"]["text"]
    assert (sent.ts, sent.page) == (message["ts"], False)
    assert "metadata" in message


async def test_the_newest_of_many_edits_wins(desk: Desk) -> None:
    delivery = desk.delivery()
    await delivery.deliver(FIRED)
    edits = [UPDATED]
    for _ in range(9):
        edits.append(after(edits[-1], Transition.UPDATED))
    await asyncio.gather(*(delivery.deliver(edit) for edit in edits))
    [message] = desk.slack.messages()
    assert message["edits"] == 1
    assert "17:11:00" in str(message["blocks"][-1])


async def test_transitions_arrive_in_the_order_of_the_calls(desk: Desk) -> None:
    delivery = desk.delivery()
    desk.slack.fail(POST, Fault(status=503), Fault(status=503))
    await asyncio.gather(*(delivery.deliver(i) for i in (FIRED, ESCALATED, RECOVERING, RESOLVED)))
    first, *replies = desk.slack.messages()
    assert [m["metadata"]["event_payload"]["key"] for m in replies] == [
        ESCALATED.notification_key, RESOLVED.notification_key,
    ]  # fmt: skip
    assert first["edits"] == 1
    assert "已平息" in first["blocks"][0]["text"]["text"]


async def test_two_receivers_one_dead(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.routes = Routes.model_validate(
        {
            "receivers": [
                {"type": "slack", "name": "dead", "channel": "#nowhere"},
                {"type": "slack", "name": "alive", "channel": "#crisis"},
                {"type": "terminal", "name": "console"},
            ],
            "routes": [{"receivers": ["dead", "alive", "console"]}],
        }
    )

    async def look(count: int) -> None:
        if desk.time.sleeps[-1] == 60.0 and len(desk.slack.messages()) == 1:
            raised.set()
            await asyncio.Event().wait()  # the dead one sleeps on

    raised = asyncio.Event()
    desk.time.on_sleep = look
    task = asyncio.create_task(desk.delivery().deliver(FIRED))
    await raised.wait()
    assert desk.screen.getvalue().count("负面声量突增") == 2  # console and the fallback
    assert "channel_not_found" in caplog.text
    assert "routes.yaml" in caplog.text
    states = {n.receiver: n.state for n in await desk.log.notifications(FIRED.id)}
    assert states == {
        "dead": NotificationState.SENDING, "alive": NotificationState.SENT,
        "console": NotificationState.SENT, "dead/fallback": NotificationState.SENT,
    }  # fmt: skip
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_no_token_prints_and_stores(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.token = None
    delivery = desk.delivery()
    assert "FENGSHENG_SLACK__TOKEN" in caplog.text
    sent = [n for incident in LIFE for n in await delivery.deliver(incident)]
    assert [n.page for n in sent] == [True, False, False, False, False]
    assert (sent[0].text or "?") in desk.screen.getvalue()
    assert "异物" in (sent[0].text or "")
    assert await delivery.deliver(FIRED) == []
    assert desk.slack.requests == []


async def test_no_matching_route_is_said(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.routes = Routes.model_validate(
        {
            "receivers": [{"type": "terminal", "name": "console"}],
            "routes": [{"receivers": ["console"], "levels": ["I"]}],
        }
    )
    assert await desk.delivery().deliver(FIRED) == []
    assert "no route matches" in caplog.text


async def test_a_receiver_without_sender_is_an_error_at_start(desk: Desk) -> None:
    with pytest.raises(ValueError, match="receivers without a sender: pr"):
        Delivery(desk.routes, {}, desk.log, desk.time)


async def test_a_bug_in_a_sender_loses_no_page(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    delivery = desk.delivery()
    broken = msgspec.structs.replace(FIRED, evidence=None)
    desk.time.on_sleep = _cancel_at_the_third
    with pytest.raises(asyncio.CancelledError), caplog.at_level(logging.ERROR):
        await delivery.deliver(broken)
    assert "sender pr failed" in caplog.text
    assert "can't print qingshan-tea-20251009T090000:1:fired: watch qingshan-tea, level II" in caplog.text
    assert desk.time.sleeps == [60.0, 60.0, 60.0]


async def _cancel_at_the_third(count: int) -> None:
    if count == 3:
        raise asyncio.CancelledError


async def test_what_was_printed_for_want_of_a_token_is_no_thread_in_slack(desk: Desk) -> None:
    desk.token = None
    await desk.delivery().deliver(FIRED)
    desk.token = TOKEN
    delivery = desk.delivery()
    assert await delivery.deliver(FIRED) == []  # a replay: it has been told
    assert await delivery.deliver(UPDATED) == []
    assert desk.slack.calls(POST) == []
    [sent] = await delivery.deliver(ESCALATED)
    [message] = desk.slack.messages()
    assert "thread_ts" not in message
    assert (sent.page, sent.channel, sent.ts) == (True, "C0CRISIS", message["ts"])
    await delivery.deliver(RESOLVED)
    assert desk.slack.messages()[1]["thread_ts"] == message["ts"]
    assert {call.body["channel"] for call in desk.slack.calls(EDIT)} == {"C0CRISIS"}


async def test_without_a_token_the_terminal_goes_on_with_what_it_printed(desk: Desk) -> None:
    desk.token = None
    delivery = desk.delivery()
    sent = [n for incident in (FIRED, UPDATED, RESOLVED) for n in await delivery.deliver(incident)]
    assert [n.page for n in sent] == [True, False, False]
