"""Any mix of faults, lost logs and restarts: each transition is said once, or again with a word that it is again."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.records import NotificationState
from tests.alerting.office import Office, office
from tests.alerting.sample_incident import ESCALATED, FIRED, REOPENED, RESOLVED
from tests.alerting.webhook_servers import Fault

STATES = {"负面声量突增": FIRED, "预警升级": ESCALATED, "已平息": RESOLVED, "再次升温": REOPENED}
HTTP = {
    "refused": Fault(status=503),
    "lost": Fault(status=500, done=True),
    "cut": Fault(drop=True, done=True),
    "cut early": Fault(drop=True),
    "limited": Fault(status=429, headers={"Retry-After": "3"}),
}
SMTP = {"refused": ("MAIL", "451 later"), "lost": ("END", "taken-drop"), "cut": ("END", "taken-drop"),
        "cut early": ("DATA", "drop"), "limited": ("RCPT", "450 slow down")}  # fmt: skip
troubles = st.lists(st.sampled_from(["log lost", "restart", *HTTP]), max_size=6)


@pytest.mark.parametrize("kind", ["feishu", "dingtalk", "wecom", "email", "webhook"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(troubles, min_size=4, max_size=4))
def test_said_once_or_said_to_be_said_again(kind: str, each: list[list[str]]) -> None:
    async def run() -> None:
        async with office(kind) as one:
            for incident, trouble in zip(STATES.values(), each, strict=True):
                for what in trouble:
                    if what == "log lost":
                        one.log.fail_on = NotificationState.SENT
                        await asyncio.gather(one.delivery().deliver(incident), return_exceptions=True)
                        one.log.fail_on = None
                    elif what == "restart":
                        await one.delivery().deliver(incident)
                    else:
                        one.http.fail(HTTP[what])
                        one.smtp.fail(*SMTP[what])
                await one.delivery().deliver(incident)
                one.http.faults.clear()
                one.smtp.answers.clear()
            judge(one)
            rows = await one.log.notifications(FIRED.id)
            assert {n.key for n in rows if n.state is NotificationState.SENT} == {
                incident.notification_key for incident in STATES.values()
            }
            assert [n.key for n in rows if n.page] == [FIRED.notification_key]
            assert one.log.dead == []

    asyncio.run(run())


def judge(one: Office) -> None:
    first, again = Counter[str](), Counter[str]()
    for text in one.messages():
        [state] = [state for state in STATES if state in text]
        (again if "可能重复" in text else first)[state] += 1
    if one.kind == "email":  # the repeat of a mail is known by its id, also without the word
        ids = {sent.mail["Message-ID"] for sent in one.smtp.delivered}
        assert len(ids) == len(STATES)
        return
    # A page that was lost on its way arrives only as the repeat.
    assert all(first[state] <= 1 and first[state] + again[state] >= 1 for state in STATES)
    if one.kind == "webhook":
        assert sum(first.values()) == len(STATES)
