"""Feishu, DingTalk and WeCom: every answer they give, and what is done about it."""

from __future__ import annotations

import json

import pytest

from config.records import Notification, NotificationState
from tests.alerting.office import ROBOTS, Office, office
from tests.alerting.sample_incident import FIRED
from tests.alerting.webhook_servers import TOKEN, Fault

MALFORMED = {
    "feishu": {"code": 9499, "msg": "Bad Request", "data": {}},
    "dingtalk": {"errcode": 400105, "errmsg": "unsupported msgtype"},
    "wecom": {"errcode": 40008, "errmsg": "invalid message type"},
}


def limited(kind: str) -> Fault:
    return {
        "feishu": Fault(status=400, body={"code": 9499, "msg": "too many request", "data": {}}),
        "dingtalk": Fault(body={"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}),
        "wecom": Fault(body={"errcode": 45009, "errmsg": "api freq out of limit"}),
    }[kind]


@pytest.mark.parametrize("kind", ROBOTS)
async def test_a_rate_limit_is_waited_out(kind: str) -> None:
    async with office(kind) as one:
        one.http.fail(limited(kind))
        [sent] = await one.delivery().deliver(FIRED)
        assert sent.state is NotificationState.SENT
        [message] = one.messages()
        assert "可能重复" not in message  # what is limited was not posted
        assert one.time.sleeps[0] == (60.0 if kind != "feishu" else pytest.approx(0.75, abs=0.25))


@pytest.mark.parametrize("kind", ROBOTS)
async def test_http_429_says_how_long(kind: str) -> None:
    async with office(kind) as one:
        body = {"code": 11232, "msg": "frequency limited"} if kind == "feishu" else None
        one.http.fail(Fault(status=429, body=body, headers={"Retry-After": "7"}))
        await one.delivery().deliver(FIRED)
        assert one.time.sleeps == [7.0]


REFUSALS = [
    ("feishu", "token", "19001", "FENGSHENG_RECEIVERS__PR__WEBHOOK"),
    ("feishu", "secret", "19021", "FENGSHENG_RECEIVERS__PR__SECRET"),
    ("feishu", "clock", "19021", "clock"),
    ("feishu", "keyword", "19024", "级"),
    ("feishu", {"code": 19022, "msg": "Ip Not Allowed"}, "19022", "whitelist"),
    ("feishu", {"code": 4242, "msg": "?"}, "4242", "open.feishu.cn"),
    ("dingtalk", "token", "300001", "FENGSHENG_RECEIVERS__PR__WEBHOOK"),
    ("dingtalk", "secret", "310000", "FENGSHENG_RECEIVERS__PR__SECRET"),
    ("dingtalk", "clock", "310000", "clock"),
    ("dingtalk", "keyword", "310000", "级"),
    ("dingtalk", {"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"}, "310000", "IP whitelist"),
    ("dingtalk", {"errcode": 4242, "errmsg": "?"}, "4242", "open.dingtalk.com"),
    ("wecom", "token", "93000", "FENGSHENG_RECEIVERS__PR__WEBHOOK"),
    ("wecom", {"errcode": 93008, "errmsg": "not in chat"}, "93008", "add the robot to the group"),
    ("wecom", {"errcode": 4242, "errmsg": "?"}, "4242", "open.work.weixin.qq.com"),
    ("wecom", "<html>login</html>", "HTTP 200 without an error code", "FENGSHENG_RECEIVERS__PR__WEBHOOK"),
]


@pytest.mark.parametrize(("kind", "wrong", "code", "fix"), REFUSALS)
async def test_a_refusal_names_its_code_and_the_fix_and_is_tried_again(
    kind: str, wrong: str | dict[str, object], code: str, fix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(kind) as one:
        break_it(one, wrong)

        async def mended(count: int) -> None:
            one.http.secret, one.http.keywords = "SECret-of-the-test", ()
            one.http.clock = one.time

        one.time.on_sleep = mended
        if wrong == "token":
            one.webhook = one.http.url(kind, "another-token-9z")
            await one.delivery(give_up=0).deliver(FIRED)
            assert one.log.dead
        else:
            await one.delivery().deliver(FIRED)
            assert len(one.messages()) == 1
            assert one.time.sleeps == [60.0]
        assert code in caplog.text
        assert fix in caplog.text
        assert "another-token-9z" not in caplog.text
        assert TOKEN not in caplog.text
        assert "负面声量突增" in one.screen.getvalue()


def break_it(one: Office, wrong: str | dict[str, object]) -> None:
    match wrong:
        case "secret":
            one.http.secret = "another"
        case "clock":
            one.http.clock = lambda: one.time.now + 4000
        case "keyword":
            one.http.keywords = ("监控",)
        case "token":
            pass
        case _:
            one.http.fail(Fault(body=wrong))


@pytest.mark.parametrize("kind", ROBOTS)
async def test_a_layout_that_is_refused_is_sent_as_text(kind: str) -> None:
    async with office(kind) as one:
        one.http.fail(Fault(body=MALFORMED[kind]))
        await one.delivery().deliver(FIRED)
        [body] = one.http.taken
        assert body.get("msgtype", body.get("msg_type")) == "text"
        assert "青山茶饮" in json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize("kind", [*ROBOTS, "webhook"])
async def test_nobody_there_is_temporary_and_no_address_is_a_refusal(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(kind) as one:
        port, delivery = one.http.port, one.delivery()
        await one.http.stop()

        async def up_again(count: int) -> None:
            if count == 3:
                await one.http.start()

        one.time.on_sleep = up_again
        await delivery.deliver(FIRED)
        assert one.http.port == port
        assert len(one.messages()) == 1
        assert "no connection to 127.0.0.1" in caplog.text
        assert "可能重复" not in one.messages()[0]
    async with office(kind) as one:
        one.webhook = "token-without-an-address"
        await one.delivery(give_up=0).deliver(FIRED)
        assert "not an address" in one.log.dead[0].reason
        assert "token-without-an-address" not in caplog.text + one.log.dead[0].reason


async def test_a_slow_answer_is_marked_as_a_possible_repeat() -> None:
    async with office("dingtalk") as one:
        one.timeout = 0.3
        one.http.fail(Fault(hang=True, done=True))
        await one.delivery().deliver(FIRED)
        assert ["可能重复" in text for text in one.messages()] == [False, True]


@pytest.mark.parametrize("kind", ROBOTS)
async def test_without_its_address_a_receiver_prints(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async with office(kind) as one:
        one.webhook = " "
        [sent] = await one.delivery().deliver(FIRED)
        assert isinstance(sent, Notification)
        assert "no FENGSHENG_RECEIVERS__PR__WEBHOOK in the environment" in caplog.text
        assert "负面声量突增" in one.screen.getvalue()


@pytest.mark.parametrize("kind", ["feishu", "dingtalk"])
async def test_without_a_signing_secret_a_robot_sends_unsigned(kind: str) -> None:
    async with office(kind) as one:
        one.http.secret, one.secret = None, ""
        await one.delivery().deliver(FIRED)
        assert len(one.messages()) == 1
        assert "sign" not in one.http.calls[0]


@pytest.mark.parametrize("kind", ROBOTS)
async def test_what_may_be_there_says_so_as_plain_text_too(kind: str) -> None:
    async with office(kind) as one:
        one.http.fail(Fault(body="<html>proxy</html>", done=True), Fault(body=MALFORMED[kind]))
        await one.delivery().deliver(FIRED)
        assert one.http.taken[-1].get("msgtype", one.http.taken[-1].get("msg_type")) == "text"
        assert ["可能重复" in text for text in one.messages()] == [False, True]
