"""The laws that hold at every kind of receiver: once, in order, never lost, none in the way of another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from config.records import Incident, Notification, NotificationState, Transition
from tests.alerting.office import KINDS, ROBOTS, Office, office
from tests.alerting.sample_incident import ESCALATED, FIRED, LIFE, RECOVERING, RESOLVED, after
from tests.alerting.slack_server import Fault as SlackFault
from tests.alerting.webhook_servers import TOKEN, Fault

UPDATED = after(FIRED, Transition.UPDATED)


@pytest.fixture(params=KINDS)
async def any_office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(request.param) as opened:
        yield opened


@pytest.fixture(params=[*ROBOTS, "email"])
async def unedited(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(request.param) as opened:
        yield opened


async def test_the_life_of_an_incident_has_one_page(any_office: Office) -> None:
    delivery = any_office.delivery()
    sent = [n for incident in LIFE for n in await delivery.deliver(incident)]
    assert [n.transition for n in sent if n.page] == [Transition.FIRED]
    assert any("再次升温" in text for text in any_office.messages())


async def test_a_replay_from_the_start_changes_nothing(any_office: Office) -> None:
    for incident in LIFE:
        await any_office.delivery().deliver(incident)
    before = any_office.messages()
    for incident in LIFE:
        assert await any_office.delivery().deliver(incident) == []
    assert any_office.messages() == before


async def test_only_news_is_said_where_nothing_can_be_edited(unedited: Office) -> None:
    delivery = unedited.delivery()
    for incident in (FIRED, UPDATED, ESCALATED, RECOVERING, RESOLVED):
        await delivery.deliver(incident)
    said = ["负面声量突增", "预警升级", "已平息"]
    assert len(unedited.messages()) == len(said)
    assert all(news in text for news, text in zip(said, unedited.messages(), strict=True))
    assert {n.key for n in await unedited.log.notifications(FIRED.id)} == {
        i.notification_key for i in (FIRED, ESCALATED, RESOLVED)
    }  # nothing is claimed that is not said


async def test_a_lower_level_is_news(unedited: Office) -> None:
    delivery = unedited.delivery()
    await delivery.deliver(FIRED)
    await delivery.deliver(after(FIRED, Transition.DOWNGRADED))
    assert "预警降级" in unedited.messages()[1]


async def test_what_is_muted_is_not_said_and_what_is_handed_on_is(unedited: Office) -> None:
    delivery = unedited.delivery()
    await delivery.deliver(FIRED)
    quiet = after(FIRED, Transition.DOWNGRADED, muted="silence s1")
    await delivery.deliver(quiet)
    assert len(unedited.messages()) == 1
    await delivery.deliver(after(quiet, Transition.HANDED_ON, muted=None, called=1))
    assert len(unedited.messages()) == 2


async def test_a_crash_between_send_and_log_repeats_nothing_in_silence(any_office: Office) -> None:
    any_office.log.fail_on = NotificationState.SENT
    with pytest.raises(ConnectionError, match="the log is down"):
        await any_office.delivery().deliver(FIRED)
    any_office.log.fail_on = None
    await any_office.delivery().deliver(FIRED)
    await any_office.delivery().deliver(FIRED)
    messages = any_office.messages()
    if any_office.kind in ("slack", "webhook"):  # asked, and kept once by its id
        assert len(messages) == 1
    else:
        first, second = messages
        assert "可能重复" not in first
        assert "可能重复" in second
    if any_office.kind == "email":
        one, two = (sent.mail["Message-ID"] for sent in any_office.smtp.delivered)
        assert one == two  # the same mail: a mail server keeps it once


async def test_transitions_arrive_in_the_order_of_the_calls(any_office: Office) -> None:
    trouble(any_office)
    delivery = any_office.delivery()
    await asyncio.gather(*(delivery.deliver(i) for i in (FIRED, ESCALATED, RESOLVED)))
    states = ["负面声量突增", "预警升级", "已平息"]
    messages = any_office.messages()
    if any_office.kind == "slack":
        assert "预警升级" in messages[1]
        assert "已平息" in messages[2]
    else:
        assert [next(s for s in states if s in text) for text in messages] == states


def trouble(office: Office) -> None:
    office.http.fail(Fault(status=503), Fault(status=502, body="<html>bad gateway</html>"))
    office.smtp.fail("MAIL", "451 try again", "421 shutting down")


async def test_trouble_is_waited_out(any_office: Office) -> None:
    trouble(any_office)
    await any_office.delivery().deliver(FIRED)
    assert len(any_office.messages()) == 1
    assert all(seconds <= 60 for seconds in any_office.time.sleeps)


@pytest.mark.parametrize("kind", [*ROBOTS, "webhook"])
async def test_a_page_without_an_answer_says_that_it_may_be_a_repeat(kind: str) -> None:
    async with office(kind) as one:
        one.http.fail(Fault(drop=True, done=True))
        await one.delivery().deliver(FIRED)
        if kind == "webhook":
            assert len(one.messages()) == 1
            assert len({head["webhook-id"] for head in one.http.heads}) == 1
        else:
            first, second = one.messages()
            assert ("可能重复" in first, "可能重复" in second) == (False, True)


async def test_one_receiver_down_holds_up_no_other(
    any_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_office.others = [{"type": "terminal", "name": "console"}]
    any_office.routed = ["pr", "console"]
    down(any_office)
    held, printed = asyncio.Event(), asyncio.Event()
    save = any_office.log.save_notification

    async def saved(notification: Notification) -> None:
        await save(notification)
        if (notification.receiver, notification.state) == ("console", NotificationState.SENT):
            printed.set()

    monkeypatch.setattr(any_office.log, "save_notification", saved)

    async def look(count: int) -> None:
        held.set()
        await asyncio.Event().wait()

    any_office.time.on_sleep = look
    task = asyncio.create_task(any_office.delivery().deliver(FIRED))
    await held.wait()
    await printed.wait()
    assert "负面声量突增" in any_office.screen.getvalue()
    assert any_office.messages() == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def down(office: Office) -> None:
    office.http.fail(*[Fault(status=503)] * 50)
    office.smtp.fail("MAIL", *["451 later"] * 50)
    office.slack.faults["chat.postMessage"].extend([SlackFault(status=503)] * 50)


async def test_a_receiver_that_fails_for_long_is_replaced_by_its_fallback(
    any_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    any_office.more = {"fallback": "console"}
    any_office.others = [{"type": "terminal", "name": "console"}]
    down(any_office)

    async def heal(count: int) -> None:
        if any_office.time.sleeps[-1] == 60.0 and "goes to console in place of pr" in caplog.text:
            any_office.http.faults.clear()
            any_office.smtp.answers.clear()
            any_office.slack.faults.clear()

    any_office.time.on_sleep = heal
    delivery = any_office.delivery()
    await delivery.deliver(FIRED)
    rows = {n.receiver: n.state for n in await any_office.log.notifications(FIRED.id)}
    assert rows == {"pr": NotificationState.SENT, "console": NotificationState.SENT}
    assert any_office.screen.getvalue().count("负面声量突增") == 1
    assert len(any_office.messages()) == 1
    await delivery.deliver(RESOLVED)  # whoever was told of the start is told of the end
    assert "已平息" in any_office.screen.getvalue()


@pytest.mark.parametrize("any_office", KINDS[1:], indirect=True)  # Slack's refusals a person can mend
async def test_what_no_retry_heals_is_a_dead_letter_with_reason_and_origin(any_office: Office) -> None:
    if any_office.kind == "webhook":
        any_office.http.fail(Fault(status=413))
    else:  # in its full form and as plain text
        any_office.http.fail(*[Fault(body=UNFIT.get(any_office.kind))] * 2)
    any_office.smtp.fail("END", "554 5.6.0 we don't like it")
    assert await any_office.delivery().deliver(FIRED) == []
    [letter] = any_office.log.dead
    assert (letter.code, letter.stage, letter.topic) == ("undeliverable", "notify", "incidents")
    assert letter.key == f"pr@{FIRED.notification_key}"
    assert letter.reason.startswith("pr: ")
    assert "fix:" in letter.reason
    assert TOKEN not in letter.reason
    states = {n.receiver: n.state for n in await any_office.log.notifications(FIRED.id)}
    assert states == {"pr": NotificationState.DEAD, "pr/fallback": NotificationState.SENT}
    assert "负面声量突增" in any_office.screen.getvalue()
    assert await any_office.delivery().deliver(FIRED) == []  # never tried again
    assert len(any_office.log.dead) == 1
    [sent] = await any_office.delivery().deliver(ESCALATED)  # the next news opens the conversation
    assert sent.page


UNFIT = {
    "feishu": {"code": 9499, "msg": "Bad Request", "data": {}},
    "dingtalk": {"errcode": 460101, "errmsg": "message too long"},
    "wecom": {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"},
}  # fmt: skip


async def test_refused_for_a_day_it_is_given_up(any_office: Office) -> None:
    any_office.webhook = "http://127.0.0.1:1/nothing" if any_office.kind != "slack" else None
    any_office.password = "wrong"
    any_office.slack.channels.clear()
    assert await any_office.delivery(give_up=120.0).deliver(FIRED) == []
    [letter] = any_office.log.dead
    assert letter.key == f"pr@{FIRED.notification_key}"
    assert (await any_office.log.notifications(FIRED.id))[0].state is NotificationState.DEAD


@pytest.mark.parametrize("kind", [*ROBOTS, "email"])
async def test_too_many_at_once_become_one_digest_and_none_is_dropped(kind: str) -> None:
    async with office(kind) as one:
        one.more = {"per_minute": 2}
        one.http.per_minute = 2
        delivery = one.delivery()
        incidents = [again(n) for n in range(8)]
        sent = await asyncio.gather(*(delivery.deliver(incident) for incident in incidents))
        messages = one.messages()
        assert len(messages) == 2  # room for two: one alone, all the others as one, at once
        assert "合并通知：7 个事件" in messages[1]
        assert one.time.sleeps == []
        assert [len(each) for each in sent] == [1] * 8
        more = [again(n) for n in (8, 9, 10)]
        await asyncio.gather(*(delivery.deliver(incident) for incident in more))
        assert "合并通知：3 个事件" in one.messages()[2]  # no room at all: they wait for the minute's end
        assert one.time.sleeps == [60.0]
        assert all(sum(f"品牌{n}：" in text for text in one.messages()) == 1 for n in range(11))
        assert all([await delivery.deliver(incident) == [] for incident in [*incidents, *more]])


def again(n: int) -> Incident:
    return after(FIRED, Transition.FIRED, id=f"brand-{n}", watch_name=f"品牌{n}", sequence=1)


async def test_no_secret_is_ever_said(any_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    any_office.secret, any_office.password = "wrong-secret-9z", "wrong-pass-9z"
    any_office.http.fail(Fault(status=500), Fault(drop=True), Fault(body="<html>"), Fault(status=302))

    async def enough(count: int) -> None:
        if count == 6:
            raise asyncio.CancelledError

    any_office.time.on_sleep = enough
    delivery = any_office.delivery()
    await asyncio.gather(delivery.deliver(FIRED), return_exceptions=True)
    said = caplog.text + any_office.screen.getvalue() + str(any_office.log.rows) + repr(any_office.log.dead)
    said += repr(delivery._senders["pr"])
    for secret in (TOKEN, "wrong-secret-9z", "wrong-pass-9z"):
        assert secret not in said


async def test_an_owner_is_called_by_the_platforms_own_mention(any_office: Office) -> None:
    await any_office.delivery().deliver(FIRED)
    body = any_office.messages()[0]
    match any_office.kind:
        case "feishu":
            assert "<at id=ou_lead></at>" in body
        case "dingtalk":
            assert any_office.http.taken[0]["at"] == {
                "atMobiles": ["13800000000"], "atUserIds": [], "isAtAll": False,
            }  # fmt: skip
            assert "@13800000000" in any_office.http.taken[0]["markdown"]["text"]
        case "wecom":
            assert "<@lead>" in body
        case "email":
            assert any_office.smtp.delivered[0].recipients == ("pr@example.cn", "lead@example.cn")
        case "webhook":
            assert any_office.http.taken[0]["data"]["calls"] == ["@lead"]


async def test_the_end_calls_nobody(unedited: Office) -> None:
    delivery = unedited.delivery()
    await delivery.deliver(FIRED)
    await delivery.deliver(after(FIRED, Transition.RESOLVED, resolved_at=FIRED.updated_at))
    last = unedited.messages()[-1]
    assert all(called not in last for called in ("<at ", '"13800000000"', "<@lead>"))
    if unedited.kind == "email":
        assert unedited.smtp.delivered[-1].recipients == ("pr@example.cn",)
