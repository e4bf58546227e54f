"""Fallbacks: who is told while a receiver fails, once each, in a chain, and what is left when all fail."""

from __future__ import annotations

import asyncio

import pytest

from config.records import NotificationState
from tests.alerting.office import Office, office
from tests.alerting.sample_incident import ESCALATED, FIRED
from tests.alerting.webhook_servers import Fault

UNFIT = Fault(body={"code": 9499, "msg": "Bad Request", "data": {}})
SENT, DEAD = NotificationState.SENT, NotificationState.DEAD


def mail(one: Office, name: str = "mail") -> dict[str, object]:
    return {"type": "email", "name": name, "host": "localhost", "port": one.smtp.port, "security": "none",
            "from": "fengsheng@example.cn", "to": ["pr@example.cn"]}  # fmt: skip


async def states(one: Office) -> dict[str, NotificationState]:
    return {
        n.receiver: n.state for n in await one.log.notifications(FIRED.id) if n.key == FIRED.notification_key
    }


async def test_the_fallback_is_told_before_the_call_returns() -> None:
    async with office("feishu") as one:
        one.more, one.others = {"fallback": "mail"}, [mail(one)]
        one.http.fail(UNFIT, UNFIT)
        await one.delivery().deliver(FIRED)
        assert await states(one) == {"pr": DEAD, "mail": SENT}
        assert len(one.smtp.delivered) == 1
        assert one.screen.getvalue() == ""  # somebody else is told: nothing to print
        await one.delivery().deliver(FIRED)
        assert len(one.smtp.delivered) == 1


async def test_a_fallback_that_is_routed_too_is_told_once() -> None:
    async with office("feishu") as one:
        one.more, one.others, one.routed = {"fallback": "mail"}, [mail(one)], ["pr", "mail"]
        one.http.fail(UNFIT, UNFIT)
        await one.delivery().deliver(FIRED)
        assert await states(one) == {"pr": DEAD, "mail": SENT}
        assert len(one.smtp.delivered) == 1


async def test_a_chain_of_fallbacks_ends_at_the_terminal() -> None:
    async with office("feishu") as one:
        one.more = {"fallback": "second"}
        one.others = [mail(one, "second") | {"fallback": "third"}, mail(one, "third")]
        one.http.fail(UNFIT, UNFIT)
        one.smtp.fail("END", "554 no", "554 no")
        await one.delivery().deliver(FIRED)
        assert await states(one) == {"pr": DEAD, "second": DEAD, "third": DEAD, "third/fallback": SENT}
        assert one.screen.getvalue().count("负面声量突增") == 1
        assert sorted(letter.key or "" for letter in one.log.dead) == [
            f"{name}@{FIRED.notification_key}" for name in ("pr", "second", "third")
        ]


async def test_news_that_waits_behind_a_refusal_goes_to_the_fallback_in_order() -> None:
    async with office("feishu") as one:
        one.more, one.others, one.secret = {"fallback": "mail"}, [mail(one)], "wrong"
        done = asyncio.Event()

        async def both_told(count: int) -> None:
            if len(one.smtp.delivered) < 2 and count < 1000:
                return
            done.set()
            await asyncio.Event().wait()

        one.time.on_sleep = both_told
        delivery = one.delivery(give_up=float("inf"))
        tasks = [asyncio.create_task(delivery.deliver(incident)) for incident in (FIRED, ESCALATED)]
        await done.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        first, second = (sent.mail for sent in one.smtp.delivered)
        assert second["In-Reply-To"] == first["Message-ID"]
        assert one.messages() == []


async def test_a_call_that_is_cancelled_takes_its_fallback_along_and_can_be_repeated() -> None:
    async with office("feishu") as one:
        one.more, one.others, one.secret = {"fallback": "mail"}, [mail(one)], "wrong"
        one.smtp.fail("MAIL", "451 later")
        waiting = asyncio.Event()

        async def hold(count: int) -> None:
            waiting.set()
            await asyncio.Event().wait()

        one.time.on_sleep = hold
        task = asyncio.create_task(one.delivery().deliver(FIRED))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        one.time.on_sleep, one.secret = None, "SECret-of-the-test"
        await one.delivery().deliver(FIRED)
        assert (await states(one))["pr"] is SENT
        assert len(one.messages()) == 1
